using System.Text;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro.Registry;
using Xunit;

namespace Statecast.Conformance.Registry;

/// <summary>What every registry of schemas does.</summary>
public abstract class SchemaRegistryConformance
{
    protected static readonly string FirstSchema = StateContract.Of<First.Parcel>().AvroSchema;
    protected static readonly string SecondSchema = StateContract.Of<Second.Parcel>().AvroSchema;
    protected static readonly string UnlikeSchema = StateContract.Of<Unlike.Parcel>().AvroSchema;

    private readonly string _subject = $"tests.parcel.{Guid.NewGuid():n}-value";

    /// <summary>A registry, perhaps with subjects of other tests, that demands BACKWARD of the named subject.</summary>
    protected abstract ValueTask<ISchemaRegistry> OpenAsync(string subject);

    /// <summary>Whether it demands anything of a subject that has nothing yet.</summary>
    protected abstract ValueTask DemandAsync(string subject);

    [Fact]
    public async Task Nothing_is_found_before_it_is_registered()
    {
        var registry = await OpenAsync(_subject);
        Assert.Null(await registry.FindAsync(_subject, FirstSchema, default));
        Assert.Empty(await registry.HistoryAsync(_subject, default));
        Assert.Null(await registry.FindAsync(SchemaId.Of(2_000_000_001), default));
        Assert.Null(await registry.FindObjectionAsync(_subject, FirstSchema, default));
    }

    [Fact]
    public async Task Registered_schema_is_found_by_id_and_under_its_subject()
    {
        var registry = await OpenAsync(_subject);
        var registered = await registry.RegisterAsync(_subject, FirstSchema, default);
        var byId = await registry.FindAsync(registered.Id, default);
        Assert.Equal(FirstSchema, byId!.Text);
        Assert.Equal(StateContract.Of<First.Parcel>().SchemaFingerprint, byId.Fingerprint);
        Assert.Equal(Fingerprint.Of(Encoding.UTF8.GetBytes(FirstSchema)), byId.Fingerprint);
        Assert.Equal(registered.Id, byId.Id);
        Assert.Equal(registered.Id, (await registry.FindAsync(_subject, FirstSchema, default))!.Id);
        Assert.Null(await registry.FindAsync(_subject, SecondSchema, default));
        Assert.Null(await registry.FindAsync($"{_subject}-other", FirstSchema, default));
    }

    [Fact]
    public async Task Same_schema_keeps_its_id()
    {
        var registry = await OpenAsync(_subject);
        var first = await registry.RegisterAsync(_subject, FirstSchema, default);
        Assert.Equal(first.Id, (await registry.RegisterAsync(_subject, FirstSchema, default)).Id);
        Assert.Single(await registry.HistoryAsync(_subject, default));
    }

    [Fact]
    public async Task History_is_in_order()
    {
        var registry = await OpenAsync(_subject);
        var first = await registry.RegisterAsync(_subject, FirstSchema, default);
        var second = await registry.RegisterAsync(_subject, SecondSchema, default);
        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal([first.Id, second.Id], (await registry.HistoryAsync(_subject, default)).Select(s => s.Id));
    }

    [Fact]
    public async Task Incompatible_schema_is_objected_to_and_refused()
    {
        var registry = await OpenAsync(_subject);
        await registry.RegisterAsync(_subject, FirstSchema, default);
        await DemandAsync(_subject);
        Assert.Null(await registry.FindObjectionAsync(_subject, SecondSchema, default));
        Assert.NotNull(await registry.FindObjectionAsync(_subject, UnlikeSchema, default));
        var refused = await Assert.ThrowsAsync<SchemaRegistryException>(async () =>
            await registry.RegisterAsync(_subject, UnlikeSchema, default)
        );
        Assert.Equal(SchemaRegistryFault.Incompatible, refused.Fault);
        Assert.Contains(_subject, refused.Message, StringComparison.Ordinal);
        Assert.Single(await registry.HistoryAsync(_subject, default));
    }

    [Fact]
    public async Task Subjects_may_have_any_name()
    {
        var registry = await OpenAsync(_subject);
        var subject = $"a/b c%:.ü-{_subject}";
        var registered = await registry.RegisterAsync(subject, FirstSchema, default);
        Assert.Equal(registered.Id, (await registry.FindAsync(subject, FirstSchema, default))!.Id);
        Assert.Single(await registry.HistoryAsync(subject, default));
    }
}
