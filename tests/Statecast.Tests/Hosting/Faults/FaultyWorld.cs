using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.Conformance.Transport;
using Statecast.Hosting;
using Statecast.Outbox;
using Statecast.Replicas.InMemory;
using Statecast.Sqlite.Replicas;

namespace Statecast.Tests.Hosting.Faults;

/// <summary>
/// Real hosts over a carrier at its worst: a source, a target in memory, and a target in an SQLite file. Replica stores fail now and then too.
/// Everything but the threads is decided by the seed.
/// </summary>
internal sealed class FaultyWorld : IAsyncDisposable
{
    private const int Keys = 40;
    private readonly RunningClock _clock = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("statecast-test-").FullName;
    private readonly Random _random;
    private readonly Random _storeFaults;
    private IHost? _sourceHost;
    private TaskCompletionSource _fileFailed = new();
    private volatile bool _fileIsDown;
    private int _texts;
    private bool _healed;

    public FaultyWorld(bool retained, bool conditional, int seed, bool answers = false)
    {
        (_random, _storeFaults) = (new(seed), new(seed));
        Transport = new(
            FaultyOptions.Worst(retained, conditional) with
            {
                HungSend = 0.05,
                Answers = answers,
                Lose = answers ? 0.005 : 0,
            },
            seed
        );
        Source = new(_clock.Time, Enumerable.Range(0, Keys / 2).Select(id => new NoteState(id, "before")));
        InMemory = new("in-memory", Transport, _clock.Time, () => new MemoryReplicaStore(), StoreFails);
        InFile = new("in-file", Transport, _clock.Time, () => new SqliteReplicaStore(Path.Combine(_folder, "notes.db")), FileFails);
    }

    public FaultyTransport Transport { get; }

    public MemorySource Source { get; }

    public FaultyTarget InMemory { get; }

    public FaultyTarget InFile { get; }

    /// <summary>Promise 6 of every relay that ever ran, together.</summary>
    public RelayCounters Sums { get; private set; }

    /// <summary>How often a replica store failed.</summary>
    public int StoreFailures { get; private set; }

    /// <summary>Whether the source that runs has said a heartbeat.</summary>
    public bool HasSpoken => Relay.Counters.Heartbeats > 0;

    private RelayStatus Relay =>
        _sourceHost!.Services.GetRequiredService<StatecastRuntime>().Loops.Select(l => l.Loop).OfType<RelayRunner>().Single().Status!;

    /// <summary>Small pages and batches, so that few events make much work, and short times.</summary>
    public static void Quick(StatecastOptions options)
    {
        options.Relay.HeartbeatInterval = TimeSpan.FromMilliseconds(100);
        options.Relay.DeliveryTimeout = TimeSpan.FromMilliseconds(500);
        options.Relay.LeaseDuration = TimeSpan.FromSeconds(2);
        options.Relay.BackoffBase = TimeSpan.FromMilliseconds(5);
        options.Relay.BackoffCap = TimeSpan.FromMilliseconds(100);
        options.Relay.DrainTimeout = TimeSpan.FromSeconds(1);
        options.Relay.MaxPageRows = 15;
        options.Relay.MaxInFlightEvents = 40;
        options.Relay.MaxBatchEvents = 7;
        options.Relay.MaxReadBack = 10;
        options.Target.MaxBatch = 9;
        options.Republish.ChunkSize = 6;
        options.Republish.Poll = TimeSpan.FromMilliseconds(50);
        options.Handlers.FirstRetry = TimeSpan.FromMilliseconds(5);
        options.Handlers.Poll = TimeSpan.FromMilliseconds(50);
    }

    public async Task StartAsync()
    {
        await StartTargetsAsync();
        // A queue holds only what was sent after it was bound; a host that has started may not have come to it.
        if (!Transport.Abilities.Retained)
            await TargetHost.Until(() => Transport.IsBound(InMemory.Name) && Transport.IsBound(InFile.Name));
        await StartSourceAsync();
    }

    public async Task StartTargetsAsync()
    {
        await InMemory.StartAsync();
        await InFile.StartAsync();
    }

    public async Task RestartSourceAsync()
    {
        await StopSourceAsync();
        await StartSourceAsync();
    }

    /// <summary>Writes, deletes and re-creates keys, some of them together, while everything runs.</summary>
    public async Task WriteAsync(int saves, CancellationToken ct)
    {
        for (var i = 0; i < saves; i++)
        {
            var changes = new Dictionary<int, NoteState?>();
            for (var n = _random.Next(1, 5); n > 0; n--)
                changes[_random.Next(Keys)] = null;
            foreach (var id in changes.Keys.ToList())
                if (_random.Next(4) > 0)
                    changes[id] = new(id, _random.Next(10) == 0 ? "the same" : $"text {_texts++}");
            Source.Save(changes);
            if (i % 4 == 0)
                await Task.Delay(1, ct);
        }
    }

    /// <summary>Stops the target in a file with a delivery in its hands that it cannot write, as a crash would.</summary>
    public async Task StopInFileMidwayAsync(CancellationToken ct)
    {
        _fileFailed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _fileIsDown = true;
        await WriteAsync(3, ct);
        await _fileFailed.Task.WaitAsync(ct);
        await InFile.StopAsync();
        _fileIsDown = false;
    }

    /// <summary>Ends all faults.</summary>
    public void Heal()
    {
        Transport.Heal();
        lock (_storeFaults)
            _healed = true;
    }

    /// <summary>Where everything stands, for a test that waits in vain.</summary>
    public async Task<string> DescribeAsync(FaultyTarget target)
    {
        var differences = new List<string>();
        foreach (var (key, head) in Source.Heads)
            if (await target.Store.FindAsync(key, CancellationToken.None) is var row && row?.Revision.Number != head.Revision)
                differences.Add(
                    $"{key}: head {head.Revision}{(head.Deleted ? " deleted" : "")}, replica {row?.Revision.ToString() ?? "has none"}"
                );
        var loops = _sourceHost!.Services.GetRequiredService<StatecastRuntime>().Loops.Concat(target.Loops);
        return $"""
            '{target.Name}' does not come to equal its source.
            {string.Join(Environment.NewLine, differences)}
            held for it: {string.Join(", ", Transport.Held(target.Name))}
            relay: {Relay}
            replica: {target.Statecast.Replicas.Single().Counters}, {target.Replica.Freshness}
            loops: {string.Join("; ", loops.Select(l => $"{l.Loop.Name}, last beat {l.Loop.LastBeat:O}, {l.Failure ?? "works"}"))}
            now: {_clock.Time.GetUtcNow():O}
            """;
    }

    /// <summary>Returns when everything captured was taken by the carrier.</summary>
    public Task WhenSentAsync(CancellationToken ct) => _sourceHost!.Services.GetRequiredService<IStatecast>().WhenIdleAsync(ct);

    public async ValueTask DisposeAsync()
    {
        await StopSourceAsync();
        await InMemory.DisposeAsync();
        await InFile.DisposeAsync();
        await _clock.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Stops the source and counts what its relay did.</summary>
    public async Task StopSourceAsync()
    {
        if (_sourceHost is not { } host)
            return;
        await host.StopAsync();
        var (now, sums) = (Relay, Sums);
        Sums = new(
            sums.Seen + now.Counters.Seen - now.InHand,
            sums.Sent + now.Counters.Sent,
            sums.Coalesced + now.Counters.Coalesced,
            sums.Superseded + now.Counters.Superseded,
            sums.Resent + now.Counters.Resent,
            sums.Heartbeats + now.Counters.Heartbeats,
            sums.Mended + now.Counters.Mended
        );
        host.Dispose();
        _sourceHost = null;
    }

    public async Task StartSourceAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(_clock.Time);
        builder.Services.AddStatecast(
            "notes",
            s => s.AddTransport(Transport.Carrier, _ => Transport).Configure(Quick).AddSource(_ => Source)
        );
        _sourceHost = builder.Build();
        await _sourceHost.StartAsync();
    }

    private bool FileFails(StoreMoment moment)
    {
        if (!_fileIsDown || moment != StoreMoment.BeforeRows)
            return StoreFails(moment);
        _fileFailed.TrySetResult();
        return true;
    }

    private bool StoreFails(StoreMoment moment)
    {
        lock (_storeFaults)
        {
            if (_healed || _storeFaults.Next(20) > 0)
                return false;
            StoreFailures++;
            return true;
        }
    }
}
