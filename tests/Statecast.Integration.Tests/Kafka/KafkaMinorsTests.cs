using Microsoft.Extensions.DependencyInjection;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Integration.Tests.Registry;
using Statecast.Replicas;
using Xunit;
using First = Statecast.Integration.Tests.Kafka.NoteMinors.First.Minor;
using Second = Statecast.Integration.Tests.Kafka.NoteMinors.Second.Minor;
using Third = Statecast.Integration.Tests.Kafka.NoteMinors.Third.Minor;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>
/// Source and targets of different minors over a real broker, in Avro, their schemas in a real registry: what is read is resolved from the writer's schema.
/// </summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaMinorsTests(KafkaFixture kafka, RegistryFixture registry) : IAsyncLifetime
{
    private RollingNotes _notes = null!;

    public async ValueTask InitializeAsync() => _notes = await RollingNotes.CreateAsync(kafka, registry);

    [Fact]
    public async Task Older_and_wider_targets_read_a_source_of_the_newer_minor()
    {
        var source = await _notes.StartAsync(WriteFirst);
        var older = await _notes.TargetAsync<First>("older.db");
        await _notes.ChangeAsync(source);
        await RollingNotes.AssertEqualAsync<First>(source, older);
        var earlier = Assert.Single(_notes.Schemas().Distinct());

        source = await _notes.UpgradeAsync(source, WriteSecond);
        var newer = await _notes.TargetAsync<Second>("newer.db");
        var wider = await _notes.TargetAsync<Third>("wider.db");
        await _notes.ChangeAsync(source);
        await RollingNotes.AssertEqualAsync<First>(source, older);
        await RollingNotes.AssertEqualAsync<Second>(source, newer);
        // Promoted, on the way from the writer's int.
        await RollingNotes.AssertEqualAsync<Third>(source, wider);
        Assert.All(await RollingNotes.StatesAsync<Third>(wider), n => Assert.Equal(RollingNotes.InkOf(n.Id), n.Ink));
        // It was another schema that came; the earlier one's records may be compacted away.
        Assert.Contains(_notes.Schemas(), id => id != earlier);

        // The older target moves on its own file, and learns what its shape had passed over.
        await _notes.EndAsync(older);
        older = await _notes.TargetAsync<Second>("older.db");
        await _notes.ChangeAsync(source);
        await RollingNotes.AssertEqualAsync<Second>(source, older);
        Assert.All(await RollingNotes.StatesAsync<Second>(older), n => Assert.Equal(RollingNotes.InkOf(n.Id), n.Ink));
    }

    [Fact]
    public async Task Newer_targets_read_a_source_of_the_older_minor()
    {
        var source = await _notes.StartAsync(WriteFirst);
        await _notes.ChangeAsync(source);
        var newer = await _notes.TargetAsync<Second>("newer.db");
        var wider = await _notes.TargetAsync<Third>("wider.db");
        await _notes.ChangeAsync(source);
        await RollingNotes.AssertEqualAsync<Second>(source, newer);
        await RollingNotes.AssertEqualAsync<Third>(source, wider);
        Assert.All(await RollingNotes.StatesAsync<Second>(newer), n => Assert.Equal("plain", n.Ink));
        Assert.Single(_notes.Schemas().Distinct());

        // The source follows, and what was filled by the default is what the source says.
        source = await _notes.UpgradeAsync(source, WriteSecond);
        await _notes.ChangeAsync(source);
        await RollingNotes.AssertEqualAsync<Second>(source, newer);
        await RollingNotes.AssertEqualAsync<Third>(source, wider);
        Assert.All(await RollingNotes.StatesAsync<Second>(newer), n => Assert.Equal(RollingNotes.InkOf(n.Id), n.Ink));
    }

    [Fact]
    public async Task Minor_that_a_target_cannot_read_is_parked_and_applied_once_it_is_upgraded()
    {
        var source = await _notes.StartAsync(WriteFirst);
        var target = await _notes.TargetAsync<First>("target.db");
        await _notes.ChangeAsync(source);
        await RollingNotes.AssertEqualAsync<First>(source, target);
        var keys = (await RollingNotes.StatesAsync<First>(target)).Count;

        source = await _notes.UpgradeAsync(source, WriteThird);
        var statecast = target.Services.GetRequiredService<IStatecast>();
        await NotesShop.UntilAsync(() => statecast.Replicas[0].Parked == keys);
        var parked = await statecast.Parked.EventsAsync(KafkaNotes.Topic).ToListAsync();
        Assert.All(parked, p => Assert.Contains("long is written where int is read", p.Reason, StringComparison.Ordinal));
        var replica = target.Services.GetRequiredService<IReplica<int, First>>();
        var told = await Assert.ThrowsAsync<StateParkedException>(() => replica.GetAsync(int.Parse(parked[0].Key, null)).AsTask());
        Assert.Contains("long is written where int is read", told.Message, StringComparison.Ordinal);
        Assert.False(replica.Freshness.IsKnown);

        // Nobody saves anything: it is the parked events that are applied.
        await _notes.EndAsync(target);
        target = await _notes.TargetAsync<Third>("target.db");
        await RollingNotes.AssertEqualAsync<Third>(source, target);
        Assert.All(await RollingNotes.StatesAsync<Third>(target), n => Assert.Equal(RollingNotes.InkOf(n.Id), n.Ink));
        await _notes.ChangeAsync(source);
        await RollingNotes.AssertEqualAsync<Third>(source, target);
    }

    [Fact]
    public async Task What_the_older_source_left_unsent_travels_in_its_own_schema()
    {
        var source = await _notes.StartAsync(WriteFirst);
        await _notes.ChangeAsync(source);
        await source.Services.GetRequiredService<IStatecast>().WhenIdleAsync();
        await _notes.EndAsync(source);
        using (var silent = await _notes.Notes.Shop.BuildSourceAsync(WriteFirst))
            await _notes.ChangeAsync(silent);
        Assert.NotEqual(0, _notes.Notes.Shop.Number("notes.db", "SELECT count(*) FROM statecast_outbox"));

        source = await _notes.StartAsync(WriteSecond);
        var older = await _notes.TargetAsync<First>("older.db");
        var newer = await _notes.TargetAsync<Second>("newer.db");
        await RollingNotes.AssertEqualAsync<First>(source, older);
        await RollingNotes.AssertEqualAsync<Second>(source, newer);
        Assert.All(await RollingNotes.StatesAsync<Second>(newer), n => Assert.Equal(RollingNotes.InkOf(n.Id), n.Ink));
    }

    public ValueTask DisposeAsync() => _notes.DisposeAsync();

    private static void WriteFirst(EfSourceBuilder<NotesDb> db) => db.Publish<Note, First>(n => new(n.Id, n.Text, n.Text.Length, n.Mood));

    private static void WriteSecond(EfSourceBuilder<NotesDb> db) =>
        db.Publish<Note, Second>(n => new(n.Id, n.Mood, "ink " + n.Id, n.Text.Length, n.Text));

    private static void WriteThird(EfSourceBuilder<NotesDb> db) =>
        db.Publish<Note, Third>(n => new(n.Id, n.Mood, "ink " + n.Id, n.Text.Length, n.Text));
}
