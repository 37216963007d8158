using System.Buffers.Binary;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Contracts;
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
    private KafkaNotes _notes = null!;
    private readonly List<IHost> _hosts = [];
    private int _made;

    public async ValueTask InitializeAsync()
    {
        var servers = await kafka.EmptyAsync();
        var url = await registry.EmptyAsync("e2e.note.v1-value", "e2e.note.v2-value");
        _notes = new(
            servers,
            (o, shop) =>
                o.Registry(
                    url,
                    r =>
                    {
                        r.AutoRegister = true;
                        r.CacheDirectory = shop.File("schemas");
                    }
                )
        );
    }

    [Fact]
    public async Task Target_moves_to_the_newer_major_by_its_upcaster_and_ends_equal()
    {
        var source = await StartAsync(db => db.Publish<Note, Older>(n => new(n.Id, n.Text, n.Text.Length, n.Mood)));
        var older = await TargetAsync<Older>("older.db");
        var target = await TargetAsync<Older>("target.db");
        await ChangeAsync(source);
        await AssertEqualAsync<Older>(source, older);
        await AssertEqualAsync<Older>(source, target);
        var first = Assert.Single(Schemas().Distinct());

        // The target first: its own rows and what comes are of the older major.
        await EndAsync(target);
        target = await TargetAsync<Newer>("target.db", r => r.FromMajor(1));
        await ChangeAsync(source);
        await AssertEqualAsync<Newer>(source, target);
        Assert.All(await StatesAsync<Newer>(target), n => Assert.Null(n.Ink));

        // Then the source, with both; the older one in a minor that no target was built with.
        source = await UpgradeAsync(source, WriteBoth);
        await ChangeAsync(source);
        await AssertEqualAsync<Newer>(source, target);
        await AssertEqualAsync<Older>(source, older);
        Assert.All(await StatesAsync<Newer>(target), n => Assert.Null(n.Ink));
        Assert.Contains(Schemas(), id => id != first);
        Assert.Equal(1, Majors("target.db", "e2e.note.v1"));

        await EndAsync(target);
        target = await TargetAsync<Newer>("target.db");
        await ChangeAsync(source);
        await AssertEqualAsync<Newer>(source, target);
        await AssertEqualAsync<Older>(source, older);
        Assert.All(await StatesAsync<Newer>(target), n => Assert.Equal(InkOf(n.Id), n.Ink));
        Assert.Equal(2, Majors("target.db", "e2e.note.v2"));

        source = await UpgradeAsync(source, WriteNewer);
        await ChangeAsync(source);
        await AssertEqualAsync<Newer>(source, target);
    }

    [Fact]
    public async Task Minor_of_the_older_major_that_cannot_be_read_is_parked_until_the_newer_major_is_read()
    {
        var source = await StartAsync(db => db.Publish<Note, Older>(n => new(n.Id, n.Text, n.Text.Length, n.Mood)));
        var target = await TargetAsync<Newer>("target.db", r => r.FromMajor(1));
        await ChangeAsync(source);
        await AssertEqualAsync<Newer>(source, target);
        var keys = (await StatesAsync<Newer>(target)).Count;

        source = await UpgradeAsync(
            source,
            db =>
                db.Publish<Note, Newer>(n => new(n.Id, n.Text, n.Text.Length, "ink " + n.Id, n.Mood))
                    .AlsoAs<OlderWide>(n => new(n.Id, n.Mood, "ink " + n.Id, n.Text.Length, n.Text))
        );
        var statecast = target.Services.GetRequiredService<IStatecast>();
        await NotesShop.UntilAsync(() => statecast.Replicas[0].Parked == keys);
        var parked = await statecast.Parked.EventsAsync(KafkaNotes.Topic).ToListAsync();
        Assert.All(parked, p => Assert.Contains("long is written where int is read", p.Reason, StringComparison.Ordinal));

        await EndAsync(target);
        target = await TargetAsync<Newer>("target.db");
        await AssertEqualAsync<Newer>(source, target);
        Assert.All(await StatesAsync<Newer>(target), n => Assert.Equal(InkOf(n.Id), n.Ink));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await NotesShop.StopAsync(host);
        _notes.Dispose();
    }

    private static void WriteBoth(EfSourceBuilder<NotesDb> db) =>
        db.Publish<Note, Newer>(n => new(n.Id, n.Text, n.Text.Length, "ink " + n.Id, n.Mood))
            .AlsoAs<OlderNext>(n => new(n.Id, n.Mood, "ink " + n.Id, n.Text.Length, n.Text));

    private static void WriteNewer(EfSourceBuilder<NotesDb> db) =>
        db.Publish<Note, Newer>(n => new(n.Id, n.Text, n.Text.Length, "ink " + n.Id, n.Mood));

    private static string InkOf(int id) => $"ink {id}";

    private static string Line(object state) =>
        state switch
        {
            Older n => Line(n.Id, n.Text, n.Size, n.Mood),
            Newer n => Line(n.Id, n.Title, n.Length, n.Mood),
            _ => throw new ArgumentOutOfRangeException(nameof(state), state, "No major of a note."),
        };

    private static string Line(int id, string text, long size, string? mood) => $"{id:000} '{text}' {size} {mood ?? "-"}";

    // Ten notes more, one of those before changed and one removed.
    private async Task ChangeAsync(IHost source)
    {
        var first = 10 * _made++ + 1;
        await NotesShop.SaveAsync(
            source,
            db =>
                db.AddRange(
                    Enumerable
                        .Range(first, 10)
                        .Select(i => new Note
                        {
                            Id = i,
                            Text = new('a', i),
                            Mood = i % 2 == 0 ? null : $"mood {i}",
                        })
                )
        );
        await NotesShop.SaveAsync(source, db => db.Notes.Single(n => n.Id == first).Text = $"changed {first}");
        await NotesShop.SaveAsync(source, db => db.Remove(db.Notes.Single(n => n.Id == first + 1)));
    }

    private static async Task AssertEqualAsync<TState>(IHost source, IHost target)
        where TState : class, IStateContract<TState>
    {
        await NotesShop.IdleAsync(source, target);
        using var scope = source.Services.CreateScope();
        var rows = scope
            .ServiceProvider.GetRequiredService<NotesDb>()
            .Notes.ToList()
            .Select(n => Line(n.Id, n.Text, n.Text.Length, n.Mood));
        Assert.Equal(rows.Order(StringComparer.Ordinal), (await StatesAsync<TState>(target)).Select(Line).Order(StringComparer.Ordinal));
        Assert.Equal(0, target.Services.GetRequiredService<IStatecast>().Replicas[0].Parked);
    }

    private static async Task<List<TState>> StatesAsync<TState>(IHost target)
        where TState : class, IStateContract<TState> =>
        await target.Services.GetRequiredService<IReplica<int, TState>>().EnumerateAsync().Select(e => e.Value).ToListAsync();

    // By the id in front of each body.
    private IEnumerable<int> Schemas() =>
        _notes.Raw().Where(r => r.Message.Value is not null).Select(r => BinaryPrimitives.ReadInt32BigEndian(r.Message.Value.AsSpan(1)));

    // The one major of all bodies that a replica keeps.
    private long Majors(string file, string replica) =>
        _notes.Shop.Number(file, $"SELECT iif(min(major) = max(major), max(major), 0) FROM \"statecast_rows.{replica}\" WHERE NOT deleted");

    private async Task<IHost> StartAsync(Action<EfSourceBuilder<NotesDb>> publish) => Add(await _notes.Shop.StartSourceAsync(publish));

    private async Task<IHost> UpgradeAsync(IHost source, Action<EfSourceBuilder<NotesDb>> publish)
    {
        await EndAsync(source);
        return await StartAsync(publish);
    }

    private async Task<IHost> TargetAsync<TState>(string file, Action<ReplicaBuilder<TState>>? configure = null)
        where TState : class, IStateContract<TState> => Add(await _notes.Shop.StartTargetAsync(file, configure));

    private IHost Add(IHost host)
    {
        _hosts.Add(host);
        return host;
    }

    private async Task EndAsync(IHost host)
    {
        _hosts.Remove(host);
        await NotesShop.StopAsync(host);
    }
}
