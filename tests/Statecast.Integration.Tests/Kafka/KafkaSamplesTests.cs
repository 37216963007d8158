using Statecast.Integration.Tests.Registry;
using Statecast.Integration.Tests.Samples;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>The samples over a real broker, as their users run them.</summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaSamplesTests(KafkaFixture kafka, RegistryFixture registry)
{
    [Fact]
    public async Task Shop_runs_on_it_in_avro_with_a_real_registry()
    {
        var run = await SampleProcess.RunAsync(
            "Shop",
            SampleProcess.Patience,
            ["--orders", "300", "--kafka", await kafka.EmptyAsync(), "--registry", await registry.UrlAsync(), "--json"]
        );
        run.RequireSuccess();
    }

    [Fact]
    public async Task Whole_package_catalogue_runs_on_it()
    {
        var data = Environment.GetEnvironmentVariable("STATECAST_DATA") ?? "";
        var (packages, updates) = (Path.Combine(data, "packages-bookworm.ndjson.gz"), Path.Combine(data, "packages-updates.ndjson.gz"));
        if (!File.Exists(packages) || !File.Exists(updates))
            Assert.Skip("STATECAST_DATA names no folder with packages-bookworm.ndjson.gz and packages-updates.ndjson.gz.");
        var run = await SampleProcess.RunAsync(
            "PackageCatalog",
            TimeSpan.FromMinutes(8),
            ["--kafka", await kafka.EmptyAsync(), "--packages", packages, "--updates", updates, "--json"]
        );
        run.RequireSuccess();
        Assert.Equal(63_440, run.Json().GetProperty("states").GetInt32());
    }
}
