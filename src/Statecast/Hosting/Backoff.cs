namespace Statecast.Hosting;

/// <summary>Full-jitter exponential backoff: a random wait between zero and a bound that doubles with every failure. Keeps many failing loops from trying in step.</summary>
/// <param name="entropy">Where the jitter comes from.</param>
/// <param name="first">The first bound; default 50 ms.</param>
/// <param name="most">The highest bound; default 10 s.</param>
public sealed class Backoff(IEntropy entropy, TimeSpan? first = null, TimeSpan? most = null)
{
    private readonly TimeSpan _first = first ?? TimeSpan.FromMilliseconds(50);
    private readonly TimeSpan _most = most ?? TimeSpan.FromSeconds(10);
    private int _failures;

    /// <summary>Notes a failure and returns the wait before the next try.</summary>
    public TimeSpan Next() => Wait(_failures++);

    /// <summary>The wait after so many failures, without noting one.</summary>
    public TimeSpan Wait(int failures)
    {
        var bound = Math.Min(_most.TotalMilliseconds, _first.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 30)));
        return TimeSpan.FromMilliseconds(bound * entropy.NextFraction());
    }

    /// <summary>Notes a success.</summary>
    public void Reset() => _failures = 0;
}
