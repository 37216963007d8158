namespace Statecast.Hosting;

/// <summary>Wakes one waiter; a signal that nobody waits for is kept, several are one.</summary>
internal sealed class AsyncSignal
{
    private readonly SemaphoreSlim _semaphore = new(0, 1);

    public void Signal()
    {
        // Two signallers may meet here; one permit is all that is wanted.
        try
        {
            if (_semaphore.CurrentCount == 0)
                _semaphore.Release();
        }
        catch (SemaphoreFullException)
        {
            // The other was first: the waiter wakes all the same.
        }
    }

    /// <summary>Waits for a signal.</summary>
    public Task WaitAsync(CancellationToken ct) => _semaphore.WaitAsync(ct);

    /// <summary>Waits for a signal or the time-out.</summary>
    public async Task WaitAsync(TimeSpan timeout, TimeProvider clock, CancellationToken ct)
    {
        // A source of its own for the time-out: a clock's timer may call back once more while this method ends, and this one bears it.
        using var timedOut = new CancellationTokenSource(timeout, clock);
        using var expiry = CancellationTokenSource.CreateLinkedTokenSource(ct, timedOut.Token);
        try
        {
            await _semaphore.WaitAsync(expiry.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // Timed out: the caller looks for itself.
        }
    }
}
