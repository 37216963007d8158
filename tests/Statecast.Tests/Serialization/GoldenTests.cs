using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Schemas;
using Statecast.Serialization.Json;
using Xunit;

namespace Statecast.Tests.Serialization;

/// <summary>
/// Schemas, bodies and fingerprints that may never change unseen, beside those of an independent implementation (<c>Golden/make-golden.py</c>, which
/// <c>Statecast.Codecs.Tests</c> runs again). Schemas are put down anew with <c>STATECAST_APPROVE=1</c>; all else by the script.
/// </summary>
public sealed class GoldenTests
{
    [Fact]
    public void Every_value() => Check("every-value", GoldenStates.EveryValues);

    [Fact]
    public void Every_key() => Check("every-key", GoldenStates.EveryKeys);

    [Fact]
    public void Lists_in_lists() => Check("deep", GoldenStates.Deep);

    [Fact]
    public void Aliases_defaults_and_cases() => Check("evolving", GoldenStates.Evolving);

    [Fact]
    public void Defaults_of_parameters() => Check("parameter-defaults", GoldenStates.ParameterDefaults);

    private static void Check<TState>(string name, IReadOnlyList<TState> states)
        where TState : class, IStateContract<TState>
    {
        var contract = StateContract.Of<TState>();
        if (Environment.GetEnvironmentVariable("STATECAST_APPROVE") == "1")
            File.WriteAllText(Golden(name, "avsc"), contract.AvroSchema + "\n");
        Assert.Equal(Lines(name, "avsc"), [contract.AvroSchema]);
        var schema = AvroSchema.Parse(contract.AvroSchema);
        Assert.Equal(Lines(name, "canonical"), [schema.ToCanonicalForm()]);

        var bodies = states.Select(s => Samples.Avro(contract, s)).ToList();
        Assert.Equal(Lines(name, "hex"), bodies.Select(Convert.ToHexStringLower));
        Assert.Equal(
            Lines(name, "jsonl").Select(Unescaped),
            states.Select(s => Unescaped(Encoding.UTF8.GetString(Samples.Json(contract, s))))
        );
        Assert.Equal(
            Lines(name, "fingerprints"),
            [
                $"rabin {AvroFingerprints.Rabin(schema).ToString("x16", CultureInfo.InvariantCulture)}",
                $"sha256 {Convert.ToHexStringLower(AvroFingerprints.Sha256(schema))}",
                $"schema {contract.SchemaFingerprint}",
                .. states.Select(s => $"content {ContentFingerprint.Of(contract, s)}"),
            ]
        );

        // What another wrote reads back, in either format, as the same state.
        var read = Lines(name, "hex")
            .Select(h => new AvroStateCodec().Decode(contract, contract.SchemaFingerprint, Convert.FromHexString(h)));
        Assert.Equal(bodies, read.Select(s => Samples.Avro(contract, s)));
        read = Lines(name, "jsonl").Select(j => new JsonStateCodec().Decode(contract, default, Encoding.UTF8.GetBytes(j)));
        Assert.Equal(bodies, read.Select(s => Samples.Avro(contract, s)));
    }

    // Which characters of a text are escaped is free; order, names and the text of numbers are not.
    private static string Unescaped(string json)
    {
        using var document = JsonDocument.Parse(json);
        return JsonSerializer.Serialize(document.RootElement);
    }

    private static IEnumerable<string> Lines(string name, string kind) => File.ReadAllLines(Golden(name, kind));

    private static string Golden(string name, string kind, [CallerFilePath] string caller = "") =>
        Path.Combine(Path.GetDirectoryName(caller)!, "Golden", $"{name}.{kind}");
}
