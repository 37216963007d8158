using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Statecast.Codecs.Tests.Apache;
using Statecast.Codecs.Tests.Contracts;
using Statecast.Codecs.Tests.Python;
using Statecast.Codecs.Tests.Resolution;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Schemas;
using Xunit;

namespace Statecast.Codecs.Tests;

/// <summary>A made-up contract with what our codec made of its states.</summary>
internal sealed record Measured(MadeContract Made, CompiledContract Compiled, IReadOnlyList<AskedValue> Values);

/// <summary>
/// One run for all tests: contracts made up from a seed, compiled with our generator, their states through our codecs, and both oracles asked.
/// <c>STATECAST_SCHEMAS</c> is how many (default 5,000), <c>STATECAST_ORACLE_SEED</c> the seed (default 7).
/// </summary>
public sealed class OracleRun : IAsyncLifetime
{
    /// <summary>The collection of the tests that share the one run.</summary>
    public const string Collection = "oracle";

    public const string Same = "resolve: same";
    public const string Another = "resolve: another value";

    private const int Batch = 250;
    private const int StatesOfEach = 2;

    public static int Count { get; } = Setting("STATECAST_SCHEMAS", 5_000);

    public static int Seed { get; } = Setting("STATECAST_ORACLE_SEED", 7);

    /// <summary>Whether it is the run of which exact numbers are known.</summary>
    public static bool IsByDefault => (Count, Seed) == (5_000, 7);

    internal List<Measured> Contracts { get; } = [];

    internal List<SchemaPair> Pairs { get; } = [];

    internal List<JsonPair> JsonPairs { get; } = [];

    internal Answers Answers { get; private set; } = new([], []);

    internal Answers PairAnswers { get; private set; } = new([], []);

    /// <summary>Apache.Avro's faults: what, and of how many values.</summary>
    internal SortedDictionary<string, int> ApacheFaults { get; } = new(StringComparer.Ordinal);

    /// <summary>What Apache.Avro makes of another writer's values that we read: the same, another value, or a fault; and how often.</summary>
    internal SortedDictionary<string, int> ApacheResolutions { get; } = new(StringComparer.Ordinal);

    /// <summary>What Apache.Avro resolves of another writer's values that we refuse: by which rule of ours, and how often. Without it a rule too strict would agree with itself.</summary>
    internal SortedDictionary<string, int> ApacheReadsRefused { get; } = new(StringComparer.Ordinal);

    /// <summary>The first value of each of <see cref="ApacheResolutions"/> and <see cref="ApacheReadsRefused"/>.</summary>
    internal Dictionary<string, string> ApacheExamples { get; } = new(StringComparer.Ordinal);

    /// <summary>Schemas of which Apache.Avro has another canonical form or fingerprint.</summary>
    internal List<string> ApacheSchemas { get; } = [];

    public async ValueTask InitializeAsync()
    {
        for (var first = 0; first < Count; first += Batch)
            MakeBatch([.. Enumerable.Range(first, Math.Min(Batch, Count - first)).Select(i => ContractMaker.Make(i, Seed, StatesOfEach))]);
        if (!PythonOracle.IsInstalled)
            return;
        var values = PythonOracle.AskAsync([.. Contracts.Select(c => Question.Of(c.Compiled.Contract.AvroSchema, c.Values))]);
        var pairs = PythonOracle.AskAsync([
            .. Pairs.Select(p => Question.Of(p.Writer, p.Reader, [.. p.Bodies.Select(Convert.ToHexStringLower)])),
        ]);
        Answers = await values;
        PairAnswers = await pairs;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void MakeBatch(IReadOnlyList<MadeContract> made)
    {
        var assembly = ContractCompiler.Compile(made);
        var compiled = made.Select(m => CompiledContract.Of(assembly, m)).ToList();
        for (var i = 0; i < made.Count; i++)
        {
            var values = made[i].States.Select(s => Measure(compiled[i], s)).ToList();
            Contracts.Add(new(made[i], compiled[i], values));
            var apache = new ApacheOracle(compiled[i].Contract.AvroSchema);
            AskApache(apache, compiled[i], values);
            var pair = SchemaPair.Of(Writer(made[i].Number, compiled, i), compiled[i]);
            Pairs.Add(pair);
            AskApache(apache, pair);
            JsonPairs.Add(JsonPair.Of(JsonWriter(made[i].Number, compiled[i]), compiled[i]));
        }
    }

    private static string JsonWriter(int number, CompiledContract reader) =>
        new JsonSchemaEvolution(new(unchecked(Seed * 7_919 + number))).Evolve(reader.Contract.JsonSchema);

    private static AskedValue Measure(CompiledContract contract, string json)
    {
        var state = contract.FromJson(Encoding.UTF8.GetBytes(json));
        return new(json, Convert.ToHexStringLower(contract.ToAvro(state)), Encoding.UTF8.GetString(contract.ToJson(state)));
    }

    // An evolution of the reader's schema; of every eighth contract another one altogether, under its name.
    private static string Writer(int number, List<CompiledContract> compiled, int index)
    {
        var own = compiled[index].Contract.AvroSchema;
        if (number % 8 > 0)
            return new SchemaEvolution(new(unchecked(Seed * 7_919 + number))).Evolve(own);
        var other = JsonNode.Parse(compiled[(index + 1) % compiled.Count].Contract.AvroSchema)!;
        other["namespace"] = JsonNode.Parse(own)!["namespace"]!.DeepClone();
        return other.ToJsonString();
    }

    private void AskApache(ApacheOracle apache, SchemaPair pair)
    {
        for (var i = 0; i < pair.Bodies.Count; i++)
        {
            var (body, fault) = apache.Resolve(pair.Writer, pair.Bodies[i]);
            string said;
            if (pair.Read[i] is { } ours)
                Tally(ApacheResolutions, said = fault ?? (body.AsSpan().SequenceEqual(ours) ? Same : Another));
            else if (fault is null)
                Tally(ApacheReadsRefused, said = KnownFaults.OfRefused(pair.Refusals[i]!, body!));
            else
                continue;
            ApacheExamples.TryAdd(said, $"{pair}\n{Convert.ToHexStringLower(pair.Bodies[i])}");
        }
    }

    private static void Tally(SortedDictionary<string, int> counts, string what) => counts[what] = counts.GetValueOrDefault(what) + 1;

    private void AskApache(ApacheOracle apache, CompiledContract contract, List<AskedValue> values)
    {
        var json = contract.Contract.AvroSchema;
        var schema = AvroSchema.Parse(json);
        if (
            apache.Canonical != schema.ToCanonicalForm()
            || apache.Rabin != AvroFingerprints.Rabin(schema)
            || apache.Sha256 != Convert.ToHexStringLower(AvroFingerprints.Sha256(schema))
        )
            ApacheSchemas.Add(json + "\n" + apache.Canonical);
        foreach (var value in values)
            if (apache.Fault(Convert.FromHexString(value.Avro)) is { } fault)
                Tally(ApacheFaults, fault);
    }

    private static int Setting(string name, int byDefault) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : byDefault;
}

/// <summary>The tests that look at the one run.</summary>
[CollectionDefinition(OracleRun.Collection)]
public sealed class OracleRunCollection : ICollectionFixture<OracleRun>;
