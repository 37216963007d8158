using System.Text;
using PackageCatalog.Contracts;
using PackageCatalog.Reading;
using PackageCatalog.Source;
using Statecast.Codecs.Tests.Apache;
using Statecast.Codecs.Tests.Contracts;
using Statecast.Codecs.Tests.Python;
using Statecast.Serialization.Avro;
using Xunit;

namespace Statecast.Codecs.Tests;

/// <summary>The states of a whole Debian release, through both codecs and beside the oracles.</summary>
public sealed class PackageStateTests
{
    [Fact]
    public async Task Whole_release_encodes_and_decodes_to_equal_states_and_agrees_with_the_oracles()
    {
        PythonOracle.Require();
        if (Environment.GetEnvironmentVariable("STATECAST_DATA") is not { Length: > 0 } folder)
        {
            Assert.Skip("STATECAST_DATA names no folder with packages-bookworm.ndjson.gz and packages-updates.ndjson.gz.");
            return;
        }
        var contract = CompiledContract.Of<PackageState>();
        var codec = new AvroStateCodec();
        var values = new List<AskedValue>();
        await foreach (var record in PackageIndex.ReadAsync(Path.Combine(folder, "packages-bookworm.ndjson.gz")))
        {
            var state = new Package(record).ToState();
            var avro = contract.ToAvro(state);
            var json = contract.ToJson(state);
            var text = Encoding.UTF8.GetString(json);
            RequireEqual(state, contract.FromAvro(codec, contract.Contract.SchemaFingerprint, avro));
            RequireEqual(state, contract.FromJson(json));
            values.Add(new(text, Convert.ToHexStringLower(avro), text));
        }
        Assert.Equal(63_440, values.Count);
        RequireApache(contract.Contract.AvroSchema, values);
        // Two processes, one for each half: either takes most of a minute.
        var halves = values.Chunk(values.Count / 2).ToList();
        var answers = await Task.WhenAll(halves.Select(h => PythonOracle.AskAsync([Question.Of(contract.Contract.AvroSchema, h)])));
        for (var half = 0; half < halves.Count; half++)
        {
            var said = answers[half].All[0].Values!;
            Assert.Equal(halves[half].Length, said.Count);
            for (var i = 0; i < said.Count; i++)
            {
                Assert.True(said[i].Avro == halves[half][i].Avro, halves[half][i].Json);
                Assert.True(said[i] is { Reads: true, Says: true }, halves[half][i].Json);
            }
        }
    }

    // It reads what we wrote, and writes the same bytes of it, which are those that were read as the state above.
    private static void RequireApache(string schema, List<AskedValue> values)
    {
        var apache = new ApacheOracle(schema);
        foreach (var value in values)
            Assert.True(apache.Fault(Convert.FromHexString(value.Avro)) is null, value.Json);
    }

    // Property by property, and item by item: an array is equal to itself alone.
    private static void RequireEqual(PackageState expected, object actual)
    {
        var read = Assert.IsType<PackageState>(actual);
        Assert.Equal(expected.Depends, read.Depends);
        Assert.Equal(expected.Recommends, read.Recommends);
        Assert.Equal(expected.Suggests, read.Suggests);
        Assert.Equal(expected.Provides, read.Provides);
        Assert.Equal(expected.Tags, read.Tags);
        Assert.Equal(
            expected,
            read with
            {
                Depends = expected.Depends,
                Recommends = expected.Recommends,
                Suggests = expected.Suggests,
                Provides = expected.Provides,
                Tags = expected.Tags,
            }
        );
    }
}
