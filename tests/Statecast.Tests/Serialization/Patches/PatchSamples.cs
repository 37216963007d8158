using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json.Nodes;
using CsCheck;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Json;

namespace Statecast.Tests.Serialization.Patches;

/// <summary>What a patch can say, each once.</summary>
[StateContract("tests.patched", Patches = true)]
public sealed partial record Patched([StateKey] int Id, [Alias("title")] string Name, Line Line)
{
    public string? Note { get; init; }
    public int? Count { get; init; }
    public Line? MaybeLine { get; init; }
    public Point? MaybePoint { get; init; }

    [Default]
    public ImmutableArray<int> List { get; init; } = [];
    public ImmutableList<Line>? MaybeList { get; init; }

    [Default]
    public ImmutableHashSet<string> Tags { get; init; } = [];

    [Default]
    public ImmutableHashSet<Color> Colors { get; init; } = [];

    [Default]
    public ImmutableDictionary<string, int?> Map { get; init; } = ImmutableDictionary<string, int?>.Empty;
    public Payment? Payment { get; init; }
    public Charged? MaybeCharged { get; init; }
}

/// <summary>Patches between states.</summary>
internal static class PatchSamples
{
    public static IStateCodec[] Codecs { get; } = [new JsonStateCodec(), new AvroStateCodec()];

    /// <summary>Two states of one key: anything, or one that keeps much of the other.</summary>
    public static Gen<(EveryValue Before, EveryValue After)> Pairs { get; } =
        from before in Samples.Any
        from other in Samples.Any
        from seed in Gen.Int
        select seed % 4 == 0 ? (AsRead(before), other with { Id = before.Id }) : (AsRead(before), Mixed(before, other, seed));

    /// <summary>A state as a target has it: read from a body.</summary>
    public static TState AsRead<TState>(TState state)
        where TState : class, IStateContract<TState>
    {
        var contract = TState.Contract;
        return new AvroStateCodec().Decode(contract, contract.SchemaFingerprint, Samples.Avro(contract, state));
    }

    /// <summary>The patch, or null.</summary>
    public static byte[]? Patch<TState>(IStateCodec codec, TState before, TState after, int bodyBytes = int.MaxValue)
        where TState : class, IStateContract<TState>
    {
        var buffer = new ArrayBufferWriter<byte>();
        return codec.TryEncodePatch(TState.Contract, before, after, bodyBytes, buffer) ? buffer.WrittenSpan.ToArray() : null;
    }

    public static TState Apply<TState>(IStateCodec codec, TState before, byte[] patch)
        where TState : class, IStateContract<TState> => codec.ApplyPatch(TState.Contract, before, TState.Contract.SchemaFingerprint, patch);

    public static byte[] Body<TState>(IStateCodec codec, TState state)
        where TState : class, IStateContract<TState>
    {
        var buffer = new ArrayBufferWriter<byte>();
        codec.Encode(TState.Contract, state, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    private static EveryValue Mixed(EveryValue before, EveryValue other, int seed)
    {
        var contract = StateContract.Of<EveryValue>();
        var mixed = Mix(Node(before), Node(other), new Random(seed))!;
        mixed["id"] = before.Id.ToString();
        return new JsonStateCodec().Decode(contract, contract.SchemaFingerprint, System.Text.Encoding.UTF8.GetBytes(mixed.ToJsonString()));
    }

    private static JsonNode? Node(EveryValue state) => JsonNode.Parse(Samples.Json(StateContract.Of<EveryValue>(), state));

    // By the JSON, so that every shape there is takes part without a word for it here.
    private static JsonNode? Mix(JsonNode? left, JsonNode? right, Random random)
    {
        if (random.Next(3) == 0)
            return left?.DeepClone();
        if (left is JsonObject before && right is JsonObject after && JsonNode.DeepEquals(before["$type"], after["$type"]))
        {
            var mixed = new JsonObject();
            foreach (var (name, value) in before)
                if (after.ContainsKey(name) || random.Next(2) == 0)
                    mixed.Add(name, after.ContainsKey(name) ? Mix(value, after[name], random) : value?.DeepClone());
            foreach (var (name, value) in after)
                if (!before.ContainsKey(name) && random.Next(2) == 0)
                    mixed.Add(name, value?.DeepClone());
            return mixed;
        }
        if (left is JsonArray old && right is JsonArray now)
        {
            var start = random.Next(old.Count + 1);
            var end = random.Next(start, old.Count + 1);
            return new JsonArray([
                .. old.Take(start).Concat(now.Take(random.Next(3))).Concat(old.Skip(end)).Select(item => item?.DeepClone()),
            ]);
        }
        return right?.DeepClone();
    }
}
