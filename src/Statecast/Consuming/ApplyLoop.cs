using Microsoft.Extensions.Logging;
using Statecast.Diagnostics;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Transport;

namespace Statecast.Consuming;

/// <summary>Drives the apply machine of one replica over its carrier and its store. The only writer of the replica's rows.</summary>
internal sealed class ApplyLoop : ISupervisedLoop
{
    private readonly Subscription _subscription;
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private readonly ParkedResolver _resolver;
    private readonly Backoff _backoff;
    private readonly IEntropy _entropy;
    private bool _failing;

    // Of a shared replica: how many lanes its destination has.
    private int _lanes;

    // A commit began and its outcome is not known: the store may hold what nobody was told of.
    private bool _unsure;

    // Null where the carrier has no request channel: the source's next full state mends it.
    private PatchQuestions? _questions;
    private readonly long _started;

    // Whose states these are, from the moment at which the replica was complete.
    private string? _source;

    public ApplyLoop(Subscription subscription, ILogger logger, TimeProvider clock, IEntropy entropy)
    {
        (_subscription, _logger, _clock) = (subscription, logger, clock);
        _resolver = new(subscription, Write, clock);
        _entropy = entropy;
        _backoff = new(entropy);
        LastBeat = clock.GetUtcNow();
        _started = clock.GetTimestamp();
    }

    public string Name => $"apply {_subscription.Layout.Name}";

    public DateTimeOffset LastBeat { get; private set; }

    /// <summary>What operators and readers ask of it.</summary>
    public ParkedRequests Requests { get; } = new();

    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            await Run(ct).ConfigureAwait(false);
        }
        // The supervisor starts the loop again; until then whoever asks for readiness hears why there is none.
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            _subscription.Status.Failed(e.Message);
            throw;
        }
    }

    private async Task Run(CancellationToken ct)
    {
        var store = _subscription.Store;
        var contents = await store.OpenAsync(_subscription.Layout, ct).ConfigureAwait(false);
        if (contents.LayoutHash != _subscription.Layout.Hash)
            contents = await ReplicaRebuild.RunAsync(store, _subscription, contents, _logger, _clock, Beat, ct).ConfigureAwait(false);
        var machine = new ApplyMachine(
            contents,
            _subscription.Planner,
            _subscription.Rules,
            _subscription.Shared,
            _subscription.Layout.Retained
        );
        Hold(machine);
        _subscription.Status.Opened(machine.Progress, contents, await ParkedWithoutBodies(ct).ConfigureAwait(false));
        _unsure = false;
        // What was parked may be readable now: the target was upgraded, or a codec was added.
        await _resolver.RunAsync(machine, new(null, Drop: false), ct).ConfigureAwait(false);
        await _resolver.WaitingAsync(machine, ct).ConfigureAwait(false);
        _questions = _subscription.Transport.Requests is null ? null : new(_subscription.Status.WaitingKeys);
        // Who asked before the store was open waits for something that may be in it.
        if (_subscription.Status.WaitedFor.Count > 0)
            await Reload(ct).ConfigureAwait(false);
        _subscription.PendingWork.Signal();
        _subscription.Status.Failed(null);

        var options = new ReceiverOptions(_subscription.Target, _subscription.Instance, _subscription.Reads)
        {
            // A store in memory keeps no source; the loop that starts again over its rows does.
            Source = _source ??=
                contents.Source,
            Store = contents.Store,
            TakesObjects = _subscription.TakesObjects,
            MaxBytes = _subscription.Limits.DeliveryBytes,
            Shared = _subscription.Shared,
            InMemory = _subscription.InMemory,
        };
        await using var receiver = await _subscription.Transport.OpenReceiverAsync(options, ct).ConfigureAwait(false);
        Log.Subscribed(_logger, _subscription.Layout.Name, _subscription.Transport.Carrier, machine.Progress.State);
        await ReceiveAll(machine, receiver, ct).ConfigureAwait(false);
    }

    private async Task ReceiveAll(ApplyMachine machine, ITransportReceiver receiver, CancellationToken ct)
    {
        Task? asked = null;
        await using var intake = new ApplyIntake(_subscription, receiver, ct);
        while (true)
        {
            if (_questions is { Any: true } questions)
                await AskForStates(questions, ct).ConfigureAwait(false);
            if (!_subscription.Layout.Retained)
                await AskForRanges(machine, ct).ConfigureAwait(false);
            var coming = intake.Coming();
            if (!coming.IsCompleted)
            {
                asked ??= Requests.WaitAsync(ct);
                await AnyOrBeat(coming, asked, ct).ConfigureAwait(false);
            }
            Beat();
            if (asked is { IsCompleted: true })
            {
                asked = null;
                while (Requests.Take() is { } request)
                    await Resolve(machine, request, ct).ConfigureAwait(false);
            }
            if (!coming.IsCompleted)
                continue;
            var batch = await intake.TakeAsync().ConfigureAwait(false);
            await ApplyUntilDone(machine, receiver, batch, ct).ConfigureAwait(false);
            intake.Done(batch);
            if (machine.Progress.Overdue is var (lane, since))
                throw new TransportException(
                    $"Lane {lane.Number} of '{lane.Destination}' was last complete here at {since:O}, longer ago than the log keeps Deletes: it is read anew, and what is not met there is removed. Where a reading takes as long, have the log keep them for longer."
                );
        }
    }

    private async Task AskForStates(PatchQuestions questions, CancellationToken ct)
    {
        if (questions.Take(_clock.GetElapsedTime(_started)) is not { Count: > 0 } keys)
            return;
        try
        {
            await _subscription.Transport.Requests!.AskAsync(new(_subscription.Layout.Name, keys), ct).ConfigureAwait(false);
            StatecastMeter.Asked(_subscription, keys.Count);
        }
        // Applying goes on: the keys wait, and are asked for again.
        catch (TransportException e)
        {
            Log.AskingFailed(_logger, e, _subscription.Layout.Name, keys.Count);
        }
    }

    // A queue forgets: what went before, or was lost, is asked for by message (protocol section 7).
    private async Task AskForRanges(ApplyMachine machine, CancellationToken ct)
    {
        if (_subscription.Transport.Requests is not { } requests)
            return;
        foreach (var question in _subscription.Status.Step(() => machine.Progress.Ask(_clock.GetElapsedTime(_started), _entropy.NextGuid)))
            try
            {
                await requests.AskAsync(question.ToRequest(_subscription), ct).ConfigureAwait(false);
                StatecastMeter.Asked(_subscription, question);
                if (question.Repeated)
                    Log.AskedAgain(_logger, _subscription.Layout.Name, question.Ranges.Count, question.Run);
                else if (question.Ranges[0].First == 0)
                    Log.RunStarted(_logger, _subscription.Layout.Name, question.Lane.Number, question.Run, question.Reason);
            }
            // Applying goes on: it is asked for again.
            catch (TransportException e)
            {
                Log.AskingForRangesFailed(_logger, e, _subscription.Layout.Name, question.Ranges.Count);
            }
    }

    /// <summary>Waits for either, or until it is time to show that the loop lives: a source or carrier that is silent for long is no loop that stands still.</summary>
    private async Task AnyOrBeat(Task coming, Task asked, CancellationToken ct)
    {
        try
        {
            await Task.WhenAny(coming, asked).WaitAsync(_subscription.Beat, _clock, ct).ConfigureAwait(false);
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
                    Log.ApplyRecovered(_logger, _subscription.Layout.Name);
                _failing = false;
                _backoff.Reset();
                _subscription.Status.Failed(batch.Delivery.Held);
                return;
            }
            // The store is the target's own: it is down or full, not the event's fault. Nothing is lost, the same delivery is tried again.
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                _subscription.Status.Failed(e.Message);
                if (!_failing)
                    Log.ApplyFailing(_logger, e, _subscription.Layout.Name);
                _failing = true;
                await Task.Delay(_backoff.Next(), _clock, ct).ConfigureAwait(false);
                Beat();
            }
        }
    }

    private async Task Apply(ApplyMachine machine, ITransportReceiver receiver, ApplyBatch batch, CancellationToken ct)
    {
        using var activity = StatecastActivity.Process(_subscription, batch.Delivery);
        var started = _clock.GetTimestamp();
        try
        {
            await Execute(machine, receiver, batch, ct).ConfigureAwait(false);
            await Finish(machine, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            StatecastActivity.Failed(activity, e.GetType().FullName);
            StatecastMeter.Processed(_subscription, batch.Delivery, _clock.GetElapsedTime(started), e.GetType().FullName);
            throw;
        }
        StatecastMeter.Processed(_subscription, batch.Delivery, _clock.GetElapsedTime(started), null);
    }

    private async Task Execute(ApplyMachine machine, ITransportReceiver receiver, ApplyBatch batch, CancellationToken ct)
    {
        IReplicaUnit? unit = null;
        try
        {
            foreach (var opened in batch.Delivery.Opened)
                _lanes = opened.Lanes;
            var queue = new Queue<ApplyCommand>(_subscription.Status.Step(() => machine.Deliver(batch, _clock.GetUtcNow())));
            Hold(machine);
            while (queue.TryDequeue(out var command))
            {
                switch (command)
                {
                    case ApplyCommand.Seek seek:
                        await receiver.SeekAsync(seek.Lane, seek.Position, ct).ConfigureAwait(false);
                        break;
                    case ApplyCommand.Load load:
                        unit = await _subscription.Store.BeginAsync(load.Keys, ct).ConfigureAwait(false);
                        foreach (var next in machine.Loaded(unit, _clock.GetUtcNow()))
                            queue.Enqueue(next);
                        break;
                    case ApplyCommand.Commit commit:
                        unit ??= await _subscription.Store.BeginAsync([], ct).ConfigureAwait(false);
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
        var (before, ended) = (machine.Progress.State, machine.Progress.RangesEnded);
        var queue = new Queue<ApplyCommand>(_subscription.Status.Step(() => machine.Finished(_clock.GetUtcNow())));
        StatecastMeter.RangesEnded(_subscription, machine.Progress.RangesEnded - ended);
        Hold(machine);
        while (queue.TryDequeue(out var command))
            switch (command)
            {
                case ApplyCommand.Commit commit:
                    await using (var unit = await _subscription.Store.BeginAsync([], ct).ConfigureAwait(false))
                        await unit.CommitAsync(commit.Plan, ct).ConfigureAwait(false);
                    _subscription.Status.Step(() =>
                    {
                        machine.Stored(commit.Plan);
                        return true;
                    });
                    _source ??= commit.Plan.Source;
                    break;
                case ApplyCommand.Drop drop:
                    await ReplicaDrop.RunAsync(machine, drop.Due, _subscription, Write, _logger, _clock, ct).ConfigureAwait(false);
                    foreach (var next in _subscription.Status.Step(() => machine.Dropped(drop.Due)))
                        queue.Enqueue(next);
                    // What is parked from below the floor is superseded.
                    await _resolver.RunAsync(machine, new(null, Drop: false), ct).ConfigureAwait(false);
                    await _resolver.WaitingAsync(machine, ct).ConfigureAwait(false);
                    break;
            }
        if (machine.Progress.State != before)
            Log.ReplicaState(_logger, _subscription.Layout.Name, before, machine.Progress.State, _subscription.Status.Keys);
    }

    private void Hold(ApplyMachine machine)
    {
        if (_subscription.Shared)
            _subscription.Status.Held = new(_lanes, machine.Progress, _subscription.Rules);
    }

    private async Task Write(IReplicaUnit unit, ReplicaPlan plan, CancellationToken ct)
    {
        var bootstrap = !_subscription.Status.WasLive;
        _unsure = true;
        await unit.CommitAsync(plan, ct).ConfigureAwait(false);
        // Also page by page of what is long: a replica that works is no loop that stands still.
        Beat();
        _unsure = false;
        Told(plan, bootstrap);
    }

    /// <summary>Takes over what the store holds: sums, keys, parked events, and states that somebody waits for.</summary>
    private async Task Reload(CancellationToken ct)
    {
        var store = _subscription.Store;
        var status = _subscription.Status;
        var contents = await store.OpenAsync(_subscription.Layout, ct).ConfigureAwait(false);
        var parked = await ParkedWithoutBodies(ct).ConfigureAwait(false);
        var rows = new List<ReplicaRow>();
        foreach (var key in status.WaitedFor.Union(_subscription.Watches.Keys))
            if (await store.FindAsync(key, ct).ConfigureAwait(false) is { } row)
                rows.Add(row);
        _unsure = false;
        status.Reloaded(contents, parked, rows);
        if (_questions is not null)
            _questions = new(status.WaitingKeys);
        _subscription.Watches.Found(rows);
        _subscription.PendingWork.Signal();
    }

    private void Told(ReplicaPlan plan, bool bootstrap)
    {
        _subscription.Status.Committed(plan, plan.KeysDelta);
        _subscription.Watches.Committed(plan, _subscription.Layout.Name);
        _questions?.Committed(plan);
        foreach (var parked in plan.Park)
            Log.Parked(_logger, _subscription.Layout.Name, parked.Key, parked.Reason);
        foreach (var (patch, reason) in plan.Misfits)
            Log.PatchMisfit(_logger, _subscription.Layout.Name, patch.Key, patch.Revision, reason);
        StatecastMeter.Applied(_subscription, plan, bootstrap);
        if (plan.Pending.Count > 0)
            _subscription.PendingWork.Signal();
    }

    private async Task Resolve(ApplyMachine machine, ParkedRequest request, CancellationToken ct)
    {
        try
        {
            request.Done.TrySetResult(await _resolver.RunAsync(machine, request, ct).ConfigureAwait(false));
        }
        // The operator who asked hears of it; the loop goes on. Nobody waits for an unreadable row's: the next to read it asks again.
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            request.Done.TrySetException(e);
        }
        catch (Exception)
        {
            ParkedRequests.Refuse(request);
            throw;
        }
    }

    private ValueTask<List<ParkedEvent>> ParkedWithoutBodies(CancellationToken ct) =>
        _subscription
            .Store.Inbox.ParkedAsync(ct)
            .Select(p => p with { Raw = default, Event = p.Event is { } parked ? parked with { Body = default } : null })
            .ToListAsync(ct);

    private void Beat() => LastBeat = _clock.GetUtcNow();
}
