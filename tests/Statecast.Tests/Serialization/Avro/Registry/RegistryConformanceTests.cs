using Statecast.Conformance.Registry;
using Statecast.Hosting;
using Statecast.Serialization.Avro.Registry;
using Statecast.Serialization.Avro.Registry.Files;
using Statecast.Serialization.Avro.Registry.Http;

namespace Statecast.Tests.Serialization.Avro.Registry;

public sealed class HttpRegistryConformanceTests : SchemaRegistryConformance, IAsyncDisposable
{
    private readonly StandInRegistry _server = StandInRegistry.Start();

    protected override ValueTask<ISchemaRegistry> OpenAsync(string subject) =>
        new(new HttpSchemaRegistry(new() { Urls = { _server.Url } }, TimeProvider.System, SystemEntropy.Instance));

    protected override ValueTask DemandAsync(string subject) => default;

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}

public sealed class FileRegistryConformanceTests : SchemaRegistryConformance, IDisposable
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"statecast-test-{Guid.NewGuid():n}");

    protected override ValueTask<ISchemaRegistry> OpenAsync(string subject) => new(new FileSchemaRegistry(_directory));

    protected override ValueTask DemandAsync(string subject) => default;

    public void Dispose()
    {
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
    }
}
