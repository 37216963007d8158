using Confluent.Kafka;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Kafka;
using Statecast.Kafka.Transport;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>Instances of a service that share a contract's lanes, each with a file of its own.</summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaSharedTests(KafkaFixture kafka) : IAsyncLifetime
{
    private const int Notes = 200;
    private KafkaNotes _notes = null!;
    private IHost _source = null!;
    private readonly List<IHost> _hosts = [];
    private GroupProtocol _protocol;

    // How long a member may be silent before the group gives its lanes to others.
    private TimeSpan? _patience;

    // The newest host's.
    private CountedTransport _carrier = null!;
    private int _rounds;

    public async ValueTask InitializeAsync()
    {
        var servers = await kafka.EmptyAsync();
        _notes = new(
            servers,
            (o, _) =>
            {
                o.GroupProtocol = _protocol;
                if (_protocol == GroupProtocol.Classic)
                    o.ConfigureConsumer(c => (c.SessionTimeoutMs, c.HeartbeatIntervalMs) = (6_000, 300));
                if (_patience is { } patience)
                    o.ConfigureConsumer(c => c.MaxPollIntervalMs = (int)patience.TotalMilliseconds);
            },
            carry: (s, settings) =>
            {
                var options = new KafkaOptions { BootstrapServers = servers };
                settings(options);
                var relay = new Outbox.RelayOptions
                {
                    HeartbeatInterval = TimeSpan.FromMilliseconds(200),
                    DeliveryTimeout = TimeSpan.FromSeconds(2),
                };
                s.AddTransport(KafkaTransport.CarrierName, _ => _carrier = new(new KafkaTransport(options, relay)));
            }
        );
        _source = Add(await _notes.Shop.StartSourceAsync());
        await NotesShop.SaveAsync(_source, db => db.AddRange(Enumerable.Range(1, Notes).Select(i => new Note { Id = i, Text = "first" })));
    }

    [Theory]
    [InlineData(GroupProtocol.Classic)]
    [InlineData(GroupProtocol.Consumer)]
    public async Task Instances_share_the_keys_and_take_over_what_another_had(GroupProtocol protocol)
    {
        _protocol = protocol;
        var first = await Target("first.db");
        await UntilAsync(async () => (await Keys(first)).Count == Notes);
        var second = await Target("second.db");
        await UntilAsync(async () => await AreShared(first, second));

        var held = await Keys(second);
        var elsewhere = await Assert.ThrowsAsync<StateElsewhereException>(async () => await Replica(first).GetAsync(held.First()));
        Assert.False(elsewhere.IsComing);
        Assert.Equal("first", (await Replica(second).GetAsync(held.First()))?.Text);

        // Changed while the other has them: the rows that the first kept aside are old.
        await NotesShop.SaveAsync(
            _source,
            db =>
            {
                foreach (var note in db.Notes)
                    note.Text = "second";
                db.Remove(db.Notes.Find(held.First())!);
            }
        );
        await UntilAsync(async () => await Texts(first, second) is { } texts && texts.Count == Notes - 1 && texts.All(t => t == "second"));
        _hosts.Remove(second);
        await NotesShop.StopAsync(second);
        await UntilAsync(async () => await Texts(first) is { } texts && texts.Count == Notes - 1 && texts.All(t => t == "second"));
        Assert.Null(await Replica(first).GetAsync(held.First()));
    }

    [Theory]
    [InlineData(GroupProtocol.Classic)]
    [InlineData(GroupProtocol.Consumer)]
    public async Task Rebalances_under_load_lose_nothing(GroupProtocol protocol)
    {
        _protocol = protocol;
        var steady = await Target("steady.db");
        await UntilAsync(async () => (await Keys(steady)).Count == Notes);
        var received = _carrier;
        await using var watch = new RevisionWatch(_notes.Shop.File("steady.db"));
        await FaultRounds.RunAsync(
            $"Kafka: four rebalances under load, protocol {protocol}",
            gate: 10,
            async () =>
            {
                var (closed, events) = (received.Closed, received.Received);
                await RebalanceAsync(steady);
                // Asserted, not assumed: each guest took lanes away, from one that was busy.
                Assert.InRange(received.Closed - closed, 4, long.MaxValue);
                Assert.InRange(received.Received - events, 100, long.MaxValue);
                watch.RequireNoneFell();
            }
        );
    }

    [Theory]
    [InlineData(GroupProtocol.Classic, false)]
    [InlineData(GroupProtocol.Consumer, false)]
    [InlineData(GroupProtocol.Classic, true)]
    public async Task Lanes_given_to_another_while_a_batch_of_them_is_open_lose_nothing(GroupProtocol protocol, bool silent)
    {
        _protocol = protocol;
        // One that asks for nothing for so long is thrown out of the group.
        _patience = silent ? TimeSpan.FromSeconds(6) : null;
        var slow = await Target("slow.db");
        await UntilAsync(async () => (await Keys(slow)).Count == Notes);
        var received = _carrier;
        await using var watch = new RevisionWatch(_notes.Shop.File("slow.db"));
        IHost other;
        await using (await _notes.Shop.HoldAsync("slow.db"))
        {
            received.ReadsOn = !silent;
            await WriteAllAsync("held");
            await UntilAsync(() => Task.FromResult(received.Open > 0));
            other = await Target("other.db");
            await UntilAsync(async () => (await Keys(other)).Count is > 0 and var keys && (!silent || keys == Notes));
            await WriteAllAsync("newer");
            await UntilAsync(async () => (await Texts(other)).TrueForAll(t => t.StartsWith("newer", StringComparison.Ordinal)));
            // Asserted, not assumed: another reads on in these lanes, and what was received of them before is still to be committed.
            Assert.InRange(received.Open, 1, long.MaxValue);
            if (silent)
                Assert.Equal(0, received.Closed);
            else
                Assert.InRange(received.ClosedOpen, 1, long.MaxValue);
        }
        received.ReadsOn = false;
        // It is committed now, late: older rows, with the positions that belong to them, where nobody is shown them; and it is read on from there once the lanes are back.
        await UntilAsync(async () => received is { Open: 0, Closed: > 0 } && (await Keys(slow)).Count > 0);
        await AssertSharedAsync(slow, other);
        await NotesShop.SaveAsync(_source, db => db.RemoveRange(db.Notes.Where(n => n.Id <= 20)));
        await AssertSharedAsync(slow, other);
        _hosts.Remove(other);
        await NotesShop.StopAsync(other);
        await AssertSharedAsync(slow);
        watch.RequireNoneFell();
    }

    private Task WriteAllAsync(string text) =>
        NotesShop.SaveAsync(
            _source,
            db =>
            {
                foreach (var note in db.Notes)
                    note.Text = $"{text} {note.Id}";
            }
        );

    private async Task RebalanceAsync(IHost steady)
    {
        var first = 20 * _rounds++ % Notes;
        using var stop = new CancellationTokenSource();
        var working = new[] { WriteAsync(stop.Token), DisturbAsync("steady.db", stop.Token) };
        try
        {
            for (var time = 0; time < 4; time++)
            {
                var guest = await Target($"guest{time % 2}.db");
                await UntilAsync(async () => (await Keys(guest)).Count > 0);
                _hosts.Remove(guest);
                await NotesShop.StopAsync(guest);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(working);
        }
        // While a guest has lanes of them.
        var last = await Target("guest0.db");
        await UntilAsync(async () => (await Keys(last)).Count > 0);
        await NotesShop.SaveAsync(_source, db => db.RemoveRange(db.Notes.Where(n => n.Id > first && n.Id <= first + 5)));
        await AssertSharedAsync(steady, last);
        // One that has nothing, beside those that have kept rows aside.
        var fresh = await Target($"fresh{_rounds}.db");
        await UntilAsync(async () => (await Keys(fresh)).Count > 0);
        await AssertSharedAsync(steady, last, fresh);
        foreach (var host in new[] { fresh, last })
        {
            _hosts.Remove(host);
            await NotesShop.StopAsync(host);
        }
        await AssertSharedAsync(steady);
        await NotesShop.SaveAsync(
            _source,
            db => db.AddRange(Enumerable.Range(first + 1, 5).Select(i => new Note { Id = i, Text = "again" }))
        );
    }

    // Together they have each key once, as the source has it; of a key that is deleted nobody has a row.
    private async Task AssertSharedAsync(params IHost[] hosts)
    {
        await Sent();
        var rows = await Rows();
        await UntilAsync(async () => rows.SequenceEqual((await Texts(hosts)).Order(StringComparer.Ordinal)));
    }

    // Keeps the store from being written most of the time, so that batches wait for it.
    private async Task DisturbAsync(string file, CancellationToken stop)
    {
        await using var connection = new SqliteConnection($"Data Source={_notes.Shop.File(file)};Pooling=False");
        await connection.OpenAsync(CancellationToken.None);
        while (!stop.IsCancellationRequested)
        {
            await using (await connection.BeginTransactionAsync(System.Data.IsolationLevel.Serializable, CancellationToken.None))
                await Task.Delay(100, CancellationToken.None);
            await Task.Delay(20, CancellationToken.None);
        }
    }

    [Fact]
    public async Task Shared_replica_with_a_handler_or_on_a_carrier_that_shares_nothing_is_refused()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await _notes.Shop.StartTargetAsync<NoteState>(configure: r => r.Shared().On<Silent>())
        );
        using var local = new NotesShop();
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await local.StartTargetAsync<NoteState>(configure: r => r.Shared())
        );
        Assert.Contains("Shared()", refused.Message, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await NotesShop.StopAsync(host);
        _notes.Dispose();
    }

    private async Task WriteAsync(CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var first = i * 20 % Notes;
            await NotesShop.SaveAsync(
                _source,
                db =>
                {
                    foreach (var note in db.Notes.Where(n => n.Id > first && n.Id <= first + 20))
                        note.Text = $"round {i} of {note.Id}";
                }
            );
            await Task.Delay(5, CancellationToken.None);
        }
    }

    private async Task Sent()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await _source.Services.GetRequiredService<IStatecast>().WhenIdleAsync(deadline.Token);
    }

    private async Task<List<string>> Rows()
    {
        using var scope = _source.Services.CreateScope();
        var texts = await scope.ServiceProvider.GetRequiredService<NotesDb>().Notes.Select(n => n.Text).ToListAsync();
        return [.. texts.Order(StringComparer.Ordinal)];
    }

    private static async Task<bool> AreShared(params IHost[] hosts)
    {
        var keys = new List<HashSet<int>>();
        foreach (var host in hosts)
            keys.Add(await Keys(host));
        return keys.TrueForAll(k => k.Count > 0) && keys.Sum(k => k.Count) == Notes && keys.SelectMany(k => k).Distinct().Count() == Notes;
    }

    private static async Task<HashSet<int>> Keys(IHost host)
    {
        try
        {
            return await Replica(host).EnumerateAsync().Select(e => e.Key).ToHashSetAsync();
        }
        catch (ReplicaNotReadyException)
        {
            return [];
        }
    }

    private static async Task<List<string>> Texts(params IHost[] hosts)
    {
        var texts = new List<string>();
        foreach (var host in hosts)
            texts.AddRange(await Replica(host).EnumerateAsync().Select(e => e.Value.Text).ToListAsync());
        return texts;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition())
            await Task.Delay(20, deadline.Token);
    }

    private static IReplica<int, NoteState> Replica(IHost host) => host.Services.GetRequiredService<IReplica<int, NoteState>>();

    private async Task<IHost> Target(string file) => Add(await _notes.Shop.StartTargetAsync<NoteState>(file, r => r.Shared()));

    private IHost Add(IHost host)
    {
        _hosts.Add(host);
        return host;
    }

    private sealed class Silent : Consuming.IStateHandler<NoteState>
    {
        public Task HandleAsync(Consuming.StateChange<NoteState> change, CancellationToken ct) => Task.CompletedTask;
    }
}
