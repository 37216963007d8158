using System.Buffers;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Json;
using Xunit;

namespace Statecast.Tests.Serialization;

/// <summary>Encoding allocates nothing but what its destination does; exact, so that a creeping byte is seen.</summary>
public sealed class AllocationTests
{
    private static readonly StateContract<EveryValue> Contract = StateContract.Of<EveryValue>();

    [Fact]
    public void Json_encode_allocates_nothing()
    {
        var codec = new JsonStateCodec();
        var buffer = new ArrayBufferWriter<byte>(64 * 1024);
        Assert.Equal(
            0,
            Allocated(() =>
            {
                buffer.ResetWrittenCount();
                codec.Encode(Contract, Samples.Fixed, buffer);
            })
        );
        Assert.True(buffer.WrittenCount > 1000);
    }

    [Fact]
    public void Avro_encode_allocates_nothing()
    {
        var buffer = new ArrayBufferWriter<byte>(64 * 1024);
        Assert.Equal(
            0,
            Allocated(() =>
            {
                buffer.ResetWrittenCount();
                var writer = new AvroWriter(buffer);
                Contract.WriteAvro(ref writer, Samples.Fixed);
            })
        );
        Assert.True(buffer.WrittenCount > 300);
    }

    [Fact]
    public void Content_fingerprint_allocates_nothing() => Assert.Equal(0, Allocated(() => ContentFingerprint.Of(Contract, Samples.Fixed)));

    [Fact]
    public void Key_text_allocates_its_string_alone()
    {
        var guid = (StateContract<Guid, GuidKey>)StateContract.Of<GuidKey>();
        var key = new Guid("00112233-4455-6677-8899-aabbccddeeff");
        var expected = Allocated(() => new string('x', 36));
        Assert.Equal(expected, Allocated(() => guid.FormatKey(key)));
        var two = (StateContract<TwoTexts.Key, TwoTexts>)StateContract.Of<TwoTexts>();
        Assert.Equal(expected, Allocated(() => two.FormatKey(new("ü/12345678901", "abcdefghijklmno"))));
        var text = (StateContract<string, TextKey>)StateContract.Of<TextKey>();
        Assert.Equal(0, Allocated(() => text.FormatKey("plain")));
    }

    [Fact]
    public void Key_parse_and_bucket_allocate_nothing()
    {
        var guid = (StateContract<Guid, GuidKey>)StateContract.Of<GuidKey>();
        Assert.Equal(0, Allocated(() => guid.ParseKey("00112233-4455-6677-8899-aabbccddeeff")));
        Assert.Equal(0, Allocated(() => KeyText.Bucket("00112233-4455-6677-8899-aabbccddeeff")));
    }

    [Fact]
    public void Json_decode_allocates_the_state_alone()
    {
        var codec = new JsonStateCodec();
        var contract = StateContract.Of<GuidKey>();
        ReadOnlyMemory<byte> body = Samples.Json(contract, new(Guid.Empty));
        Assert.Equal(Allocated(() => new GuidKey(Guid.Empty)), Allocated(() => codec.Decode(contract, contract.SchemaFingerprint, body)));
    }

    [Fact]
    public void Json_decode_of_a_case_allocates_the_state_alone()
    {
        var codec = new JsonStateCodec();
        var contract = StateContract.Of<Marked>();
        var state = new Marked(1, new NoMark(), new(8, 30), TimeSpan.FromHours(-1.5));
        ReadOnlyMemory<byte> body = Samples.Json(contract, state);
        Assert.Equal(state, codec.Decode(contract, contract.SchemaFingerprint, body));
        var expected = Allocated(() => new Marked(1, new NoMark(), state.At, state.For));
        Assert.Equal(expected, Allocated(() => codec.Decode(contract, contract.SchemaFingerprint, body)));
    }

    private static object? _kept;

    private static long Allocated<T>(Func<T> action)
        where T : class
    {
        Action keeping = () => _kept = action();
        return Allocated(keeping);
    }

    private static long Allocated(Action action)
    {
        // Pools, caches and tiers fill first; then the least of several runs, since the runtime may allocate in between for itself.
        for (var i = 0; i < 100; i++)
            action();
        var least = long.MaxValue;
        for (var i = 0; i < 10; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
