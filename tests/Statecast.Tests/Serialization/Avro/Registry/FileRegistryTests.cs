using Statecast.Conformance.Registry;
using Statecast.Contracts;
using Statecast.Serialization.Avro.Registry;
using Statecast.Serialization.Avro.Registry.Files;
using Xunit;

namespace Statecast.Tests.Serialization.Avro.Registry;

/// <summary>Beside the suite: what only files promise.</summary>
public sealed class FileRegistryTests : IDisposable
{
    private static readonly string Old = StateContract.Of<First.Parcel>().AvroSchema;
    private static readonly string Next = StateContract.Of<Second.Parcel>().AvroSchema;

    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"statecast-test-{Guid.NewGuid():n}");

    [Fact]
    public async Task Id_follows_from_the_schema_alone()
    {
        var one = new FileSchemaRegistry(Path.Combine(_directory, "one"));
        var other = new FileSchemaRegistry(Path.Combine(_directory, "other"));
        var first = await one.RegisterAsync("a", Old, default);
        var second = await one.RegisterAsync("a", Next, default);
        Assert.Equal(second.Id, (await other.RegisterAsync("b", Next, default)).Id);
        Assert.Equal(first.Id, (await other.RegisterAsync("b", Old.Replace(",", ",\n ", StringComparison.Ordinal), default)).Id);
        // For ever: who has events with these ids must find them.
        Assert.Equal(["id 2052377115", "id 240330313"], [$"{first.Id}", $"{second.Id}"]);
    }

    [Fact]
    public async Task Schema_is_a_file_to_keep_in_version_control()
    {
        var registry = new FileSchemaRegistry(_directory);
        await registry.RegisterAsync("shop.order.v1-value", Old, default);
        await registry.RegisterAsync("shop.order.v1-value", Next, default);
        var files = Directory.GetFiles(_directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(["1.avsc", "2.avsc"], files.Select(f => Path.GetFileName(f)));
        Assert.Equal(Old, await File.ReadAllTextAsync(files[0]));
        // Whoever lays it out anew, or copies it there by hand, changes nothing.
        await File.WriteAllTextAsync(files[0], Old.Replace(",", ",\n ", StringComparison.Ordinal));
        Assert.NotNull(await registry.FindAsync("shop.order.v1-value", Old, default));
    }

    [Fact]
    public async Task Guid_is_found_too()
    {
        var registry = new FileSchemaRegistry(_directory);
        var registered = await registry.RegisterAsync("a", Old, default);
        var normal = Fingerprint(registered);
        var guid = SchemaId.Of(new Guid(normal.ToArray(), bigEndian: true));
        Assert.Equal((guid, Old), (await registry.FindAsync(guid, default)) is { } found ? (found.Id, found.Text) : default);
    }

    [Fact]
    public async Task Many_register_at_once()
    {
        var schemas = Enumerable
            .Range(0, 20)
            .Select(i =>
                $"{{\"type\":\"record\",\"name\":\"x.A\",\"fields\":[{{\"name\":\"f{i}\",\"type\":[\"null\",\"int\"],\"default\":null}}]}}"
            )
            .ToList();
        await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        var registry = new FileSchemaRegistry(_directory);
                        foreach (var schema in schemas)
                            await registry.RegisterAsync("a", schema, default);
                    })
                )
        );
        var history = await new FileSchemaRegistry(_directory).HistoryAsync("a", default);
        Assert.Equal(20, history.Select(s => s.Id).Distinct().Count());
        Assert.DoesNotContain(Directory.GetFiles(Path.Combine(_directory, "a")), f => !f.EndsWith(".avsc", StringComparison.Ordinal));
    }

    [Fact]
    public async Task File_that_is_no_schema_is_named()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "a"));
        await File.WriteAllTextAsync(Path.Combine(_directory, "a", "1.avsc"), "{\"type\":");
        var failure = await Assert.ThrowsAsync<SchemaRegistryException>(async () =>
            await new FileSchemaRegistry(_directory).FindAsync("a", Old, default)
        );
        Assert.Equal(SchemaRegistryFault.Unusable, failure.Fault);
        Assert.Contains($"{Path.Combine(_directory, "a", "1.avsc")}'", failure.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
    }

    private static Statecast.Serialization.Fingerprint Fingerprint(RegisteredSchema schema) =>
        Statecast.Serialization.Fingerprint.Of(System.Text.Encoding.UTF8.GetBytes(schema.Schema.ToJson()));
}
