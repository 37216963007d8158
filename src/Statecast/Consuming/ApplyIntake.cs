using Statecast.Transport;

namespace Statecast.Consuming;

/// <summary>
/// What comes in for one replica: receives a delivery and reads its bodies while the one before is committed, and asks for no more while what is held and what
/// may come exceed the cap. Called by the apply loop only.
/// </summary>
internal sealed class ApplyIntake(Subscription subscription, ITransportReceiver receiver, CancellationToken ct) : IAsyncDisposable
{
    private readonly BatchSize _size = new(subscription.Limits.Events, subscription.Limits.CatchUpEvents, subscription.Limits.ForRepeats);
    private readonly Stack<ApplyBatch> _idle = new([new(), new()]);
    private readonly CancellationTokenSource _ended = CancellationTokenSource.CreateLinkedTokenSource(ct);
    private Task<ApplyBatch>? _coming;
    private long _held;

    /// <summary>The next batch, asked for if it is not yet.</summary>
    public Task<ApplyBatch> Coming() => _coming ??= Ask();

    /// <summary>Takes the batch that came; while it is worked on, the next is asked for.</summary>
    public async ValueTask<ApplyBatch> TakeAsync()
    {
        var batch = await Coming().ConfigureAwait(false);
        _coming = null;
        // A lane that opened must be sought before anything is read. Where nothing is decoded, a second thread would only move the events from one processor's
        // cache to another's.
        var settled = batch.Delivery.Opened.Count == 0 && batch.Delivery.Closed.Count == 0;
        if (
            subscription.Planner.Decodes
            && settled
            && Interlocked.Read(ref _held) + subscription.Limits.BatchBytes <= subscription.Limits.BytesInFlight
        )
            _coming = Ask();
        return batch;
    }

    /// <summary>The batch is in the replica for good.</summary>
    public void Done(ApplyBatch batch)
    {
        subscription.Status.Holds(Interlocked.Add(ref _held, -batch.Bytes));
        batch.Clear();
        _idle.Push(batch);
    }

    public async ValueTask DisposeAsync()
    {
        // The receiver must not be disposed under a receive that still runs; and one that has nothing to wait for any more would wait for the next event.
        await _ended.CancelAsync().ConfigureAwait(false);
        if (_coming is { } coming)
            await coming
                .ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)
                .ConfigureAwait(false);
        _ended.Dispose();
        subscription.Status.Holds(0);
    }

    // On another thread: carriers read files, and bodies are decoded, without a wait in between.
    private Task<ApplyBatch> Ask()
    {
        var batch = _idle.Pop();
        return subscription.Planner.Decodes ? Task.Run(() => ReceiveAsync(batch), CancellationToken.None) : ReceiveAsync(batch);
    }

    private async Task<ApplyBatch> ReceiveAsync(ApplyBatch batch)
    {
        var delivery = await receiver.ReceiveAsync(_size.Next, _ended.Token).ConfigureAwait(false);
        batch.Fill(delivery);
        subscription.Status.Holds(Interlocked.Add(ref _held, batch.Bytes));
        subscription.Planner.Read(batch);
        _size.Came(batch.Count, batch.Keys.Count, more: delivery.Batches.Any(b => b.Events.Count > 0 && !b.AtTail));
        return batch;
    }
}
