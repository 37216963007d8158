using Microsoft.Extensions.Logging;
using Statecast.Diagnostics;
using Statecast.Hosting;

namespace Statecast.Publishing;

/// <summary>Works off one source's republish queue, chunk by chunk, while writes go on.</summary>
internal sealed class RepublishLoop(IStateSource source, RepublishOptions options, ILogger logger, TimeProvider clock) : ISupervisedLoop
{
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan CountAgainAfter = TimeSpan.FromSeconds(1);

    // A full lane holds more than the relay sends in that time.
    private static readonly TimeSpan WaitForRelay = TimeSpan.FromMilliseconds(20);

    private readonly AsyncSignal _asked = new();
    private readonly RepublishPace _pace = new(options.KeysPerSecond, clock);
    private volatile RepublishProgress _progress = new(source.Name, 0, 0, 0, 0, 0);

    // Read by WhenIdleAsync: an empty look that began after the question proves that nothing is queued.
    private long _emptyLooks;
    private long _total;
    private long _begun;
    private long _countedAt;
    private long _reported;
    private volatile bool _countAgain;
    private bool _counted;
    private long _toldWithheld;

    public string Name => $"republish {source.Name}";

    public DateTimeOffset LastBeat { get; private set; } = clock.GetUtcNow();

    public long EmptyLooks => Interlocked.Read(ref _emptyLooks);

    /// <summary>How it stands.</summary>
    public RepublishProgress Progress => _progress;

    /// <summary>Keys looked at by this process.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>Something was queued, or somebody waits.</summary>
    public void Wake() => _asked.Signal();

    /// <summary>Something was queued.</summary>
    public void Queued()
    {
        _countAgain = true;
        Wake();
    }

    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            LastBeat = clock.GetUtcNow();
            if (_progress.Done == 0)
                _begun = _reported = clock.GetTimestamp();
            var chunk = await source.RepublishChunkAsync(_pace.Begin(options.ChunkSize), ct).ConfigureAwait(false);
            foreach (var passedOver in chunk.PassedOver)
                Log.PassedOver(logger, passedOver.Contract, passedOver.Key, passedOver);
            if (chunk.Keys > 0)
            {
                await AdvanceAsync(chunk.Keys, ct).ConfigureAwait(false);
                await _pace.EndAsync(chunk.Keys, ct).ConfigureAwait(false);
            }
            if (chunk.Worked)
                continue;
            if (chunk.Waits)
            {
                await Task.Delay(WaitForRelay, clock, ct).ConfigureAwait(false);
                continue;
            }
            if (_progress.Done > 0)
                Log.Republished(logger, source.Name, _progress.Done);
            if (_progress.Done > 0 || !_counted)
                await RestAsync(ct).ConfigureAwait(false);
            Interlocked.Increment(ref _emptyLooks);
            await _asked.WaitAsync(options.Poll, clock, ct).ConfigureAwait(false);
        }
    }

    private async ValueTask AdvanceAsync(int keys, CancellationToken ct)
    {
        Interlocked.Add(ref _total, keys);
        var before = _progress;
        var done = before.Done + keys;
        var queue = new RepublishQueue(before.Requests, before.Remaining - keys, before.Withheld);
        // Counting costs the source a look at all its keys: once, and again when the count was wrong or more was queued; a target's ranges are queued one by one.
        if (before.Done == 0 || ((queue.Keys < 0 || _countAgain) && clock.GetElapsedTime(_countedAt) >= CountAgainAfter))
        {
            _countAgain = false;
            _countedAt = clock.GetTimestamp();
            queue = await source.CountRepublishAsync(ct).ConfigureAwait(false);
        }
        var elapsed = clock.GetElapsedTime(_begun).TotalSeconds;
        // Below nothing it is a count that was wrong; it is counted again soon.
        var remaining = queue.Keys < 0 ? 0 : queue.Keys;
        _progress = new(source.Name, queue.Requests, done, elapsed > 0 ? done / elapsed : 0, remaining, queue.Withheld);
        if (clock.GetElapsedTime(_reported) < ReportEvery)
            return;
        _reported = clock.GetTimestamp();
        Log.Republishing(
            logger,
            source.Name,
            done,
            Math.Round(_progress.KeysPerSecond),
            queue.Requests,
            queue.Keys,
            _progress.RemainingTime
        );
    }

    // What is withheld stays, and is told where people look: in the log once, in the progress and the health check for as long as it is so.
    private async ValueTask RestAsync(CancellationToken ct)
    {
        var withheld = (await source.CountRepublishAsync(ct).ConfigureAwait(false)).Withheld;
        if (withheld > 0 && withheld != _toldWithheld)
            Log.Withheld(logger, source.Name, withheld);
        _toldWithheld = withheld;
        _progress = new(source.Name, 0, 0, 0, 0, withheld);
        _counted = true;
    }
}
