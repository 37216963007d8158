using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Json;
using Xunit;

namespace Statecast.Tests.Serialization;

public sealed class JsonSmokeTests
{
    [Fact]
    public void State_round_trips()
    {
        var state = new EveryValue(Guid.NewGuid(), true, -1, 2, -3, 4, -5, 6)
        {
            Int64 = long.MinValue,
            UInt64 = ulong.MaxValue,
            Single = 1.5f,
            Double = 0.1,
            Text = "zwölf 😀",
            Amount = 1.5m,
            At = DateTimeOffset.UtcNow,
            Utc = DateTime.UtcNow,
            Day = new(2024, 2, 29),
            Bytes = [1, 2, 3],
            Color = Color.Blue,
            Point = new(1, 2),
            Line = new("a", 2.50m),
            Owner = new(7),
            Array = [new("x", 1)],
            List = ["a", "b"],
            Map = ImmutableDictionary<string, int>.Empty.Add("b", 1).Add("a", 2),
            SortedMap = ImmutableSortedDictionary<string, Line>.Empty,
            Matrix =
            [
                [1, null],
                [],
            ],
            Prices = [1m, null],
        };
        var codec = new JsonStateCodec();
        var contract = StateContract.Of<EveryValue>();
        var buffer = new ArrayBufferWriter<byte>();
        codec.Encode(contract, state, buffer);
        var text = Encoding.UTF8.GetString(buffer.WrittenSpan);
        Assert.StartsWith("{\"id\":", text);
        var back = codec.Decode(contract, contract.SchemaFingerprint, buffer.WrittenMemory);
        Assert.Equal(ContentFingerprint.Of(contract, state), ContentFingerprint.Of(contract, back));
    }
}
