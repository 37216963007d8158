namespace Statecast.RabbitMQ.Transport;

/// <summary>The order of calls: each comes when the one before it is over. What happens before may take any time.</summary>
internal sealed class RabbitTurns
{
    private Task _last = Task.CompletedTask;

    /// <summary>The next turn, in the order of the calls.</summary>
    public RabbitTurn Next()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return new(Interlocked.Exchange(ref _last, done.Task), done);
    }
}

/// <summary>One call's turn.</summary>
internal sealed class RabbitTurn(Task before, TaskCompletionSource done)
{
    public Task ComesAsync(CancellationToken ct) => before.WaitAsync(ct);

    /// <summary>The next may come. If this one was given up before its turn came, the next waits for those before all the same.</summary>
    public void IsOver()
    {
        if (before.IsCompleted)
            done.TrySetResult();
        else
            before.ContinueWith(
                static (_, state) => ((TaskCompletionSource)state!).TrySetResult(),
                done,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
    }
}
