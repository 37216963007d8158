using Microsoft.Extensions.Logging;
using Statecast.Diagnostics;
using Statecast.Hosting;

namespace Statecast.Publishing;

/// <summary>Works off one source's republish queue, chunk by chunk, while writes go on.</summary>
internal sealed class RepublishLoop(IStateSource source, RepublishOptions options, ILogger logger, TimeProvider clock) : ISupervisedLoop
{
    private readonly AsyncSignal _asked = new();

    // Read by WhenIdleAsync: an empty look that began after the question proves that nothing is queued.
    private long _emptyLooks;

    public string Name => $"republish {source.Name}";

    public DateTimeOffset LastBeat { get; private set; } = clock.GetUtcNow();

    public long EmptyLooks => Interlocked.Read(ref _emptyLooks);

    public void Wake() => _asked.Signal();

    public async Task RunAsync(CancellationToken ct)
    {
        long done = 0;
        while (true)
        {
            LastBeat = clock.GetUtcNow();
            var keys = await source.RepublishChunkAsync(options.ChunkSize, ct).ConfigureAwait(false);
            if (keys > 0)
            {
                done += keys;
                continue;
            }
            if (done > 0)
                Log.Republished(logger, source.Name, done);
            done = 0;
            Interlocked.Increment(ref _emptyLooks);
            await _asked.WaitAsync(options.Poll, clock, ct).ConfigureAwait(false);
        }
    }
}
