using Statecast.Hosting;
using Statecast.Transport;

namespace Statecast.Outbox;

/// <summary>
/// The relay as a step function: what happened goes in, what to do comes out. No I/O, no clock, no threads of its own; the same inputs give the same commands.
/// Here are the phases and what comes before what; its parts decide the rest. <c>docs/internals/relay.md</c> says which protocol rule sits where.
/// </summary>
internal sealed class RelayMachine
{
    private readonly RelayShard _shard;
    private readonly RelayOptions _options;
    private readonly RelayRules _rules;
    private readonly Backoff _backoff;
    private readonly RelayOutput _output = new();
    private readonly RelaySums _sums = new();
    private readonly StoreChannel _store;
    private readonly LeaseTaker _taker;
    private readonly RelayLook _look;
    private readonly OutboxClaims _claims;
    private readonly OutboxCommits _commits;
    private readonly RelaySends _sends;
    private readonly HeartbeatConversation _heartbeat;

    private TimeSpan _now;
    private bool _stopping;
    private bool _drained;
    private RelayTenure? _tenure;

    public RelayMachine(RelayShard shard, RelayOptions options, RelayRules rules, IEntropy entropy)
    {
        _shard = shard;
        _options = options;
        _rules = rules;
        _backoff = new(entropy, options.BackoffBase, options.BackoffCap);
        _store = new(shard, _backoff, _output);
        _taker = new(shard, options, rules, entropy, _store, _output);
        _look = new(shard, rules, _backoff, _output);
        _claims = new(shard, options, rules, _store, _output);
        _commits = new(shard, options, _store);
        _sends = new(shard, options, rules, _output);
        _heartbeat = new(shard, options, rules, _commits, _sums, _output);
    }

    public RelayPhase Phase { get; private set; }

    /// <summary>Promise 6 so far.</summary>
    public RelayCounters Counters => _sums.Total(_tenure?.Hand);

    /// <summary>Rows in hand: seen, and neither sent, coalesced nor superseded yet.</summary>
    public long InHand => Phase is RelayPhase.Leaving or RelayPhase.Stopped ? 0 : _tenure?.Hand.Held ?? 0;

    /// <summary>What waits, as last read.</summary>
    public RelayBacklog Backlog { get; private set; }

    /// <summary>The epoch of the source, while the lease is held; 0 before.</summary>
    public long Epoch => _tenure?.Lease.Epoch ?? 0;

    /// <summary>Takes what happened and says what to do. Answers to commands that are no longer of interest are ignored.</summary>
    /// <param name="now">Time that never goes back, from any fixed point.</param>
    /// <param name="input">What happened.</param>
    public IReadOnlyList<RelayCommand> Step(TimeSpan now, RelayInput input)
    {
        _now = now > _now ? now : _now;
        Take(input);
        Go();
        return _output.End(new(WakeAt(), _store.IsIdle && Phase == RelayPhase.Active));
    }

    private void Take(RelayInput input)
    {
        switch (input)
        {
            case RelayInput.Started when Phase == RelayPhase.New:
                Phase = RelayPhase.Acquiring;
                break;
            case RelayInput.Woken:
                _claims.Woken();
                break;
            case RelayInput.StopRequested:
                _stopping = true;
                break;
            case RelayInput.DrainEnded:
                _drained = true;
                break;
            case RelayInput.LeaseAnswered answer when _store.Answered(answer.Command):
                OnLease(answer.Grant);
                break;
            case RelayInput.OutboxRead read when _store.Answered(read.Command):
                OnRead(read.Snapshot);
                break;
            case RelayInput.Committed committed when _store.Answered(committed.Command):
                OnCommitted(committed.Held);
                break;
            case RelayInput.Released released when _store.Answered(released.Command):
                OnReleased();
                break;
            case RelayInput.Looked looked when _look.IsWaitingFor(looked.Command):
                OnLooked(looked.Marks);
                break;
            case RelayInput.SendEnded ended:
                OnSendEnded(ended.Command, ended.Outcomes, ended.Marks);
                break;
            case RelayInput.EndsRead ends when _heartbeat.IsWaitingFor(ends.Command):
                _look.Judge(LookMoment.Heartbeat, ends.Marks, _tenure!);
                _heartbeat.EndsRead(ends.Ends, _tenure!.Hand, _now);
                break;
            case RelayInput.ReadBackEnded read when _heartbeat.IsWaitingFor(read.Command):
                _heartbeat.ReadBackEnded(read.Records);
                break;
            case RelayInput.HeartbeatSent sent when _heartbeat.IsWaitingFor(sent.Command):
                _heartbeat.HeartbeatSent(sent.Command, _now);
                break;
            case RelayInput.CommandFailed failed:
                OnFailed(failed);
                break;
        }
    }

    private void OnLease(LeaseGrant? grant)
    {
        if (_taker.Take(grant, _now) is not { } lease)
            return;
        _tenure = new(lease, new(grant!, _shard, _options, _rules, _backoff, lease.SendsFrom));
        _claims.Restart();
        _look.Restart();
        Phase = RelayPhase.Looking;
    }

    // Counters and line were read with the lease, so whatever the carrier shows now was sent by a holder that this database knows, or it went back.
    private void OnLooked(IReadOnlyList<SentMark> marks)
    {
        _look.Answered();
        _look.Judge(LookMoment.Acquired, marks, _tenure!);
        if (_look.Found is null)
            Phase = RelayPhase.Recovering;
    }

    private void OnRead(OutboxSnapshot snapshot)
    {
        // A word about a database that went back under this relay's feet would be a word about another.
        if (Phase is RelayPhase.Recovering or RelayPhase.Active && !_rules.StillHolds(snapshot.Standing, _tenure!.Lease))
        {
            LoseLease();
            return;
        }
        Backlog = new(snapshot.Clock, snapshot.Count, snapshot.OldestCapture);
        if (Phase == RelayPhase.Recovering)
            OnRecovered(snapshot.Rows);
        else if (Phase == RelayPhase.Active)
        {
            // What is wished and not written may make the published void: a log made anew holds nothing of it (protocol section 3).
            if (!_commits.AreWished)
                _heartbeat.Observe(snapshot, _now);
            if (_claims.Read(snapshot, _tenure!, _stopping, _now) is { } plan)
                Commit(plan);
        }
    }

    private void OnRecovered(IReadOnlyList<OutboxRow> rows)
    {
        if (_claims.Recover(rows, _tenure!, _sums))
            return;
        Phase = RelayPhase.Active;
        _heartbeat.Restart(_now);
        _claims.Woken();
    }

    private void OnCommitted(bool held)
    {
        var commit = _commits.Answered();
        if (!held)
        {
            LoseLease();
            return;
        }
        if (commit.Change.GoBackFrom is { } found)
        {
            // Epoch, counters and line are others now: taken anew with the next lease, as everybody else on this database must.
            Leave(RelayNotice.WentBack, found.Reason);
            return;
        }
        commit.TakeEffect(_tenure!);
        _sums.Committed(commit);
        _heartbeat.Committed(commit, _now);
    }

    private void OnSendEnded(long command, IReadOnlyList<SendOutcome> outcomes, IReadOnlyList<SentMark> marks)
    {
        if (_tenure is null)
            return;
        if (Phase == RelayPhase.Active)
            _look.Judge(LookMoment.Batch, marks, _tenure);
        _heartbeat.SendEnded(command);
        if (_sends.Ended(command, outcomes, _tenure.Hand, _now))
            _claims.RowsConfirmed();
    }

    private void OnFailed(RelayInput.CommandFailed failed)
    {
        if (_store.IsWaitingFor(failed.Command))
        {
            _store.Failed(failed.Reason, _now);
            // Whoever cannot give the lease back lets it run out.
            if (Phase == RelayPhase.Leaving)
                OnReleased();
        }
        else if (_heartbeat.IsWaitingFor(failed.Command))
            _heartbeat.Failed(failed.Reason, _now);
        else if (_look.IsWaitingFor(failed.Command))
            _look.Failed(failed.Reason, _now);
        else
            OnSendEnded(failed.Command, [], []);
    }

    private void LoseLease() => Leave(RelayNotice.LeaseLost, "the lease or the counter is not what this relay remembers; it looks again");

    private void Leave(RelayNotice notice, string detail)
    {
        _output.Notice(notice, _shard.Name, detail);
        _sums.Left(_tenure!.Hand);
        _commits.Leave();
        _heartbeat.Leave();
        Phase = RelayPhase.Leaving;
    }

    private void OnReleased()
    {
        _sums.Dropped(_tenure!.Hand);
        _tenure = null;
        Phase = _stopping ? RelayPhase.Stopped : RelayPhase.Acquiring;
    }

    private void Go()
    {
        if (_stopping && _store.IsIdle && Phase is RelayPhase.New or RelayPhase.Acquiring)
            Phase = RelayPhase.Stopped;
        if (_stopping && _store.IsIdle && Phase is RelayPhase.Looking or RelayPhase.Recovering)
            Leave(RelayNotice.LeaseReleased, "stopping; the lease is given back");
        // A log that asks the guard takes nothing stale, whenever it lands. Elsewhere the next holder must wait the lease out.
        if (_drained && _store.IsIdle && Phase == RelayPhase.Active && _shard.Abilities.ConditionalAppend)
            Leave(RelayNotice.LeaseReleased, "stopping; the lease is given back, with sends under way");
        if (Phase == RelayPhase.Looking && _look.Found is null)
            _look.Ask(_now);
        if (Phase == RelayPhase.Active && _look.Found is null)
        {
            _heartbeat.Go(_tenure!, _now);
            _sends.Go(_tenure!, _now);
        }
        if (_store.IsFree(_now))
            GoStore();
    }

    private void GoStore()
    {
        switch (Phase)
        {
            case RelayPhase.Acquiring:
                _taker.Ask(_now);
                break;
            case RelayPhase.Looking or RelayPhase.Recovering or RelayPhase.Active when _commits.MustRepeat:
                _commits.Repeat(_now);
                break;
            case RelayPhase.Looking or RelayPhase.Active when _look.Found is { } found:
                _commits.GoBack(_tenure!, found, _look.CountersAbove(_tenure!.Hand), _now);
                break;
            case RelayPhase.Looking
            or RelayPhase.Recovering
            or RelayPhase.Active when _now >= _tenure!.Lease.RenewAt(_options.LeaseDuration):
                Commit(null);
                break;
            case RelayPhase.Recovering:
                _claims.AskForClaimed();
                break;
            case RelayPhase.Active:
                GoOutbox(_tenure!.Hand);
                break;
            case RelayPhase.Leaving when _sends.AreSettled(_tenure!.Hand, _drained, _now):
                _store.Give(id => new RelayCommand.Release(id, _shard.Name, _tenure.Lease.Id));
                break;
        }
    }

    // Claims come first, since a commit of claims carries everything else along.
    private void GoOutbox(RelayHand hand)
    {
        var claims = !_stopping && hand.Window.HasRoom;
        if (claims && _claims.Replan(_tenure!, _now) is { } plan)
            Commit(plan);
        else if (claims && _claims.WantsPage(_now))
            _claims.AskForPage(hand, _now);
        else if (_commits.AreWanted(hand) || _heartbeat.WantsCommit)
            Commit(null);
        else if (_stopping && hand.Window.Batches == 0 && !hand.HasReady(_now))
        {
            Leave(RelayNotice.LeaseReleased, "stopping; the lease is given back");
            // In the same step: nothing else would wake the relay before the next heartbeat.
            GoStore();
        }
        else if (!_stopping && _heartbeat.WantsSnapshot(_now))
            _claims.AskForLook();
    }

    private void Commit(ClaimPlan? plan) => _commits.Commit(_tenure!, plan, _heartbeat.WantsCommit, _now);

    // What is overdue waits for an answer that is under way: the answer wakes, not the clock. A look once an interval costs nothing and shows that the loop lives.
    private TimeSpan WakeAt()
    {
        var wake = _now + _options.HeartbeatInterval;
        Sooner(_store.RetryAt);
        switch (Phase)
        {
            case RelayPhase.Looking or RelayPhase.Recovering:
                Sooner(_tenure!.Lease.RenewAt(_options.LeaseDuration));
                Sooner(_look.RetryAt);
                break;
            case RelayPhase.Active:
                Sooner(_tenure!.Lease.RenewAt(_options.LeaseDuration));
                Sooner(_heartbeat.WakeAt);
                Sooner(_tenure.Hand.WakeAt(_now));
                Sooner(_tenure.Lease.SendsFrom);
                break;
            case RelayPhase.Leaving:
                Sooner(_tenure!.Hand.UncertainUntil);
                break;
        }
        return wake;

        void Sooner(TimeSpan time) => wake = time > _now && time < wake ? time : wake;
    }
}
