using Microsoft.Extensions.DependencyInjection;
using Statecast.Conformance.Registry;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Serialization;
using Statecast.Serialization.Avro.Registry;
using Statecast.Tests.Hosting;
using Xunit;

namespace Statecast.Tests.Serialization.Avro.Registry;

/// <summary>A target in its host, over a carrier whose bodies are framed.</summary>
public sealed class SchemaRecoveryTests : IAsyncDisposable
{
    private readonly StandInRegistry _server = StandInRegistry.Start();
    private readonly ScriptedTransport _transport = new();

    [Fact]
    public async Task What_was_parked_for_a_schema_is_applied_by_itself_once_the_registry_has_it()
    {
        await using var host = await StartAsync();
        var schemas = host.Services.GetRequiredService<RegisteredSchemas>();
        _server.Put("test.note.v1-value", StateContract.Of<NoteState>().AvroSchema);
        _transport.Deliver(await EventAsync(schemas, 1, new(1, "own")), await EventAsync(schemas, 2, new(2, "later")));
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        Assert.Equal("own", (await host.Replica.GetAsync(1))?.Text);
        var parked = Assert.Single(await host.Statecast.Parked.EventsAsync("test.note.v1").ToListAsync());
        Assert.Contains($"The registry {_server.Url} has no schema with id 2", parked.Reason, StringComparison.Ordinal);
        Assert.Equal("2", parked.Key);

        _server.Put(
            "test.note.v1-value",
            StateContract
                .Of<NoteState>()
                .AvroSchema.Replace("{\"type\":\"record\"", "{\"doc\":\"x\",\"type\":\"record\"", StringComparison.Ordinal)
        );
        await TargetHost.Until(() => host.Statecast.Replicas.Single().Parked == 0);
        Assert.Equal("later", (await host.Replica.GetAsync(2))?.Text);
        Assert.Empty(await host.Statecast.Parked.EventsAsync("test.note.v1").ToListAsync());
    }

    [Fact]
    public void Service_has_one_registry()
    {
        var services = new ServiceCollection().AddSchemaRegistry(_ => new());
        var twice = Assert.Throws<InvalidOperationException>(() => services.AddSchemaRegistry(_ => new()));
        Assert.Contains("has a schema registry already", twice.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Registry_is_opened_only_with_settings_that_fit()
    {
        var refused = Assert.Throws<InvalidOperationException>(() =>
            SchemaRegistryServices.Open(new(), TimeProvider.System, Statecast.Hosting.SystemEntropy.Instance)
        );
        Assert.Contains("The schema registry's options: Urls is empty", refused.Message, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private Task<TargetHost> StartAsync() =>
        new TargetHost(
            _transport,
            services: s => s.AddSchemaRegistry(_ => new() { Urls = { _server.Url }, AskAgain = TimeSpan.FromMilliseconds(20) })
        ).StartAsync();

    // As a carrier's receiver does it.
    private static async Task<StateEvent> EventAsync(RegisteredSchemas schemas, int id, NoteState state)
    {
        var framed = await schemas.ReadAsync(Framed.Value(id, state), default, default);
        return ScriptedTransport.Event(state, 1) with { Codec = "avro", Schema = framed.Schema, Body = framed.Body };
    }
}
