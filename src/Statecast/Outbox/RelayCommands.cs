using System.Threading.Channels;
using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Outbox;

/// <summary>
/// Carries out a relay's commands and answers into its mailbox. Calls to the store begin on the loop's thread and never overlap; calls to the carrier begin
/// on another, in order, and may overlap. What throws becomes <see cref="RelayInput.CommandFailed"/>.
/// </summary>
internal sealed class RelayCommands
{
    private readonly IOutboxStore _store;
    private readonly ITransportSender _sender;
    private readonly RelayOptions _options;
    private readonly TimeProvider _time;
    private readonly ChannelWriter<RelayInput> _answers;
    private readonly CancellationToken _abort;
    private readonly Channel<Func<Task>> _calls = Channel.CreateUnbounded<Func<Task>>(new() { SingleReader = true, SingleWriter = true });
    private readonly Task _calling;

    // Only the loop's thread touches these.
    private Task _storeWork = Task.CompletedTask;
    private CancellationTokenSource? _listening;

    public RelayCommands(
        IOutboxStore store,
        ITransportSender sender,
        RelayOptions options,
        TimeProvider time,
        ChannelWriter<RelayInput> answers,
        CancellationToken abort
    )
    {
        (_store, _sender, _options, _time, _answers, _abort) = (store, sender, options, time, answers, abort);
        _calling = Task.Run(CallAsync, CancellationToken.None);
    }

    /// <summary>Begins a command.</summary>
    public void Execute(RelayCommand command)
    {
        switch (command)
        {
            case RelayCommand.Acquire c:
                Store(
                    c.Id,
                    async () => new RelayInput.LeaseAnswered(c.Id, await _store.AcquireAsync(c.Request, _abort).ConfigureAwait(false))
                );
                break;
            case RelayCommand.Read c:
                Store(c.Id, async () => new RelayInput.OutboxRead(c.Id, await _store.ReadAsync(c.Query, _abort).ConfigureAwait(false)));
                break;
            case RelayCommand.Commit c:
                Store(c.Id, async () => new RelayInput.Committed(c.Id, await _store.CommitAsync(c.Change, _abort).ConfigureAwait(false)));
                break;
            case RelayCommand.Release c:
                Store(
                    c.Id,
                    async () =>
                    {
                        await _store.ReleaseAsync(c.Shard, c.LeaseId, _abort).ConfigureAwait(false);
                        return new RelayInput.Released(c.Id);
                    }
                );
                break;
            case RelayCommand.Send c:
                Call(
                    c.Id,
                    async ct => new RelayInput.SendEnded(
                        c.Id,
                        await _sender.SendAsync(c.Events, ct).ConfigureAwait(false),
                        await MarksAsync(c.Events.Select(e => e.Lane), ct).ConfigureAwait(false)
                    )
                );
                break;
            case RelayCommand.ReadEnds c:
                Call(
                    c.Id,
                    async ct => new RelayInput.EndsRead(
                        c.Id,
                        await _sender.ReadEndsAsync(c.Lanes, ct).ConfigureAwait(false),
                        await _sender.ReadMarksAsync(c.Lanes, ct).ConfigureAwait(false)
                    )
                );
                break;
            case RelayCommand.Look c:
                Call(c.Id, async ct => new RelayInput.Looked(c.Id, await _sender.ReadMarksAsync(c.Lanes, ct).ConfigureAwait(false)));
                break;
            case RelayCommand.ReadBack c:
                Call(
                    c.Id,
                    async ct => new RelayInput.ReadBackEnded(
                        c.Id,
                        await _sender.ReadBackAsync(c.Lane, c.From, c.End, ct).ConfigureAwait(false)
                    )
                );
                break;
            case RelayCommand.SendHeartbeat c:
                Call(
                    c.Id,
                    async ct =>
                    {
                        await _sender.SendHeartbeatAsync(c.Heartbeat, ct).ConfigureAwait(false);
                        return new RelayInput.HeartbeatSent(c.Id);
                    }
                );
                break;
            default:
                throw new InvalidOperationException($"The command {command.GetType().Name} is not known here.");
        }
    }

    /// <summary>Lets the store say when there may be new rows, until the next command to it.</summary>
    public void Listen(TimeSpan timeout)
    {
        if (_listening is not null)
            return;
        // An answer is in the mailbox moments before its command has ended: not listening then would miss what comes until the next heartbeat.
        var before = _storeWork;
        var listening = _listening = CancellationTokenSource.CreateLinkedTokenSource(_abort);
        _storeWork = Task.Run(
            async () =>
            {
                try
                {
                    await before.ConfigureAwait(false);
                    await _store.WaitAsync(timeout, listening.Token).ConfigureAwait(false);
                    _answers.TryWrite(new RelayInput.Woken());
                }
                catch (OperationCanceledException) when (listening.IsCancellationRequested) { }
                catch (Exception)
                {
                    // A store that cannot wait cannot be read either: the next read says so, and is what is retried and told.
                }
            },
            CancellationToken.None
        );
    }

    /// <summary>Waits until nothing is under way; the abort token must be cancelled. A carrier or a store that does not heed it is left behind after a second.</summary>
    public async Task EndAsync()
    {
        _calls.Writer.Complete();
        if (await EndsAsync(_storeWork).ConfigureAwait(false))
            _listening?.Dispose();
        await EndsAsync(_calling).ConfigureAwait(false);
    }

    private async Task<bool> EndsAsync(Task work)
    {
        try
        {
            await work.WaitAsync(TimeSpan.FromSeconds(1), _time, CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private void Store(long id, Func<Task<RelayInput>> work)
    {
        _storeWork = StoreAsync(id, work, _storeWork, _listening);
        _listening = null;
    }

    // On the loop's thread: an embedded database is answered before anyone else could have been woken for it, and the machine waits for it anyway.
    private async Task StoreAsync(long id, Func<Task<RelayInput>> work, Task before, CancellationTokenSource? listening)
    {
        if (listening is not null)
        {
            await listening.CancelAsync().ConfigureAwait(false);
            await before.ConfigureAwait(false);
            listening.Dispose();
        }
        await AnswerAsync(id, work).ConfigureAwait(false);
    }

    // With every batch. That it was taken is known whether or not the carrier can tell the rest now: the next batch asks again, and no heartbeat goes out without.
    private async ValueTask<IReadOnlyList<SentMark>> MarksAsync(IEnumerable<LaneId> lanes, CancellationToken ct)
    {
        try
        {
            return await _sender.ReadMarksAsync([.. lanes.Distinct()], ct).ConfigureAwait(false);
        }
        catch (Exception)
        {
            return [];
        }
    }

    private void Call(long id, Func<CancellationToken, Task<RelayInput>> call) =>
        _calls.Writer.TryWrite(() => AnswerAsync(id, () => WithDeadlineAsync(call)));

    // A call that blocks its thread, as an embedded database does, delays the next call only, never the loop.
    private async Task CallAsync()
    {
        var underWay = new List<Task>();
        await foreach (var call in _calls.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            underWay.RemoveAll(t => t.IsCompleted);
            underWay.Add(call());
        }
        await Task.WhenAll(underWay).ConfigureAwait(false);
    }

    // A client may hang for ever after its broker went away: past the delivery time-out the outcome is unknown, whatever it still does.
    private async Task<RelayInput> WithDeadlineAsync(Func<CancellationToken, Task<RelayInput>> call)
    {
        using var deadline = new CancellationTokenSource(_options.DeliveryTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _abort);
        try
        {
            return await call(either.Token).WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested && !_abort.IsCancellationRequested)
        {
            throw new TimeoutException($"no answer within {_options.DeliveryTimeout}", e);
        }
    }

    private async Task AnswerAsync(long id, Func<Task<RelayInput>> work)
    {
        RelayInput answer;
        try
        {
            answer = await work().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            answer = new RelayInput.CommandFailed(id, e.Message);
        }
        _answers.TryWrite(answer);
    }
}
