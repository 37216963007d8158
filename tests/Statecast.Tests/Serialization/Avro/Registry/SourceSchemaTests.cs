using System.Text.Json.Nodes;
using Statecast.Conformance.Registry;
using Statecast.Contracts;
using Statecast.Serialization.Avro.Registry;
using Statecast.Serialization.Compatibility;
using Xunit;

namespace Statecast.Tests.Serialization.Avro.Registry;

/// <summary>A source's start: its schema is found or registered, or what is in the way is said.</summary>
public sealed class SourceSchemaTests : IAsyncDisposable
{
    private const string Subject = "tests.parcel.v1-value";

    private static readonly StateContract Old = StateContract.Of<First.Parcel>();
    private static readonly StateContract Next = StateContract.Of<Second.Parcel>();
    private static readonly StateContract Odd = StateContract.Of<Unlike.Parcel>();

    private readonly StandInRegistry _server = StandInRegistry.Start();
    private readonly string _cache = Path.Combine(Path.GetTempPath(), $"statecast-test-{Guid.NewGuid():n}");
    private readonly CapturedLog _log = new();
    private readonly SchemaRegistryOptions _options;

    public SourceSchemaTests() => _options = new() { Urls = { _server.Url }, Patience = TimeSpan.Zero };

    [Fact]
    public async Task Registered_schema_is_found_in_one_request()
    {
        _server.Put("other-value", Next.AvroSchema);
        var id = _server.Put(Subject, Old.AvroSchema);
        await using var schemas = Framed.Schemas(_options, _log);
        Assert.Equal(id, await schemas.PrepareAsync(Old, default));
        Assert.True(schemas.TryGetId(Subject, Old.SchemaFingerprint, out var known));
        Assert.Equal(id, known);
        Assert.Equal([$"POST /subjects/{Subject}"], _server.Asked);
        Assert.Contains("tests.parcel.v1", Assert.Single(_log.Of(3100)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schema_that_was_laid_out_by_others_is_found()
    {
        var laidOut = JsonNode.Parse(Old.AvroSchema)!.AsObject();
        laidOut["doc"] = "What a parcel is.";
        var id = _server.Put(Subject, laidOut.ToJsonString(new() { WriteIndented = true }));
        await using var schemas = Framed.Schemas(_options);
        Assert.Equal(id, await schemas.PrepareAsync(Old, default));
    }

    [Fact]
    public async Task Missing_schema_names_contract_subject_and_way_out()
    {
        await using var schemas = Framed.Schemas(_options);
        var failure = await Assert.ThrowsAsync<SchemaRegistryException>(async () => await schemas.PrepareAsync(Old, default));
        Assert.Equal(SchemaRegistryFault.Missing, failure.Fault);
        Assert.Contains(
            $"The schema of tests.parcel.v1 is not registered under '{Subject}' of the registry {_server.Url}",
            failure.Message,
            StringComparison.Ordinal
        );
        Assert.Contains($"POST subjects/{Subject}/versions", failure.Message, StringComparison.Ordinal);
        Assert.Contains("set AutoRegister", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(
            _server.Asked,
            a => a.StartsWith("POST", StringComparison.Ordinal) && a.EndsWith("/versions", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Missing_schema_is_registered_where_that_is_allowed()
    {
        _options.AutoRegister = true;
        await using var schemas = Framed.Schemas(_options, _log);
        var first = await schemas.PrepareAsync(Old, default);
        Assert.Equal(_server.Put(Subject, Old.AvroSchema), first);
        await using var upgraded = Framed.Schemas(_options);
        Assert.NotEqual(first, await upgraded.PrepareAsync(Next, default));
        // Rows of before the change are sent as what they are.
        Assert.False(upgraded.TryGetId(Subject, Old.SchemaFingerprint, out _));
        Assert.Equal(first, await upgraded.IdOfAsync(Subject, Old.SchemaFingerprint, default));
        Assert.True(upgraded.TryGetId(Subject, Old.SchemaFingerprint, out _));
        Assert.Single(_log.Of(3101));
    }

    [Fact]
    public async Task Unsent_rows_in_a_schema_that_is_nowhere_are_told()
    {
        _server.Put(Subject, Old.AvroSchema);
        await using var schemas = Framed.Schemas(_options);
        var failure = await Assert.ThrowsAsync<SchemaRegistryException>(async () =>
            await schemas.IdOfAsync(Subject, Odd.SchemaFingerprint, default)
        );
        Assert.Contains(
            $"is the schema {Odd.SchemaFingerprint}, in which unsent events were written",
            failure.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Incompatible_schema_is_refused_by_our_rule_whatever_the_registry_demands(bool autoRegister)
    {
        _server.Demands = null;
        _server.Put(Subject, Old.AvroSchema);
        _options.AutoRegister = autoRegister;
        await using var schemas = Framed.Schemas(_options);
        var failure = await Assert.ThrowsAsync<SchemaRegistryException>(async () => await schemas.PrepareAsync(Odd, default));
        Assert.Equal(SchemaRegistryFault.Incompatible, failure.Fault);
        Assert.Contains("The schema of tests.parcel.v1 may not follow", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"'{Subject}'", failure.Message, StringComparison.Ordinal);
        Assert.Contains("by BackwardTransitive: [MissingDefault] weight (avro, backward)", failure.Message, StringComparison.Ordinal);
        Assert.Contains("give the field a default", failure.Message, StringComparison.Ordinal);
        Assert.Contains("[StateContract(\"tests.parcel\", Version = 2)]", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(
            _server.Asked,
            a => a.StartsWith("POST", StringComparison.Ordinal) && a.EndsWith("/versions", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Registry_may_demand_more_and_is_quoted()
    {
        _server.Demands = CompatibilityMode.Full;
        _server.Put(Subject, Next.AvroSchema);
        (_options.AutoRegister, _options.Compatibility) = (true, null);
        await using var schemas = Framed.Schemas(_options);
        var failure = await Assert.ThrowsAsync<SchemaRegistryException>(async () => await schemas.PrepareAsync(Odd, default));
        Assert.Contains("by the registry's rule. The registry", failure.Message, StringComparison.Ordinal);
        Assert.Contains("incompatible with an earlier schema", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Compatibility of the registry's options", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Registry_that_is_down_stops_no_source_that_was_there_before()
    {
        _options.CacheDirectory = _cache;
        var id = _server.Put(Subject, Old.AvroSchema);
        await using (var schemas = Framed.Schemas(_options))
            await schemas.PrepareAsync(Old, default);
        await _server.DownAsync();
        await using var again = Framed.Schemas(_options, _log);
        Assert.Equal(id, await again.PrepareAsync(Old, default));
        Assert.True(again.TryGetId(Subject, Old.SchemaFingerprint, out _));
        Assert.Single(_log.Of(3102));
        var failure = await Assert.ThrowsAsync<SchemaRegistryException>(async () => await again.PrepareAsync(Next, default));
        Assert.Equal(SchemaRegistryFault.Unavailable, failure.Fault);
        _server.Up();
    }

    [Fact]
    public async Task Registry_that_hangs_delays_a_start_by_a_glance()
    {
        _options.CacheDirectory = _cache;
        var id = _server.Put(Subject, Old.AvroSchema);
        await using (var schemas = Framed.Schemas(_options))
            await schemas.PrepareAsync(Old, default);
        var over = new TaskCompletionSource();
        _server.Next(async _ =>
        {
            await over.Task;
            return false;
        });
        (_options.RequestTimeout, _options.Patience) = (TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
        await using var again = Framed.Schemas(_options);
        var started = TimeProvider.System.GetTimestamp();
        Assert.Equal(id, await again.PrepareAsync(Old, default));
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
        over.SetResult();
    }

    [Fact]
    public async Task Registry_that_says_no_stops_a_source_that_was_there_before()
    {
        _options.CacheDirectory = _cache;
        _server.Put(Subject, Old.AvroSchema);
        await using (var schemas = Framed.Schemas(_options))
            await schemas.PrepareAsync(Old, default);
        // Another one in its place: the ids of before mean nothing there.
        await _server.DisposeAsync();
        await using var other = StandInRegistry.Start(_server.Port);
        await using var again = Framed.Schemas(_options);
        var failure = await Assert.ThrowsAsync<SchemaRegistryException>(async () => await again.PrepareAsync(Old, default));
        Assert.Equal(SchemaRegistryFault.Missing, failure.Fault);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        if (Directory.Exists(_cache))
            Directory.Delete(_cache, recursive: true);
    }
}
