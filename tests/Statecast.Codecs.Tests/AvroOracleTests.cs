using System.Globalization;
using System.Text;
using Statecast.Codecs.Tests.Python;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Schemas;
using Xunit;

namespace Statecast.Codecs.Tests;

/// <summary>Our Avro beside two independent implementations, over made-up contracts that hold every kind of type.</summary>
[Collection(OracleRun.Collection)]
public sealed class AvroOracleTests
{
    private static readonly AvroStateCodec Codec = new();

    private readonly OracleRun _run;

    public AvroOracleTests(OracleRun run)
    {
        PythonOracle.Require();
        _run = run;
    }

    [Fact]
    public void Bytes_are_those_of_python_avro_and_it_reads_ours()
    {
        for (var i = 0; i < _run.Contracts.Count; i++)
        for (var v = 0; v < _run.Contracts[i].Values.Count; v++)
        {
            var (asked, answer) = (_run.Contracts[i].Values[v], _run.Answers.All[i].Values![v]);
            Assert.True(asked.Avro == answer.Avro, $"{Place(i)}\nours   {asked.Avro}\npython {answer.Avro}\n{asked.Json}");
            Assert.True(answer.Reads, $"{Place(i)}: python-avro reads another value.\n{asked.Json}\n{asked.Avro}");
        }
    }

    [Fact]
    public void Json_says_the_same_to_a_reader_made_from_its_description()
    {
        for (var i = 0; i < _run.Contracts.Count; i++)
        for (var v = 0; v < _run.Contracts[i].Values.Count; v++)
            Assert.True(_run.Answers.All[i].Values![v].Says, $"{Place(i)}\n{_run.Contracts[i].Values[v]}");
    }

    [Fact]
    public void What_python_avro_wrote_reads_as_the_same_state()
    {
        for (var i = 0; i < _run.Contracts.Count; i++)
        {
            var (_, contract, values) = _run.Contracts[i];
            for (var v = 0; v < values.Count; v++)
            {
                var body = Convert.FromHexString(_run.Answers.All[i].Values![v].Avro);
                var state = contract.FromAvro(Codec, contract.Contract.SchemaFingerprint, body);
                Assert.True(values[v].Ours == Encoding.UTF8.GetString(contract.ToJson(state)), $"{Place(i)}\n{values[v]}");
            }
        }
    }

    [Fact]
    public void Canonical_form_and_fingerprints_are_those_of_python_avro()
    {
        for (var i = 0; i < _run.Contracts.Count; i++)
        {
            var schema = AvroSchema.Parse(_run.Contracts[i].Compiled.Contract.AvroSchema);
            var answer = _run.Answers.All[i];
            Assert.Equal(answer.Canonical, schema.ToCanonicalForm());
            Assert.Equal(answer.Rabin, AvroFingerprints.Rabin(schema).ToString("x16", CultureInfo.InvariantCulture));
            Assert.Equal(answer.Sha256, Convert.ToHexStringLower(AvroFingerprints.Sha256(schema)));
        }
    }

    [Fact]
    public void Canonical_form_and_fingerprints_are_those_of_Apache_Avro() => Assert.Empty(_run.ApacheSchemas);

    [Fact]
    public void Apache_Avro_reads_and_writes_the_same_bytes() => Assert.Empty(_run.ApacheFaults);

    [Fact]
    public void Apache_Avro_resolves_to_the_same_value_or_has_a_known_fault() =>
        RequireKnown(KnownFaults.ApacheResolves, _run.ApacheResolutions, what => _run.ApacheExamples[what]);

    [Fact]
    public void Faults_of_python_avro_are_the_known_ones() => RequireKnown(KnownFaults.Python, _run.Answers.Faults, _ => "");

    [Fact]
    public void Compatible_schemas_read_every_value_and_incompatible_ones_fail_at_one()
    {
        foreach (var pair in _run.Pairs)
            Assert.True(pair.IsCompatible == pair.Read.All(r => r is not null), pair.ToString());
        var compatible = _run.Pairs.Count(p => p.IsCompatible);
        TestContext.Current.TestOutputHelper?.WriteLine($"{compatible} of {_run.Pairs.Count} pairs are compatible");
        Assert.InRange(compatible, 3 * _run.Pairs.Count / 10, 7 * _run.Pairs.Count / 10);
    }

    [Fact]
    public void Values_read_by_another_schema_equal_what_python_avro_resolves()
    {
        var resolved = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < _run.Pairs.Count; i++)
        for (var b = 0; b < _run.Pairs[i].Bodies.Count; b++)
        {
            if (_run.Pairs[i].Read[b] is not { } ours)
                continue;
            var answer = _run.PairAnswers.All[i].Bodies![b];
            Assert.True(
                answer.Cannot is not null || answer.Avro == Convert.ToHexStringLower(ours),
                $"body {b}, python {answer.Avro}\n{_run.Pairs[i]}"
            );
            var said = answer.Cannot ?? KnownFaults.None;
            resolved[said] = resolved.GetValueOrDefault(said) + 1;
        }
        RequireKnown(KnownFaults.PythonResolves, resolved, _ => "");
        Assert.True(resolved[KnownFaults.None] >= _run.Pairs.Count, string.Join(", ", resolved));
    }

    [Fact]
    public void Apache_Avro_resolves_nothing_that_we_refuse_but_by_a_known_fault() =>
        RequireKnown(KnownFaults.ApacheReadsRefused, _run.ApacheReadsRefused, what => _run.ApacheExamples[what]);

    [Fact]
    public void Python_avro_resolves_nothing_that_we_refuse_but_by_a_known_fault()
    {
        var resolved = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var examples = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < _run.Pairs.Count; i++)
        for (var b = 0; b < _run.Pairs[i].Bodies.Count; b++)
        {
            if (_run.Pairs[i].Refusals[b] is not { } refusal || _run.PairAnswers.All[i].Bodies![b].Avro is not { } answer)
                continue;
            var said = KnownFaults.OfRefused(refusal, Convert.FromHexString(answer));
            resolved[said] = resolved.GetValueOrDefault(said) + 1;
            examples.TryAdd(said, $"body {b}, python {answer}\n{_run.Pairs[i]}");
        }
        RequireKnown(KnownFaults.PythonReadsRefused, resolved, what => examples[what]);
    }

    // A new fault and one that is gone are noticed alike: exactly so many of the seed that is run by default, and of another no other kinds.
    private static void RequireKnown(SortedDictionary<string, int> known, SortedDictionary<string, int> met, Func<string, string> example)
    {
        var unknown = met.Keys.Except(known.Keys).ToList();
        Assert.True(unknown.Count == 0, string.Join("\n", unknown.Select(u => $"{met[u]} × {u}\n{example(u)}")));
        if (OracleRun.IsByDefault)
            Assert.Equal(known, met);
    }

    private string Place(int i) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"contract {_run.Contracts[i].Made.Number} of seed {OracleRun.Seed}\n{_run.Contracts[i].Made.Source}{_run.Contracts[i].Compiled.Contract.AvroSchema}"
        );
}
