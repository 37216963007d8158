namespace Statecast.Publishing;

/// <summary>Keeps the republisher to a number of keys a second. What a chunk took of that time already counts.</summary>
internal sealed class RepublishPace(int? keysPerSecond, TimeProvider clock)
{
    private long _begun;

    /// <summary>The most keys of a chunk: never more than a second's, so that they go out evenly; what is read ahead is written two at a time.</summary>
    public int Begin(int chunkSize)
    {
        _begun = clock.GetTimestamp();
        return keysPerSecond is { } limit ? Math.Min(chunkSize, limit) : chunkSize;
    }

    /// <summary>Waits until the next chunk may begin.</summary>
    public async ValueTask EndAsync(int keys, CancellationToken ct)
    {
        if (keysPerSecond is not { } limit)
            return;
        var wait = TimeSpan.FromSeconds((double)keys / limit) - clock.GetElapsedTime(_begun);
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, clock, ct).ConfigureAwait(false);
    }
}
