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
    private KafkaNotes _notes = null!;
    private readonly List<IHost> _hosts = [];
    private int _made;

    public async ValueTask InitializeAsync()
    {
        var servers = await kafka.EmptyAsync();
        var url = await registry.EmptyAsync("e2e.note.v1-value");
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
    public async Task Older_and_wider_targets_read_a_source_of_the_newer_minor()
    {
        var source = await StartAsync(WriteFirst);
        var older = await TargetAsync<First>("older.db");
        await ChangeAsync(source);
        await AssertEqualAsync<First>(source, older);
        var earlier = Assert.Single(Schemas().Distinct());

        source = await UpgradeAsync(source, WriteSecond);
        var newer = await TargetAsync<Second>("newer.db");
        var wider = await TargetAsync<Third>("wider.db");
        await ChangeAsync(source);
        await AssertEqualAsync<First>(source, older);
        await AssertEqualAsync<Second>(source, newer);
        // Promoted, on the way from the writer's int.
        await AssertEqualAsync<Third>(source, wider);
        Assert.All(await StatesAsync<Third>(wider), n => Assert.Equal(InkOf(n.Id), n.Ink));
        // It was another schema that came; the earlier one's records may be compacted away.
        Assert.Contains(Schemas(), id => id != earlier);

        // The older target moves on its own file, and learns what its shape had passed over.
        await EndAsync(older);
        older = await TargetAsync<Second>("older.db");
        await ChangeAsync(source);
        await AssertEqualAsync<Second>(source, older);
        Assert.All(await StatesAsync<Second>(older), n => Assert.Equal(InkOf(n.Id), n.Ink));
    }

    [Fact]
    public async Task Newer_targets_read_a_source_of_the_older_minor()
    {
        var source = await StartAsync(WriteFirst);
        await ChangeAsync(source);
        var newer = await TargetAsync<Second>("newer.db");
        var wider = await TargetAsync<Third>("wider.db");
        await ChangeAsync(source);
        await AssertEqualAsync<Second>(source, newer);
        await AssertEqualAsync<Third>(source, wider);
        Assert.All(await StatesAsync<Second>(newer), n => Assert.Equal("plain", n.Ink));
        Assert.Single(Schemas().Distinct());

        // The source follows, and what was filled by the default is what the source says.
        source = await UpgradeAsync(source, WriteSecond);
        await ChangeAsync(source);
        await AssertEqualAsync<Second>(source, newer);
        await AssertEqualAsync<Third>(source, wider);
        Assert.All(await StatesAsync<Second>(newer), n => Assert.Equal(InkOf(n.Id), n.Ink));
    }

    [Fact]
    public async Task Minor_that_a_target_cannot_read_is_parked_and_applied_once_it_is_upgraded()
    {
        var source = await StartAsync(WriteFirst);
        var target = await TargetAsync<First>("target.db");
        await ChangeAsync(source);
        await AssertEqualAsync<First>(source, target);
        var keys = (await StatesAsync<First>(target)).Count;

        source = await UpgradeAsync(source, WriteThird);
        var statecast = target.Services.GetRequiredService<IStatecast>();
        await NotesShop.UntilAsync(() => statecast.Replicas[0].Parked == keys);
        var parked = await statecast.Parked.EventsAsync(KafkaNotes.Topic).ToListAsync();
        Assert.All(parked, p => Assert.Contains("long is written where int is read", p.Reason, StringComparison.Ordinal));
        var replica = target.Services.GetRequiredService<IReplica<int, First>>();
        var told = await Assert.ThrowsAsync<StateParkedException>(() => replica.GetAsync(int.Parse(parked[0].Key, null)).AsTask());
        Assert.Contains("long is written where int is read", told.Message, StringComparison.Ordinal);
        Assert.False(replica.Freshness.IsKnown);

        // Nobody saves anything: it is the parked events that are applied.
        await EndAsync(target);
        target = await TargetAsync<Third>("target.db");
        await AssertEqualAsync<Third>(source, target);
        Assert.All(await StatesAsync<Third>(target), n => Assert.Equal(InkOf(n.Id), n.Ink));
        await ChangeAsync(source);
        await AssertEqualAsync<Third>(source, target);
    }

    [Fact]
    public async Task What_the_older_source_left_unsent_travels_in_its_own_schema()
    {
        var source = await StartAsync(WriteFirst);
        await ChangeAsync(source);
        await source.Services.GetRequiredService<IStatecast>().WhenIdleAsync();
        await EndAsync(source);
        using (var silent = await _notes.Shop.BuildSourceAsync(WriteFirst))
            await ChangeAsync(silent);
        Assert.NotEqual(0, _notes.Shop.Number("notes.db", "SELECT count(*) FROM statecast_outbox"));

        source = await StartAsync(WriteSecond);
        var older = await TargetAsync<First>("older.db");
        var newer = await TargetAsync<Second>("newer.db");
        await AssertEqualAsync<First>(source, older);
        await AssertEqualAsync<Second>(source, newer);
        Assert.All(await StatesAsync<Second>(newer), n => Assert.Equal(InkOf(n.Id), n.Ink));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await NotesShop.StopAsync(host);
        _notes.Dispose();
    }

    private static void WriteFirst(EfSourceBuilder<NotesDb> db) => db.Publish<Note, First>(n => new(n.Id, n.Text, n.Text.Length, n.Mood));

    private static void WriteSecond(EfSourceBuilder<NotesDb> db) =>
        db.Publish<Note, Second>(n => new(n.Id, n.Mood, "ink " + n.Id, n.Text.Length, n.Text));

    private static void WriteThird(EfSourceBuilder<NotesDb> db) =>
        db.Publish<Note, Third>(n => new(n.Id, n.Mood, "ink " + n.Id, n.Text.Length, n.Text));

    private static string InkOf(int id) => $"ink {id}";

    private static string Line(object state) =>
        state switch
        {
            First n => Line(n.Id, n.Text, n.Size, n.Mood),
            Second n => Line(n.Id, n.Title, n.Size, n.Mood),
            Third n => Line(n.Id, n.Title, n.Size, n.Mood),
            _ => throw new ArgumentOutOfRangeException(nameof(state), state, "No minor of a note."),
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

    private async Task<IHost> StartAsync(Action<EfSourceBuilder<NotesDb>> publish) => Add(await _notes.Shop.StartSourceAsync(publish));

    private async Task<IHost> UpgradeAsync(IHost source, Action<EfSourceBuilder<NotesDb>> publish)
    {
        await EndAsync(source);
        return await StartAsync(publish);
    }

    private async Task<IHost> TargetAsync<TState>(string file)
        where TState : class, IStateContract<TState> => Add(await _notes.Shop.StartTargetAsync<TState>(file));

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
