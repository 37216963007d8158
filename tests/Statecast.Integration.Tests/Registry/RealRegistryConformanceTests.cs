using System.Net.Http.Json;
using Statecast.Conformance.Registry;
using Statecast.Hosting;
using Statecast.Serialization.Avro.Registry;
using Statecast.Serialization.Avro.Registry.Http;
using Xunit;

namespace Statecast.Integration.Tests.Registry;

/// <summary>What every registry does, by a real one.</summary>
[Collection(RegistryCollection.Name)]
public sealed class RealRegistryConformanceTests(RegistryFixture fixture) : SchemaRegistryConformance
{
    protected override async ValueTask<ISchemaRegistry> OpenAsync(string subject) =>
        new HttpSchemaRegistry(new() { Urls = { await fixture.UrlAsync() } }, TimeProvider.System, SystemEntropy.Instance);

    // A real one demands nothing of a subject until it is told to.
    protected override async ValueTask DemandAsync(string subject)
    {
        using var client = new HttpClient();
        using var set = await client.PutAsJsonAsync(
            $"{await fixture.UrlAsync()}/config/{Uri.EscapeDataString(subject)}",
            new { compatibility = "BACKWARD" }
        );
        set.EnsureSuccessStatusCode();
    }
}
