using Statecast.Hosting;

namespace Statecast.Outbox;

/// <summary>Full jitter: anything from nothing to the bound, which doubles with every failure. Spreads retries best after a common fault.</summary>
/// <param name="first">The first bound.</param>
/// <param name="cap">The highest bound.</param>
/// <param name="entropy">Decides.</param>
internal sealed class Backoff(TimeSpan first, TimeSpan cap, IEntropy entropy)
{
    /// <summary>How long to wait after so many failures in a row, from 1.</summary>
    public TimeSpan After(int failures)
    {
        var bound = Math.Min(cap.Ticks, first.Ticks * Math.Pow(2, Math.Min(failures, 40) - 1));
        // At least a millisecond: a drawn zero must not turn a dead carrier into a busy loop.
        return TimeSpan.FromTicks(Math.Max(TimeSpan.TicksPerMillisecond, (long)(bound * entropy.NextFraction())));
    }
}
