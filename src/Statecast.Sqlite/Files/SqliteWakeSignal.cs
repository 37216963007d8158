namespace Statecast.Sqlite.Files;

/// <summary>Beats for everybody who waits, and remembers that it did.</summary>
internal sealed class SqliteWakeSignal
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes at the next beat. Taken before one looks, a beat in between is not missed.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    public void Beat() => Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
