using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Json;
using static Statecast.Aot.Proof;

namespace Statecast.Aot;

/// <summary>Keys, both writers, the JSON reader, patches, the fingerprint and the way from a contract without types to its types.</summary>
internal static class ContractProof
{
    private const string Json =
        """{"id":"00112233-4455-6677-8899-aabbccddeeff","part":{"value":7},"at":"2024-05-01T08:00:00Z","kind":"Large","price":2.50,"lines":[{"sku":"a","day":"2024-05-02","note":null}],"map":{"a":{"x":1.5,"y":-1},"b":null},"photo":"AQI=","opens":"08:30:00","every":"PT1H30M","tags":["a","b"],"kinds":["Small","Large"],"load":{"$type":"boxes","count":2}}""";

    public static Task RunAsync()
    {
        var state = new Parcel(
            new("00112233-4455-6677-8899-aabbccddeeff"),
            new(7, null),
            new(2024, 5, 1, 10, 0, 0, TimeSpan.FromHours(2)),
            Kind.Large,
            2.5m,
            [new("a", new(2024, 5, 2), null)],
            ImmutableDictionary<string, Point?>.Empty.Add("b", null).Add("a", new Point(1.5, -1)),
            [1, 2],
            new(8, 30),
            TimeSpan.FromMinutes(90),
            ["b", "a"],
            [Kind.Large, Kind.Small],
            new Boxes(2)
        );
        var contract = StateContract.Of<Parcel>();
        var codec = new JsonStateCodec();
        var buffer = new ArrayBufferWriter<byte>();
        codec.Encode(contract, state, buffer);
        Expect(
            Json.Replace("{\"value\":7}", "{\"value\":7,\"hint\":null}", StringComparison.Ordinal),
            Encoding.UTF8.GetString(buffer.WrittenSpan)
        );
        // What lacks a nullable property, and names one that is unknown, is read too.
        var back = codec.Decode(contract, contract.SchemaFingerprint, Encoding.UTF8.GetBytes(Json.Insert(1, "\"unknown\":[{}],")));
        Expect(ContentFingerprint.Of(contract, state), ContentFingerprint.Of(contract, back));
        Expect("00112233-4455-6677-8899-aabbccddeeff/Large", contract.KeyTextOf(back));
        Expect("Key of Parcel: 00112233-4455-6677-8899-aabbccddeeff/Large", ((StateContract)contract).Accept(new Describe(back)));
        ExpectRefusal(() => codec.Decode(contract, default, "{\"id\":\"no\"}"u8.ToArray()), "id (byte 6)");
        ExpectRefusal(
            () => codec.Decode(contract, default, Encoding.UTF8.GetBytes(Json.Replace("boxes", "liquid", StringComparison.Ordinal))),
            "load.$type"
        );
        ExpectRefusal(() => ContentFingerprint.Of(contract, state with { Price = 0.001m }), "Parcel.Price");
        ExpectPatch(
            contract,
            back,
            state with
            {
                Part = state.Part with { Hint = "h" },
                Tags = state.Tags.Add("c"),
                Lines = state.Lines.Add(state.Lines[0]),
            }
        );
        ExpectPatch(
            contract,
            back,
            state with
            {
                Kinds = [Kind.Small],
                Map = state.Map.SetItem("b", new Point(2, 2)).Remove("a"),
                Load = new Boxes(3),
            }
        );
        return Task.CompletedTask;
    }

    private static void ExpectPatch(StateContract<Parcel> contract, Parcel before, Parcel after)
    {
        foreach (IStateCodec codec in new IStateCodec[] { new JsonStateCodec(), new AvroStateCodec() })
        {
            var patch = new ArrayBufferWriter<byte>();
            Expect(true, codec.TryEncodePatch(contract, before, after, int.MaxValue, patch));
            var applied = codec.ApplyPatch(contract, before, contract.SchemaFingerprint, patch.WrittenMemory);
            Expect(ContentFingerprint.Of(contract, after), ContentFingerprint.Of(contract, applied));
        }
    }

    private static void ExpectRefusal(Action action, string says)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is StateFormatException or StateValueException && e.Message.StartsWith(says, StringComparison.Ordinal))
        {
            return;
        }
        throw new InvalidOperationException($"Nothing was refused with '{says}'.");
    }

    private sealed class Describe(object state) : IContractVisitor<string>
    {
        public string Visit<TKey, TState>(StateContract<TKey, TState> contract)
            where TKey : notnull
            where TState : class
        {
            var text = contract.KeyTextOf((TState)state);
            Expect(contract.KeyOf((TState)state), contract.ParseKey(text));
            return $"{typeof(TKey).Name} of {contract.StateType.Name}: {text}";
        }
    }
}

[StateContract("aot.parcel", Patches = true)]
internal sealed partial record Parcel(
    [StateKey] Guid Id,
    Part Part,
    DateTimeOffset At,
    [StateKey] Kind Kind,
    [Decimal(9, 2)] decimal Price,
    ImmutableArray<ParcelLine> Lines,
    ImmutableDictionary<string, Point?> Map,
    ImmutableArray<byte> Photo,
    TimeOnly Opens,
    TimeSpan Every,
    ImmutableHashSet<string> Tags,
    ImmutableSortedSet<Kind> Kinds,
    Load Load
);

[StateCase<Boxes>("boxes")]
[StateCase<Loose>("loose")]
internal abstract record Load;

internal sealed record Boxes(int Count) : Load;

internal sealed record Loose : Load;

internal sealed record ParcelLine(string Sku, DateOnly Day, string? Note);

internal readonly record struct Part(long Value, string? Hint);

internal readonly record struct Point(double X, double Y);

internal enum Kind
{
    [EnumDefault]
    Small,
    Large,
}
