using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using Statecast.Consuming.Queues;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Integration.Tests.Kafka;
using Statecast.RabbitMQ;
using Statecast.RabbitMQ.Transport;
using Statecast.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>A source and its target on a virtual host of their own: written to while something befalls them, and held to every promise afterwards.</summary>
internal sealed class RabbitPair : IAsyncDisposable
{
    public const string Queue = $"{RabbitNotes.Destination}.reader.0";
    private const int Keys = 30;
    private readonly List<IHost> _hosts = [];
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Action<RabbitMQOptions>? _configure;
    private readonly Action<StatecastBuilder> _carry;
    private readonly int _lanes;
    private CountedTransport? _counts;
    private RevisionWatch? _watch;
    private int _written;
    private int _newcomers;

    private RabbitPair(RabbitPlace place, Action<RabbitMQOptions>? configure, int lanes)
    {
        (Place, _configure, _lanes) = (place, configure, lanes);
        _carry = s =>
            s.AddTransport(RabbitMQTransport.CarrierName, _ => _counts!)
                .UseSqliteDatabase()
                .Configure(o => (o.Relay.BackoffCap, o.Handlers.MaxAttempts) = (TimeSpan.FromMilliseconds(500), 2));
        Shop = new()
        {
            HeartbeatInterval = "00:00:00.200",
            LeaseDuration = "00:00:04",
            DeliveryTimeout = "00:00:02",
            Carrier = s => _carry(s),
        };
    }

    public RabbitPlace Place { get; }

    public NotesShop Shop { get; }

    public IHost Source { get; private set; } = null!;

    public IHost Target { get; private set; } = null!;

    /// <summary>What became of the source's sends.</summary>
    public CountedTransport Sent { get; private set; } = null!;

    /// <summary>What the target received.</summary>
    public CountedTransport Received { get; private set; } = null!;

    /// <summary>What all carriers logged.</summary>
    public HeardLog Log { get; } = new();

    /// <summary>How many events wait at the source.</summary>
    public long Unsent => NotesPromises.Unsent(Shop);

    /// <summary>From where on the target counts: another one after each complete run over all ranges.</summary>
    public (long Epoch, long Cut)? Base
    {
        get
        {
            using var connection = new SqliteConnection($"Data Source={Shop.File("target.db")};Pooling=False");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT counted FROM statecast_replica_position";
            return command.ExecuteScalar() is byte[] counted ? QueueLaneBytes.Read(counted)?.Base : null;
        }
    }

    public static async Task<RabbitPair> StartAsync(
        RabbitPlace place,
        Action<RabbitMQOptions>? configure = null,
        int lanes = 1,
        Action<ReplicaBuilder<NoteState>>? replica = null,
        Action<IServiceCollection>? services = null
    )
    {
        var pair = new RabbitPair(place, configure, lanes);
        try
        {
            pair.Sent = pair.NewCarrier();
            pair.Source = pair.Add(
                await pair.Shop.StartSourceAsync(db => db.Publish<Note, NoteState>(n => new(n.Id, n.Text)).Lanes(lanes))
            );
            (pair.Target, pair.Received) = await pair.StartTargetAsync(replica, services: services);
            await RabbitNotes.LiveAsync(pair.Target);
            pair._watch = new(pair.Shop.File("target.db"));
            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <summary>A target, with what it receives.</summary>
    public async Task<(IHost Host, CountedTransport Received)> StartTargetAsync(
        Action<ReplicaBuilder<NoteState>>? replica = null,
        string file = "target.db",
        string service = "reader",
        Action<IServiceCollection>? services = null
    )
    {
        var counts = NewCarrier();
        return (Add(await Shop.StartTargetAsync(file, replica, service, services)), counts);
    }

    /// <summary>Starts the target once more: after it was stopped, or while another process has its store.</summary>
    public async Task StartAgainAsync() => (Target, Received) = await StartTargetAsync();

    /// <summary>Cuts what the target reads through.</summary>
    public Task CutAsync() => ((RabbitReceiver)Received.Reading!).Connection.AbortAsync();

    /// <summary>Writes: notes are added, changed and removed in turns.</summary>
    public async Task WriteAsync(int count, int keys = Keys)
    {
        for (var i = 0; i < count; i++)
        {
            var number = Interlocked.Increment(ref _written);
            await SaveAsync(db => NotesPromises.Change(db, number % keys + 1, number));
        }
    }

    /// <summary>Writes many notes at once.</summary>
    public Task WriteManyAsync(int count) =>
        SaveAsync(db =>
        {
            for (var id = 1; id <= count; id++)
                NotesPromises.Change(db, id, Interlocked.Increment(ref _written));
        });

    /// <summary>Brings a fault about while writes go on.</summary>
    public Task UnderLoadAsync(Func<Task> fault) =>
        NotesPromises.UnderLoadAsync(
            async () =>
            {
                await WriteAsync(1);
                await Task.Delay(3);
            },
            fault
        );

    /// <summary>Keeps the target from storing anything until it is disposed.</summary>
    public Task<IAsyncDisposable> HoldTargetAsync() => Shop.HoldAsync("target.db");

    /// <summary>Waits for what a fault or its end brings about.</summary>
    public Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    /// <summary>Waits for what a fault or its end brings about.</summary>
    public Task UntilAsync(Func<Task<bool>> condition) =>
        RabbitProbes.UntilAsync(
            condition,
            () =>
                $"{_written} written, {Unsent} unsent; {Sent.Confirmed} sent, {Sent.Failed} failed, {Sent.Unknown} unknown, {Sent.Unrouted} unrouted: {Sent.Reason}; base {Base}"
        );

    /// <summary>
    /// Every promise: what was captured is sent, the replica equals the source's rows by text, and its heads by revision and deletion; no key ever went backwards; a
    /// newcomer is equal too.
    /// </summary>
    public async Task RequireAsync(IHost? target = null)
    {
        var name = $"newcomer{++_newcomers}";
        var (newcomer, _) = await StartTargetAsync(file: $"{name}.db", service: name);
        await RabbitNotes.AssertEqualAsync(Source, target ?? Target, newcomer);
        await RemoveAsync(newcomer);
        // What nobody reads any more would take what is meant to find no queue.
        for (var lane = 0; lane < _lanes; lane++)
            await Place.DeleteQueueAsync($"{RabbitNotes.Destination}.{name}.{lane}");
        // What is confirmed leaves the outbox a moment after it is at the target.
        await UntilAsync(() => Unsent == 0);
        NotesPromises.RequireHeads(Shop, "target.db", $"{name}.db");
        _watch!.RequireNoneFell();
    }

    /// <summary>Stops a host for good.</summary>
    public async Task RemoveAsync(IHost host)
    {
        _hosts.Remove(host);
        await NotesShop.StopAsync(host);
    }

    public async ValueTask DisposeAsync()
    {
        if (_watch is not null)
            await _watch.DisposeAsync();
        _hosts.Reverse();
        foreach (var host in _hosts)
            await NotesShop.StopAsync(host);
        Shop.Dispose();
        _writing.Dispose();
        await Place.DisposeAsync();
    }

    // One after another: who reads a note and writes it must not meet another.
    private async Task SaveAsync(Action<NotesDb> change)
    {
        await _writing.WaitAsync();
        try
        {
            await NotesShop.SaveAsync(Source, change);
        }
        finally
        {
            _writing.Release();
        }
    }

    // The next host's.
    private CountedTransport NewCarrier() =>
        _counts = new(
            new RabbitMQTransport(
                Place.Options(o =>
                {
                    o.DeliveryTimeout = TimeSpan.FromSeconds(2);
                    _configure?.Invoke(o);
                }),
                surroundings: new(logger: Log.For<RabbitMQTransport>())
            )
        );

    private IHost Add(IHost host)
    {
        _hosts.Add(host);
        return host;
    }
}
