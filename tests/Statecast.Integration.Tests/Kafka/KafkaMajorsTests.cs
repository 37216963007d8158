using Microsoft.Extensions.DependencyInjection;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Integration.Tests.Registry;
using Statecast.Replicas;
using Xunit;
using Newer = Statecast.Integration.Tests.Kafka.NoteMajors.Second;
using Older = Statecast.Integration.Tests.Kafka.NoteMinors.First.Minor;
using OlderNext = Statecast.Integration.Tests.Kafka.NoteMinors.Second.Minor;
using OlderWide = Statecast.Integration.Tests.Kafka.NoteMinors.Third.Minor;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>
/// Two majors of a contract over a real broker, in Avro, each with its schemas under its own subject of a real registry: an older major's body is resolved from its
/// writer's minor to the older record, and that is upcast.
/// </summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaMajorsTests(KafkaFixture kafka, RegistryFixture registry) : IAsyncLifetime
{
    private RollingNotes _notes = null!;

    public async ValueTask InitializeAsync() => _notes = await RollingNotes.CreateAsync(kafka, registry);

    [Fact]
    public async Task Target_moves_to_the_newer_major_by_its_upcaster_and_ends_equal()
    {
        var source = await _notes.StartAsync(db => db.Publish<Note, Older>(n => new(n.Id, n.Text, n.Text.Length, n.Mood)));
        var older = await _notes.TargetAsync<Older>("older.db");
        var target = await _notes.TargetAsync<Older>("target.db");
        await _notes.ChangeAsync(source);
        await RollingNotes.AssertEqualAsync<Older>(source, older);
        await RollingNotes.AssertEqualAsync<Older>(source, target);
        var first = Assert.Single(_notes.Schemas().Distinct());

        // The target first: its own rows and what comes are of the older major.
        await _notes.EndAsync(target);
        target = await _notes.TargetAsync<Newer>("target.db", r => r.FromMajor(1));
        await _notes.ChangeAsync(source);
        await RollingNotes.AssertEqualAsync<Newer>(source, target);
        Assert.All(await RollingNotes.StatesAsync<Newer>(target), n => Assert.Null(n.Ink));

        // Then the source, with both; the older one in a minor that no target was built with.
        source = await _notes.UpgradeAsync(source, WriteBoth);
        await _notes.ChangeAsync(source);
        await RollingNotes.AssertEqualAsync<Newer>(source, target);
        await RollingNotes.AssertEqualAsync<Older>(source, older);
        Assert.All(await RollingNotes.StatesAsync<Newer>(target), n => Assert.Null(n.Ink));
        Assert.Contains(_notes.Schemas(), id => id != first);
        Assert.Equal(1, Majors("target.db", "e2e.note.v1"));

        await _notes.EndAsync(target);
        target = await _notes.TargetAsync<Newer>("target.db");
        await _notes.ChangeAsync(source);
        await RollingNotes.AssertEqualAsync<Newer>(source, target);
        await RollingNotes.AssertEqualAsync<Older>(source, older);
        Assert.All(await RollingNotes.StatesAsync<Newer>(target), n => Assert.Equal(RollingNotes.InkOf(n.Id), n.Ink));
        Assert.Equal(2, Majors("target.db", "e2e.note.v2"));

        source = await _notes.UpgradeAsync(source, WriteNewer);
        await _notes.ChangeAsync(source);
        await RollingNotes.AssertEqualAsync<Newer>(source, target);
    }

    [Fact]
    public async Task Minor_of_the_older_major_that_cannot_be_read_is_parked_until_the_newer_major_is_read()
    {
        var source = await _notes.StartAsync(db => db.Publish<Note, Older>(n => new(n.Id, n.Text, n.Text.Length, n.Mood)));
        var target = await _notes.TargetAsync<Newer>("target.db", r => r.FromMajor(1));
        await _notes.ChangeAsync(source);
        await RollingNotes.AssertEqualAsync<Newer>(source, target);
        var keys = (await RollingNotes.StatesAsync<Newer>(target)).Count;

        source = await _notes.UpgradeAsync(
            source,
            db =>
                db.Publish<Note, Newer>(n => new(n.Id, n.Text, n.Text.Length, "ink " + n.Id, n.Mood))
                    .AlsoAs<OlderWide>(n => new(n.Id, n.Mood, "ink " + n.Id, n.Text.Length, n.Text))
        );
        var statecast = target.Services.GetRequiredService<IStatecast>();
        await NotesShop.UntilAsync(() => statecast.Replicas[0].Parked == keys);
        var parked = await statecast.Parked.EventsAsync(KafkaNotes.Topic).ToListAsync();
        Assert.All(parked, p => Assert.Contains("long is written where int is read", p.Reason, StringComparison.Ordinal));

        await _notes.EndAsync(target);
        target = await _notes.TargetAsync<Newer>("target.db");
        await RollingNotes.AssertEqualAsync<Newer>(source, target);
        Assert.All(await RollingNotes.StatesAsync<Newer>(target), n => Assert.Equal(RollingNotes.InkOf(n.Id), n.Ink));
    }

    public ValueTask DisposeAsync() => _notes.DisposeAsync();

    private static void WriteBoth(EfSourceBuilder<NotesDb> db) =>
        db.Publish<Note, Newer>(n => new(n.Id, n.Text, n.Text.Length, "ink " + n.Id, n.Mood))
            .AlsoAs<OlderNext>(n => new(n.Id, n.Mood, "ink " + n.Id, n.Text.Length, n.Text));

    private static void WriteNewer(EfSourceBuilder<NotesDb> db) =>
        db.Publish<Note, Newer>(n => new(n.Id, n.Text, n.Text.Length, "ink " + n.Id, n.Mood));

    // The one major of all bodies that a replica keeps.
    private long Majors(string file, string replica) =>
        _notes.Notes.Shop.Number(
            file,
            $"SELECT iif(min(major) = max(major), max(major), 0) FROM \"statecast_rows.{replica}\" WHERE NOT deleted"
        );
}
