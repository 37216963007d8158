using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Statecast.Diagnostics;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Transport;

namespace Statecast.Consuming;

/// <summary>Drives the apply machine of one replica over its carrier and its store. The only writer of the replica's rows.</summary>
internal sealed class ApplyLoop(Subscription subscription, ILogger logger, TimeProvider clock, IEntropy entropy) : ISupervisedLoop
{
    // What is parked is tried again or dropped in pages, each with a transaction of its own: there may be more of it than memory holds.
    private const int ParkedPageKeys = 200;
    private const long ParkedPageBytes = 4 << 20;

    private readonly Channel<ParkedRequest> _requests = Channel.CreateUnbounded<ParkedRequest>(new() { SingleReader = true });
    private readonly Backoff _backoff = new(entropy);
    private bool _failing;

    // A commit began and its outcome is not known: the store may hold what nobody was told of.
    private bool _unsure;

    public string Name => $"apply {subscription.Layout.Name}";

    public DateTimeOffset LastBeat { get; private set; } = clock.GetUtcNow();

    /// <summary>Asks the loop to retry or drop parked events; answers how many it did.</summary>
    public Task<int> ResolveAsync(string? key, bool drop, CancellationToken ct)
    {
        var request = new ParkedRequest(key, drop, new(TaskCreationOptions.RunContinuationsAsynchronously));
        _requests.Writer.TryWrite(request);
        return request.Done.Task.WaitAsync(ct);
    }

    /// <summary>A reader found that a row's body is no state: the row is parked, unless a newer one came.</summary>
    public void FoundUnreadable(ReplicaRow row, string reason) =>
        _requests.Writer.TryWrite(new(row.Key, false, new()) { Unreadable = (row.Revision, reason) });

    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            await Run(ct).ConfigureAwait(false);
        }
        // The supervisor starts the loop again; until then whoever asks for readiness hears why there is none.
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            subscription.Status.Failed(e.Message);
            throw;
        }
    }

    private async Task Run(CancellationToken ct)
    {
        var store = subscription.Store;
        var contents = await store.OpenAsync(subscription.Layout, ct).ConfigureAwait(false);
        if (contents.LayoutHash != subscription.Layout.Hash)
            contents = await ReplicaRebuild.RunAsync(store, subscription, contents, logger, clock, ct).ConfigureAwait(false);
        var machine = new ApplyMachine(contents, subscription.Planner, subscription.Rules);
        subscription.Status.Opened(machine.Progress, contents, await ParkedWithoutBodies(ct).ConfigureAwait(false));
        _unsure = false;
        // What was parked may be readable now: the target was upgraded, or a codec was added.
        await ResolveParked(machine, new(null, false, new()), ct).ConfigureAwait(false);
        // Who asked before the store was open waits for something that may be in it.
        if (subscription.Status.WaitedFor.Count > 0)
            await Reload(ct).ConfigureAwait(false);
        subscription.PendingWork.Signal();
        subscription.Status.Failed(null);

        var options = new ReceiverOptions(subscription.Target, subscription.Instance, subscription.Reads)
        {
            Source = contents.Source,
            TakesObjects = subscription.TakesObjects,
            MaxBytes = subscription.Limits.DeliveryBytes,
        };
        await using var receiver = await subscription.Transport.OpenReceiverAsync(options, ct).ConfigureAwait(false);
        Log.Subscribed(logger, subscription.Layout.Name, subscription.Transport.Carrier, machine.Progress.State);
        await ReceiveAll(machine, receiver, ct).ConfigureAwait(false);
    }

    private async Task ReceiveAll(ApplyMachine machine, ITransportReceiver receiver, CancellationToken ct)
    {
        Task<bool>? asked = null;
        await using var intake = new ApplyIntake(subscription, receiver);
        while (true)
        {
            var coming = intake.Coming(ct);
            if (!coming.IsCompleted)
            {
                asked ??= _requests.Reader.WaitToReadAsync(ct).AsTask();
                await AnyOrBeat(coming, asked, ct).ConfigureAwait(false);
            }
            LastBeat = clock.GetUtcNow();
            if (asked is { IsCompleted: true })
            {
                asked = null;
                while (_requests.Reader.TryRead(out var request))
                    await Resolve(machine, request, ct).ConfigureAwait(false);
            }
            if (!coming.IsCompleted)
                continue;
            var batch = await intake.TakeAsync(ct).ConfigureAwait(false);
            await ApplyUntilDone(machine, receiver, batch, ct).ConfigureAwait(false);
            intake.Done(batch);
        }
    }

    /// <summary>Waits for either, or until it is time to show that the loop lives: a source or carrier that is silent for long is no loop that stands still.</summary>
    private async Task AnyOrBeat(Task coming, Task asked, CancellationToken ct)
    {
        try
        {
            await Task.WhenAny(coming, asked).WaitAsync(subscription.Beat, clock, ct).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Nothing came: the caller looks again.
        }
    }

    private async Task ApplyUntilDone(ApplyMachine machine, ITransportReceiver receiver, ApplyBatch batch, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                if (_unsure)
                    await Reload(ct).ConfigureAwait(false);
                await Apply(machine, receiver, batch, ct).ConfigureAwait(false);
                if (_failing)
                    Log.ApplyRecovered(logger, subscription.Layout.Name);
                _failing = false;
                _backoff.Reset();
                subscription.Status.Failed(null);
                return;
            }
            // The store is the target's own: it is down or full, not the event's fault. Nothing is lost, the same delivery is tried again.
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                subscription.Status.Failed(e.Message);
                if (!_failing)
                    Log.ApplyFailing(logger, e, subscription.Layout.Name);
                _failing = true;
                await Task.Delay(_backoff.Next(), clock, ct).ConfigureAwait(false);
                LastBeat = clock.GetUtcNow();
            }
        }
    }

    private async Task Apply(ApplyMachine machine, ITransportReceiver receiver, ApplyBatch batch, CancellationToken ct)
    {
        using var activity = StatecastActivity.Process(subscription, batch.Delivery);
        var started = clock.GetTimestamp();
        try
        {
            await Execute(machine, receiver, batch, ct).ConfigureAwait(false);
            await Finish(machine, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            StatecastActivity.Failed(activity, e.GetType().FullName);
            StatecastMeter.Processed(subscription, batch.Delivery, clock.GetElapsedTime(started), e.GetType().FullName);
            throw;
        }
        StatecastMeter.Processed(subscription, batch.Delivery, clock.GetElapsedTime(started), null);
    }

    private async Task Execute(ApplyMachine machine, ITransportReceiver receiver, ApplyBatch batch, CancellationToken ct)
    {
        IReplicaUnit? unit = null;
        try
        {
            var queue = new Queue<ApplyCommand>(subscription.Status.Step(() => machine.Deliver(batch)));
            while (queue.TryDequeue(out var command))
            {
                switch (command)
                {
                    case ApplyCommand.Seek seek:
                        await receiver.SeekAsync(seek.Lane, seek.Position, ct).ConfigureAwait(false);
                        break;
                    case ApplyCommand.Load load:
                        unit = await subscription.Store.BeginAsync(load.Keys, ct).ConfigureAwait(false);
                        foreach (var next in machine.Loaded(unit, clock.GetUtcNow()))
                            queue.Enqueue(next);
                        break;
                    case ApplyCommand.Commit commit:
                        unit ??= await subscription.Store.BeginAsync([], ct).ConfigureAwait(false);
                        await Write(unit, commit.Plan, ct).ConfigureAwait(false);
                        batch.RowsAreFree = commit.Plan.RowsAreCopied;
                        await unit.DisposeAsync().ConfigureAwait(false);
                        unit = null;
                        break;
                    case ApplyCommand.Acknowledge acknowledge:
                        await receiver.AcknowledgeAsync(acknowledge.Delivery, ct).ConfigureAwait(false);
                        break;
                    default:
                        throw new InvalidOperationException($"{command.GetType().Name} is no command that the loop knows.");
                }
            }
        }
        finally
        {
            if (unit is not null)
                await unit.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task Finish(ApplyMachine machine, CancellationToken ct)
    {
        var before = machine.Progress.State;
        var queue = new Queue<ApplyCommand>(subscription.Status.Step(() => machine.Finished(clock.GetUtcNow())));
        while (queue.TryDequeue(out var command))
            switch (command)
            {
                case ApplyCommand.Commit commit:
                    await using (var unit = await subscription.Store.BeginAsync([], ct).ConfigureAwait(false))
                        await unit.CommitAsync(commit.Plan, ct).ConfigureAwait(false);
                    subscription.Status.Step(() =>
                    {
                        machine.Stored(commit.Plan);
                        return true;
                    });
                    break;
                case ApplyCommand.Drop drop:
                    await ReplicaDrop.RunAsync(machine, drop.Due, subscription, Write, logger, clock, ct).ConfigureAwait(false);
                    foreach (var next in subscription.Status.Step(() => machine.Dropped(drop.Due)))
                        queue.Enqueue(next);
                    // What is parked from below the floor is superseded.
                    await ResolveParked(machine, new(null, false, new()), ct).ConfigureAwait(false);
                    break;
            }
        if (machine.Progress.State != before)
            Log.ReplicaState(logger, subscription.Layout.Name, before, machine.Progress.State, subscription.Status.Keys);
    }

    private async Task Write(IReplicaUnit unit, ReplicaPlan plan, CancellationToken ct)
    {
        var bootstrap = !subscription.Status.WasLive;
        _unsure = true;
        await unit.CommitAsync(plan, ct).ConfigureAwait(false);
        _unsure = false;
        Told(plan, bootstrap);
    }

    /// <summary>Takes over what the store holds: sums, keys, parked events, and states that somebody waits for.</summary>
    private async Task Reload(CancellationToken ct)
    {
        var store = subscription.Store;
        var status = subscription.Status;
        var contents = await store.OpenAsync(subscription.Layout, ct).ConfigureAwait(false);
        var parked = await ParkedWithoutBodies(ct).ConfigureAwait(false);
        var rows = new List<ReplicaRow>();
        foreach (var key in status.WaitedFor.Union(subscription.Watches.Keys))
            if (await store.FindAsync(key, ct).ConfigureAwait(false) is { } row)
                rows.Add(row);
        _unsure = false;
        status.Reloaded(contents, parked, rows);
        subscription.Watches.Found(rows);
        subscription.PendingWork.Signal();
    }

    private void Told(ReplicaPlan plan, bool bootstrap)
    {
        subscription.Status.Committed(plan, plan.KeysDelta);
        subscription.Watches.Committed(plan, subscription.Layout.Name);
        foreach (var parked in plan.Park)
            Log.Parked(logger, subscription.Layout.Name, parked.Key, parked.Reason);
        StatecastMeter.Applied(subscription, plan, bootstrap);
        if (plan.Pending.Count > 0)
            subscription.PendingWork.Signal();
    }

    private async Task Resolve(ApplyMachine machine, ParkedRequest request, CancellationToken ct)
    {
        try
        {
            request.Done.TrySetResult(await ResolveParked(machine, request, ct).ConfigureAwait(false));
        }
        // The operator who asked hears of it; the loop goes on.
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            request.Done.TrySetException(e);
        }
    }

    private async Task<int> ResolveParked(ApplyMachine machine, ParkedRequest request, CancellationToken ct)
    {
        if (request.Unreadable is { } unreadable)
            return await ParkUnreadable(request.Key!, unreadable.Revision, unreadable.Reason, ct).ConfigureAwait(false);
        var resolved = 0;
        var bytes = 0L;
        var page = new List<ParkedEvent>();
        // Nobody else parks or unparks meanwhile. What is parked again with another reason comes last in the store, but not again here: the read is one snapshot.
        await foreach (var each in subscription.Store.Inbox.ParkedAsync(ct).ConfigureAwait(false))
        {
            if (request.Key is not null && request.Key != each.Key)
                continue;
            page.Add(each);
            bytes += each.Raw.Length + (each.Event?.Body.Length ?? 0);
            if (page.Count < ParkedPageKeys && bytes < ParkedPageBytes)
                continue;
            resolved += await ResolvePage(machine, request, page, ct).ConfigureAwait(false);
            page.Clear();
            bytes = 0;
        }
        return page.Count == 0 ? resolved : resolved + await ResolvePage(machine, request, page, ct).ConfigureAwait(false);
    }

    private async Task<int> ParkUnreadable(string key, StateRevision revision, string reason, CancellationToken ct)
    {
        if (await subscription.Store.FindAsync(key, ct).ConfigureAwait(false) is not { Deleted: false } row || row.Revision != revision)
            return 0;
        await using var unit = await subscription.Store.BeginAsync([key], ct).ConfigureAwait(false);
        if (unit.FindParked(key) is not null)
            return 0;
        await Write(unit, ReplicaRebuild.Park(row, reason, subscription, clock.GetUtcNow()), ct).ConfigureAwait(false);
        return 1;
    }

    private async Task<int> ResolvePage(ApplyMachine machine, ParkedRequest request, List<ParkedEvent> page, CancellationToken ct)
    {
        await using var unit = await subscription.Store.BeginAsync([.. page.Select(p => p.Key)], ct).ConfigureAwait(false);
        var plan = request.Drop
            ? Drop(page)
            : subscription.Planner.Retry(page, unit, machine.Progress.WasLive, machine.FloorEpoch, clock.GetUtcNow());
        await Write(unit, plan, ct).ConfigureAwait(false);
        return plan.Unpark.Count;
    }

    private ValueTask<List<ParkedEvent>> ParkedWithoutBodies(CancellationToken ct) =>
        subscription
            .Store.Inbox.ParkedAsync(ct)
            .Select(p => p with { Raw = default, Event = p.Event is { } parked ? parked with { Body = default } : null })
            .ToListAsync(ct);

    private static ReplicaPlan Drop(List<ParkedEvent> parked)
    {
        var plan = new ReplicaPlan { Counters = new(0, 0, 0, parked.Count) };
        plan.Unpark.AddRange(parked.Select(p => p.Key));
        return plan;
    }
}
