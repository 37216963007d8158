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

namespace Statecast.Integration.Tests.Kafka;

/// <summary>A source of notes and targets that are upgraded one after the other, over a real broker, in Avro, with a real registry.</summary>
internal sealed class RollingNotes : IAsyncDisposable
{
    private readonly List<IHost> _hosts = [];
    private int _made;

    private RollingNotes(KafkaNotes notes) => Notes = notes;

    /// <summary>The topic and the files.</summary>
    public KafkaNotes Notes { get; }

    /// <summary>On an empty broker, with nothing under the majors' subjects.</summary>
    public static async Task<RollingNotes> CreateAsync(KafkaFixture kafka, RegistryFixture registry)
    {
        var servers = await kafka.EmptyAsync();
        var url = await registry.EmptyAsync("e2e.note.v1-value", "e2e.note.v2-value");
        return new(
            new(
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
            )
        );
    }

    /// <summary>What a source says of a note beside its text, where its contract has it.</summary>
    public static string InkOf(int id) => $"ink {id}";

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await NotesShop.StopAsync(host);
        Notes.Dispose();
    }

    /// <summary>Ten notes more, one of them changed and one removed.</summary>
    public async Task ChangeAsync(IHost source)
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

    /// <summary>A target has what the source holds, and nothing is parked.</summary>
    public static async Task AssertEqualAsync<TState>(IHost source, IHost target)
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

    /// <summary>All states of a target.</summary>
    public static async Task<List<TState>> StatesAsync<TState>(IHost target)
        where TState : class, IStateContract<TState> =>
        await target.Services.GetRequiredService<IReplica<int, TState>>().EnumerateAsync().Select(e => e.Value).ToListAsync();

    /// <summary>The ids in front of all bodies in the topic.</summary>
    public IEnumerable<int> Schemas() =>
        Notes.Raw().Where(r => r.Message.Value is not null).Select(r => BinaryPrimitives.ReadInt32BigEndian(r.Message.Value.AsSpan(1)));

    /// <summary>Starts a source.</summary>
    public async Task<IHost> StartAsync(Action<EfSourceBuilder<NotesDb>> publish) => Add(await Notes.Shop.StartSourceAsync(publish));

    /// <summary>Ends a source and starts its next build.</summary>
    public async Task<IHost> UpgradeAsync(IHost source, Action<EfSourceBuilder<NotesDb>> publish)
    {
        await EndAsync(source);
        return await StartAsync(publish);
    }

    /// <summary>Starts a target on a file.</summary>
    public async Task<IHost> TargetAsync<TState>(string file, Action<ReplicaBuilder<TState>>? configure = null)
        where TState : class, IStateContract<TState> => Add(await Notes.Shop.StartTargetAsync(file, configure));

    private IHost Add(IHost host)
    {
        _hosts.Add(host);
        return host;
    }

    /// <summary>Ends a host.</summary>
    public async Task EndAsync(IHost host)
    {
        _hosts.Remove(host);
        await NotesShop.StopAsync(host);
    }

    private static string Line(object state) =>
        state switch
        {
            NoteMinors.First.Minor n => Line(n.Id, n.Text, n.Size, n.Mood),
            NoteMinors.Second.Minor n => Line(n.Id, n.Title, n.Size, n.Mood),
            NoteMinors.Third.Minor n => Line(n.Id, n.Title, n.Size, n.Mood),
            NoteMajors.Second n => Line(n.Id, n.Title, n.Length, n.Mood),
            _ => throw new ArgumentOutOfRangeException(nameof(state), state, "No version of a note."),
        };

    private static string Line(int id, string text, long size, string? mood) => $"{id:000} '{text}' {size} {mood ?? "-"}";
}
