using Statecast.Conformance.Registry;
using Statecast.Contracts;
using Statecast.Integration.Tests.Sqlite;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Registry;
using Xunit;

namespace Statecast.Integration.Tests.Registry;

/// <summary>A real registry, killed in the middle and brought back; and what it does not take.</summary>
[Collection(RegistryCollection.Name)]
public sealed class RegistryDownTests(RegistryFixture fixture)
{
    private static readonly StateContract<First.Parcel> Old = StateContract.Of<First.Parcel>();
    private static readonly StateContract<Second.Parcel> Next = StateContract.Of<Second.Parcel>();

    [Fact]
    public async Task Registry_killed_in_the_middle_stops_who_was_never_there_and_nobody_else()
    {
        await using var registry = await RealRegistry.StartAsync();
        using var cache = new TempDirectory();
        void Settings(SchemaRegistryOptions o) =>
            (o.AutoRegister, o.CacheDirectory, o.Patience) = (true, cache.Path, TimeSpan.FromSeconds(1));
        int first,
            second;
        await using (var source = RegistrySchemas.Open(registry.Url, Settings))
            (first, second) = (await source.PrepareAsync(Old, default), await source.PrepareAsync(Next, default));
        var value = AvroFraming.Frame(first, RegistrySchemas.Body(new First.Parcel(1, "a")));
        var unseen = AvroFraming.Frame(second, RegistrySchemas.Body(new Second.Parcel(2, "b", "note")));
        await using var running = RegistrySchemas.Open(registry.Url, o => o.Patience = TimeSpan.FromSeconds(1));
        Assert.Equal(new First.Parcel(1, "a"), Read(running, await running.ReadAsync(value, default, default)));

        await registry.KillAsync();
        // In memory: what was read before still is.
        Assert.Equal(new First.Parcel(1, "a"), Read(running, await running.ReadAsync(value, default, default)));
        // On disk: a source and a target that start now.
        await using (var restarted = RegistrySchemas.Open(registry.Url, Settings))
        {
            Assert.Equal(first, await restarted.PrepareAsync(Old, default));
            Assert.Equal(new First.Parcel(2, "b"), Read(restarted, await restarted.ReadAsync(unseen, default, default)));
        }
        // Nowhere: it is told, and nothing is parked for it.
        var failure = await Assert.ThrowsAsync<SchemaRegistryException>(async () => await running.ReadAsync(unseen, default, default));
        Assert.Equal(SchemaRegistryFault.Unavailable, failure.Fault);
        Assert.False(running.TryRead(unseen, [], out _));

        await registry.UpAsync();
        Assert.Equal(new First.Parcel(2, "b"), Read(running, await running.ReadAsync(unseen, default, default)));
        await using var source2 = RegistrySchemas.Open(registry.Url);
        Assert.Equal((first, second), (await source2.PrepareAsync(Old, default), await source2.PrepareAsync(Next, default)));
    }

    [Fact]
    public async Task Receive_that_waits_goes_on_when_the_registry_is_back()
    {
        await using var registry = await RealRegistry.StartAsync();
        await using (var source = RegistrySchemas.Open(registry.Url, o => o.AutoRegister = true))
            Assert.Equal(1, await source.PrepareAsync(Old, default));
        await using var target = RegistrySchemas.Open(registry.Url, o => o.Patience = TimeSpan.FromMinutes(2));
        await registry.KillAsync();
        var waiting = target.ReadAsync(AvroFraming.Frame(1, RegistrySchemas.Body(new First.Parcel(1, "a"))), default, default).AsTask();
        await registry.UpAsync();
        Assert.Equal(new First.Parcel(1, "a"), Read(target, await waiting.WaitAsync(TimeSpan.FromMinutes(1))));
    }

    [Fact]
    public async Task Incompatible_schema_is_refused_with_contract_rule_and_way_out()
    {
        await using var first = RegistrySchemas.Open(await fixture.UrlAsync(), o => o.AutoRegister = true);
        await first.PrepareAsync(Old, default);
        await using var schemas = RegistrySchemas.Open(await fixture.UrlAsync(), o => o.AutoRegister = true);
        var failure = await Assert.ThrowsAsync<SchemaRegistryException>(async () =>
            await schemas.PrepareAsync(StateContract.Of<Unlike.Parcel>(), default)
        );
        Assert.Equal(SchemaRegistryFault.Incompatible, failure.Fault);
        Assert.Contains("The schema of tests.parcel.v1 may not follow", failure.Message, StringComparison.Ordinal);
        Assert.Contains("[MissingDefault] weight", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Version = 2", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Id_that_the_registry_does_not_have_is_a_reason_to_park()
    {
        await using var schemas = RegistrySchemas.Open(await fixture.UrlAsync());
        var framed = await schemas.ReadAsync(AvroFraming.Frame(int.MaxValue, [1, 2]), default, default);
        Assert.Contains("has no schema with id 2147483647", schemas.WhyUnknown(framed.Schema), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guid_is_refused_by_a_registry_that_knows_none()
    {
        await using var schemas = RegistrySchemas.Open(await fixture.UrlAsync());
        byte[] header = [1, .. new Guid("89791762-2336-4186-9674-299b90a802e2").ToByteArray(bigEndian: true)];
        var framed = await schemas.ReadAsync(new byte[] { 1, 2 }, header, default);
        Assert.Matches("knows no schema GUIDs|has no schema with GUID 89791762", schemas.WhyUnknown(framed.Schema));
    }

    [Fact]
    public async Task Only_allowed_subjects_are_read()
    {
        var url = await fixture.UrlAsync();
        await using var source = RegistrySchemas.Open(url, o => o.AutoRegister = true);
        var value = AvroFraming.Frame(await source.PrepareAsync(Old, default), RegistrySchemas.Body(new First.Parcel(1, "a")));
        await using var allowed = RegistrySchemas.Open(url, o => o.AllowedSubjects.Add("tests.*"));
        Assert.Equal(new First.Parcel(1, "a"), Read(allowed, await allowed.ReadAsync(value, default, default)));
        await using var other = RegistrySchemas.Open(url, o => o.AllowedSubjects.Add("shop.*"));
        var framed = await other.ReadAsync(value, default, default);
        // Other classes register an equal schema under names of their own: the message names the first five of all.
        Assert.Matches(@"is of the subjects 'tests\..*, and none of them is among AllowedSubjects", other.WhyUnknown(framed.Schema));
    }

    private static First.Parcel Read(RegisteredSchemas schemas, FramedBody framed) =>
        new AvroStateCodec(schemas).Decode(Old, framed.Schema, framed.Body);
}
