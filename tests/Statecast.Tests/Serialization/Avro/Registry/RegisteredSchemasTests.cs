using Statecast.Conformance.Registry;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Registry;
using Statecast.Tests.Hosting;
using Xunit;

namespace Statecast.Tests.Serialization.Avro.Registry;

/// <summary>A target's side: the writer's schema of what comes in.</summary>
public sealed class RegisteredSchemasTests : IAsyncDisposable
{
    private const string Subject = "tests.parcel.v1-value";

    private static readonly StateContract<First.Parcel> Old = StateContract.Of<First.Parcel>();
    private static readonly StateContract<Second.Parcel> Next = StateContract.Of<Second.Parcel>();

    private readonly StandInRegistry _server = StandInRegistry.Start();
    private readonly string _cache = Path.Combine(Path.GetTempPath(), $"statecast-test-{Guid.NewGuid():n}");
    private readonly CapturedLog _log = new();
    private readonly SchemaRegistryOptions _options;

    public RegisteredSchemasTests() =>
        _options = new()
        {
            Urls = { _server.Url },
            Patience = TimeSpan.Zero,
            AskAgain = TimeSpan.FromMilliseconds(20),
        };

    [Fact]
    public async Task Other_schema_is_asked_for_once_and_read_by_the_rules()
    {
        var id = _server.Put(Subject, Next.AvroSchema);
        await using var schemas = Framed.Schemas(_options);
        schemas.Add(Old);
        var value = Framed.Value(id, new Second.Parcel(1, "a", "note"));
        var all = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(_ => Task.Run(() => schemas.ReadAsync(value, default, default).AsTask()))
        );
        Assert.Equal([$"GET /schemas/ids/{id}"], _server.Asked);
        Assert.All(all, f => Assert.Equal(new First.Parcel(1, "a"), Read(schemas, f)));
        Assert.Equal(Next.SchemaFingerprint, all[0].Schema);
        Assert.True(schemas.TryRead(value, [], out _));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Own_schema_is_the_contracts_own_also_if_the_registry_wrote_it_anew(bool contractFirst)
    {
        _server.Rewrites = schema => schema.Replace(",", " ,\n", StringComparison.Ordinal);
        var id = _server.Put(Subject, Old.AvroSchema);
        await using var schemas = Framed.Schemas(_options);
        if (contractFirst)
            schemas.Add(Old);
        var value = Framed.Value(id, new First.Parcel(1, "a"));
        var before = await schemas.ReadAsync(value, default, default);
        schemas.Add(Old);
        Assert.Equal(contractFirst, before.Schema == Old.SchemaFingerprint);
        Assert.Equal(new First.Parcel(1, "a"), Read(schemas, before));
        Assert.Equal(Old.SchemaFingerprint, (await schemas.ReadAsync(value, default, default)).Schema);
    }

    [Fact]
    public async Task Guid_in_the_header_is_read()
    {
        var guid = _server.GuidOf(_server.Put(Subject, Next.AvroSchema));
        await using var schemas = Framed.Schemas(_options);
        var framed = await schemas.ReadAsync(Framed.Body(new Second.Parcel(1, "a", null)), Framed.Header(guid), default);
        Assert.Equal(new First.Parcel(1, "a"), Read(schemas, framed));
        Assert.Equal([$"GET /schemas/guids/{guid}"], _server.Asked);
    }

    [Fact]
    public async Task Malformed_framing_is_refused_without_a_question()
    {
        await using var schemas = Framed.Schemas(_options);
        await Assert.ThrowsAsync<StateFormatException>(async () => await schemas.ReadAsync(new byte[] { 1, 2 }, default, default));
        Assert.Throws<StateFormatException>(() => schemas.TryRead(new byte[] { 1, 2 }, [], out _));
        Assert.Empty(_server.Asked);
    }

    [Fact]
    public async Task Registry_that_is_down_stops_nobody_who_has_the_schema()
    {
        var id = _server.Put(Subject, Next.AvroSchema);
        var unknown = _server.Put(Subject, Old.AvroSchema);
        var guid = _server.GuidOf(id);
        _options.CacheDirectory = _cache;
        var value = Framed.Value(id, new Second.Parcel(1, "a", null));
        await using (var schemas = Framed.Schemas(_options))
        {
            await schemas.ReadAsync(value, default, default);
            await schemas.ReadAsync(value.AsMemory(5), Framed.Header(guid), default);
            await _server.DownAsync();
            await schemas.ReadAsync(value, default, default);
        }
        await using var restarted = Framed.Schemas(_options, _log);
        Assert.Equal(new First.Parcel(1, "a"), Read(restarted, await restarted.ReadAsync(value, default, default)));
        Assert.True(restarted.TryRead(value.AsMemory(5), Framed.Header(guid), out _));
        // A stored row names the schema by its fingerprint.
        Assert.Equal(new First.Parcel(1, "a"), Read(restarted, new(value.AsMemory(5), Next.SchemaFingerprint)));

        // What could be read later is neither lost nor parked: the receive fails, and works when the registry is back.
        var waiting = Framed.Value(unknown, new First.Parcel(2, "b"));
        var failure = await Assert.ThrowsAsync<SchemaRegistryException>(async () => await restarted.ReadAsync(waiting, default, default));
        Assert.Equal(SchemaRegistryFault.Unavailable, failure.Fault);
        Assert.Single(_log.Of(3105));
        Assert.False(restarted.TryRead(waiting, [], out _));
        _server.Up();
        Assert.Equal(new First.Parcel(2, "b"), Read(restarted, await restarted.ReadAsync(waiting, default, default)));
    }

    [Fact]
    public async Task Schema_that_the_registry_does_not_have_is_a_reason_to_park_until_it_does()
    {
        await using var schemas = Framed.Schemas(_options, _log);
        var recovered = new TaskCompletionSource();
        schemas.Recovered += () => recovered.TrySetResult();
        var framed = await schemas.ReadAsync(Framed.Value(1, new Second.Parcel(1, "a", null)), default, default);
        var refused = Assert.Throws<StateFormatException>(() => Read(schemas, framed));
        Assert.Contains($"The registry {_server.Url} has no schema with id 1", refused.Message, StringComparison.Ordinal);
        Assert.True(schemas.TryRead(Framed.Value(1, new Second.Parcel(2, "b", null)), [], out _));
        Assert.Single(_log.Of(3104));

        Assert.Equal(1, _server.Put(Subject, Next.AvroSchema));
        await recovered.Task.WaitAsync(TimeSpan.FromSeconds(10));
        // The parked event still says what stood in for the schema.
        Assert.Equal(new First.Parcel(1, "a"), Read(schemas, framed));
        Assert.Equal(
            Next.SchemaFingerprint,
            (await schemas.ReadAsync(Framed.Value(1, new Second.Parcel(2, "b", null)), default, default)).Schema
        );
    }

    [Fact]
    public async Task Parked_event_of_an_earlier_process_is_read_once_its_schema_is_known()
    {
        var id = _server.Put(Subject, Next.AvroSchema);
        var guid = _server.GuidOf(id);
        await using var schemas = Framed.Schemas(_options);
        var body = Framed.Body(new Second.Parcel(1, "a", null));
        foreach (var standIn in new[] { SchemaId.Of(id).StandIn, SchemaId.Of(guid).StandIn })
        {
            var recovered = new TaskCompletionSource();
            schemas.Recovered += () => recovered.TrySetResult();
            var refused = Assert.Throws<StateFormatException>(() => Read(schemas, new(body, standIn)));
            Assert.Contains("is being asked for", refused.Message, StringComparison.Ordinal);
            await recovered.Task.WaitAsync(TimeSpan.FromSeconds(10));
            Assert.Equal(new First.Parcel(1, "a"), Read(schemas, new(body, standIn)));
        }
    }

    [Fact]
    public async Task Stored_row_whose_schema_the_cache_lost_is_read_from_the_subjects_history()
    {
        _server.Put(Subject, Next.AvroSchema);
        await using var schemas = Framed.Schemas(_options);
        schemas.Add(Old);
        var recovered = new TaskCompletionSource();
        schemas.Recovered += () => recovered.TrySetResult();
        var row = new FramedBody(Framed.Body(new Second.Parcel(1, "a", null)), Next.SchemaFingerprint);
        Assert.Throws<StateFormatException>(() => Read(schemas, row));
        await recovered.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(new First.Parcel(1, "a"), Read(schemas, row));
    }

    [Fact]
    public async Task Stored_row_whose_schema_is_nowhere_says_what_to_restore()
    {
        await using var schemas = Framed.Schemas(_options, _log);
        schemas.Add(Old);
        Assert.Null(schemas.Find(Next.SchemaFingerprint));
        await TargetHost.Until(() => _log.Of(3104).Any(l => l.Contains("restore CacheDirectory", StringComparison.Ordinal)));
        // Logged first, known a moment later.
        await TargetHost.Until(() =>
            schemas.WhyUnknown(Next.SchemaFingerprint)?.Contains($"is the schema {Next.SchemaFingerprint}", StringComparison.Ordinal)
            == true
        );
    }

    [Fact]
    public async Task Event_is_not_parked_for_a_schema_that_only_stored_ones_wait_for()
    {
        await _server.DownAsync();
        await using var schemas = Framed.Schemas(_options);
        Assert.Null(schemas.Find(SchemaId.Of(1).StandIn));
        Assert.False(schemas.TryRead(Framed.Value(1, new First.Parcel(1, "a")), [], out _));
        await Assert.ThrowsAsync<SchemaRegistryException>(async () =>
            await schemas.ReadAsync(Framed.Value(1, new First.Parcel(1, "a")), default, default)
        );
        _server.Up();
    }

    [Fact]
    public async Task Unusable_schema_is_a_reason_to_park()
    {
        _server.Next(200, "{\"schema\":\"syntax = 3\",\"schemaType\":\"PROTOBUF\"}", times: 1000);
        await using var schemas = Framed.Schemas(_options);
        var framed = await schemas.ReadAsync(Framed.Value(1, new First.Parcel(1, "a")), default, default);
        var refused = Assert.Throws<StateFormatException>(() => Read(schemas, framed));
        Assert.Contains("is of type PROTOBUF", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_server_parks_nothing()
    {
        _server.Next(404, "<html>", "text/html", times: 1000);
        await using var schemas = Framed.Schemas(_options);
        var failure = await Assert.ThrowsAsync<SchemaRegistryException>(async () =>
            await schemas.ReadAsync(Framed.Value(1, new First.Parcel(1, "a")), default, default)
        );
        Assert.Equal(SchemaRegistryFault.Protocol, failure.Fault);
    }

    [Fact]
    public async Task Schemas_have_a_bound()
    {
        var first = _server.Put(Subject, Old.AvroSchema);
        var second = _server.Put(Subject, Next.AvroSchema);
        _options.MaxSchemas = 1;
        await using var schemas = Framed.Schemas(_options);
        Assert.Equal(
            Old.SchemaFingerprint,
            (await schemas.ReadAsync(Framed.Value(first, new First.Parcel(1, "a")), default, default)).Schema
        );
        var beyond = await schemas.ReadAsync(Framed.Value(second, new Second.Parcel(1, "a", null)), default, default);
        var refused = Assert.Throws<StateFormatException>(() => Read(schemas, beyond));
        Assert.Contains("1 schemas are known here already. Raise MaxSchemas", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain($"GET /schemas/ids/{second}", _server.Asked);
    }

    [Fact]
    public async Task Made_up_ids_without_end_are_each_told_once_and_stop_nothing()
    {
        _options.MaxSchemas = 3;
        _options.AskAgain = TimeSpan.FromHours(1);
        await using var schemas = Framed.Schemas(_options, _log);
        Assert.Null(schemas.Find(SchemaId.Of(1000).StandIn));
        for (var id = 1; id <= 20; id++)
        {
            var value = Framed.Value(id, new First.Parcel(id, "a"));
            Assert.False(schemas.TryRead(value, [], out _));
            await schemas.ReadAsync(value, default, default);
            // A receiver that looks once more must not ask for ever.
            Assert.True(schemas.TryRead(value, [], out var framed));
            Assert.Equal(SchemaId.Of(id).StandIn, framed.Schema);
        }
        Assert.NotNull(schemas.WhyUnknown(SchemaId.Of(1000).StandIn));
        Assert.InRange(_log.Of(3104).Count(), 2, 3);
    }

    [Fact]
    public async Task Broken_cache_costs_a_question_and_no_more()
    {
        var id = _server.Put(Subject, Next.AvroSchema);
        _options.CacheDirectory = _cache;
        var value = Framed.Value(id, new Second.Parcel(1, "a", null));
        await using (var schemas = Framed.Schemas(_options))
            await schemas.ReadAsync(value, default, default);
        var file = Assert.Single(Directory.GetFiles(_cache, "id-*.avsc", SearchOption.AllDirectories));
        Assert.Equal(Next.AvroSchema, await File.ReadAllTextAsync(file));
        await File.WriteAllTextAsync(file, Next.AvroSchema[..40]);
        await using var again = Framed.Schemas(_options, _log);
        Assert.Equal(new First.Parcel(1, "a"), Read(again, await again.ReadAsync(value, default, default)));
        Assert.Single(_log.Of(3106));
        Assert.Equal(2, _server.Asked.Count);
        Assert.Equal(Next.AvroSchema, await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task Cache_of_one_registry_says_nothing_of_another()
    {
        await using var other = StandInRegistry.Start();
        _options.CacheDirectory = _cache;
        Assert.Equal(_server.Put(Subject, Next.AvroSchema), other.Put(Subject, Old.AvroSchema));
        await using (var schemas = Framed.Schemas(_options))
            await schemas.ReadAsync(Framed.Value(1, new Second.Parcel(1, "a", null)), default, default);
        _options.Urls[0] = other.Url;
        await using var moved = Framed.Schemas(_options);
        Assert.Equal(Old.SchemaFingerprint, (await moved.ReadAsync(Framed.Value(1, new First.Parcel(1, "a")), default, default)).Schema);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        if (Directory.Exists(_cache))
            Directory.Delete(_cache, recursive: true);
    }

    private static First.Parcel Read(RegisteredSchemas schemas, FramedBody framed) =>
        new AvroStateCodec(schemas).Decode(Old, framed.Schema, framed.Body);
}
