using Statecast.Contracts;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Transport;

namespace Statecast.Outbox;

/// <summary>Where a relay stands.</summary>
internal enum RelayPhase
{
    /// <summary>Before <see cref="RelayInput.Started"/>.</summary>
    New,

    /// <summary>Tries to take the lease, or stands by while another holds it.</summary>
    Acquiring,

    /// <summary>Reads what an earlier holder, or itself, claimed and did not see confirmed.</summary>
    Recovering,

    /// <summary>Claims, sends, deletes, says heartbeats.</summary>
    Active,

    /// <summary>The lease is lost or to be given back; what is under way is waited for.</summary>
    Leaving,

    /// <summary>Ended.</summary>
    Stopped,
}

/// <summary>
/// The relay as a step function: what happened goes in, what to do comes out. No I/O, no clock, no threads of its own; the same inputs give the same commands.
/// <c>docs/internals/relay.md</c> says which protocol rule sits where.
/// </summary>
internal sealed class RelayMachine
{
    private static readonly HashSet<(LaneId, string)> Nothing = [];

    private readonly RelayShard _shard;
    private readonly RelayOptions _options;
    private readonly RelayRules _rules;
    private readonly IEntropy _entropy;
    private readonly StoreChannel _store;
    private readonly ClaimPlanner _planner;
    private readonly HeartbeatCycle _heartbeat;
    private readonly PageCursor _pages;
    private readonly Backoff _backoff;
    private readonly IReadOnlyList<LaneId> _lanes;
    private readonly HashSet<LaneId> _unknownLanes = [];
    private readonly List<RepublishRequest> _republish = [];

    private List<RelayCommand> _commands = [];
    private TimeSpan _now;
    private long _lastCommand;
    private TimeSpan _askedAt;
    private bool _stopping;
    private bool _standingBy;
    private bool _heartbeatFailing;
    private RelayLease? _lease;
    private RelayHand? _hand;
    private RelayCounters _counters;

    public RelayMachine(RelayShard shard, RelayOptions options, RelayRules rules, IEntropy entropy)
    {
        _shard = shard;
        _options = options;
        _rules = rules;
        _entropy = entropy;
        _backoff = new(entropy, options.BackoffBase, options.BackoffCap);
        _store = new(_backoff);
        _planner = new(shard, rules);
        _heartbeat = new(shard, options, rules);
        _pages = new(options);
        _lanes = [.. shard.Lanes];
    }

    public RelayPhase Phase { get; private set; }

    /// <summary>Promise 6 so far.</summary>
    public RelayCounters Counters => _counters with { Resent = _counters.Resent + (_hand?.Resent ?? 0) };

    /// <summary>Rows in hand: seen, and neither sent, coalesced nor superseded yet.</summary>
    public long InHand => Phase is RelayPhase.Leaving or RelayPhase.Stopped ? 0 : _hand?.Held ?? 0;

    /// <summary>What waits, as last read.</summary>
    public RelayBacklog Backlog { get; private set; }

    /// <summary>The epoch of the source, while the lease is held; 0 before.</summary>
    public long Epoch => _lease?.Epoch ?? 0;

    /// <summary>Takes what happened and says what to do. Answers to commands that are no longer of interest are ignored.</summary>
    /// <param name="now">Time that never goes back, from any fixed point.</param>
    /// <param name="input">What happened.</param>
    public IReadOnlyList<RelayCommand> Step(TimeSpan now, RelayInput input)
    {
        _now = now > _now ? now : _now;
        _commands = [];
        Take(input);
        Go();
        _commands.Add(new RelayCommand.WaitUntil(WakeAt(), _store.IsIdle && Phase == RelayPhase.Active));
        return _commands;
    }

    private void Take(RelayInput input)
    {
        switch (input)
        {
            case RelayInput.Started when Phase == RelayPhase.New:
                Phase = RelayPhase.Acquiring;
                break;
            case RelayInput.Woken:
                _pages.Woken();
                break;
            case RelayInput.StopRequested:
                _stopping = true;
                break;
            case RelayInput.LeaseAnswered answer when Answered(answer.Command):
                OnLease(answer.Grant);
                break;
            case RelayInput.OutboxRead read when Answered(read.Command):
                OnRead(read.Snapshot);
                break;
            case RelayInput.Committed committed when Answered(committed.Command):
                OnCommitted(committed.Held);
                break;
            case RelayInput.Released released when Answered(released.Command):
                OnReleased();
                break;
            case RelayInput.SendEnded ended:
                OnSendEnded(ended.Command, ended.Outcomes);
                break;
            case RelayInput.EndsRead ends when _heartbeat.IsWaitingFor(ends.Command):
                OnEndsRead(ends.Ends);
                break;
            case RelayInput.ReadBackEnded read when _heartbeat.IsWaitingFor(read.Command):
                OnReadBack(read.Records);
                break;
            case RelayInput.HeartbeatSent sent when _heartbeat.IsWaitingFor(sent.Command):
                OnHeartbeatSent(sent.Command);
                break;
            case RelayInput.CommandFailed failed:
                OnFailed(failed);
                break;
        }
    }

    private bool Answered(long command)
    {
        if (!_store.IsWaitingFor(command))
            return false;
        if (_store.Succeeded())
            Notice(RelayNotice.StoreRecovered, _shard.Name, "the database answers again");
        return true;
    }

    private void OnLease(LeaseGrant? grant)
    {
        if (grant is null)
        {
            if (!_standingBy)
                Notice(RelayNotice.StandingBy, _shard.Name, "another relay holds the lease");
            _standingBy = true;
            // Asked again after half to one and a half intervals, so that many do not ask at once.
            _store.PauseUntil(_now + (_options.HeartbeatInterval * (0.5 + _entropy.NextFraction())));
            return;
        }
        _standingBy = false;
        var wait = _rules.TakeOverWait(grant, _shard.Abilities, _options.DeliveryTimeout);
        _lease = new(grant, _askedAt + _options.LeaseDuration, _now + wait);
        _hand = new(grant, _shard, _options, _rules, _backoff);
        _pages.Restart();
        Notice(RelayNotice.LeaseAcquired, _shard.Name, $"fencing number {grant.Fencing}, epoch {grant.Epoch}");
        if (wait > TimeSpan.Zero)
            Notice(RelayNotice.TakeOverWait, _shard.Name, $"{wait.TotalSeconds:0.###} s, for the earlier holder's last sends");
        Phase = RelayPhase.Recovering;
    }

    private void OnRead(OutboxSnapshot snapshot)
    {
        Backlog = new(snapshot.Clock, snapshot.Count, snapshot.OldestCapture);
        if (Phase == RelayPhase.Recovering)
        {
            Recover(snapshot.Rows);
            return;
        }
        if (Phase != RelayPhase.Active)
            return;
        _heartbeat.Observe(snapshot, _now);
        if (!_pages.IsClaiming && snapshot.Rows.Count > 0)
            // A wake-up was lost.
            _pages.Woken();
        if (!_pages.IsClaiming || _stopping)
            return;
        var plan = Plan(snapshot.Rows, _pages.PassedOver);
        _pages.Read(snapshot.Rows, plan);
        foreach (var lane in plan.UnknownLanes)
            if (_unknownLanes.Add(lane))
                Notice(
                    RelayNotice.UnknownLane,
                    lane.ToString(),
                    "its rows stay in the outbox and hold the heartbeats; configure its publication and lane count as they were, or remove the rows"
                );
        if (plan.Claims.Count > 0)
            Commit(plan, forHeartbeat: _heartbeat.WantsCommit);
    }

    private ClaimPlan Plan(IReadOnlyList<OutboxRow> rows, IReadOnlySet<(LaneId, string)> passedOver) =>
        _planner.Plan(rows, _hand!.Lanes, _lease!, passedOver, _hand.Window.Room(), _now);

    private void Recover(IReadOnlyList<OutboxRow> rows)
    {
        foreach (var row in rows)
            if (_hand!.Lanes.ContainsKey(row.Lane))
            {
                _hand.Add(ClaimedAgain(row));
                _counters = _counters with { Seen = _counters.Seen + 1 };
            }
        if (_pages.Recovered(rows))
            return;
        // The place for protocol section 6: what the transport remembers is compared with the counters here, under the lease and before the first claim.
        Phase = RelayPhase.Active;
        _heartbeat.Restart(_now);
        _pages.Woken();
    }

    private ClaimedRow ClaimedAgain(OutboxRow row) =>
        new(
            row.Sequence,
            _planner.ToEvent(
                row,
                row.LaneNumber
                    ?? throw new InvalidOperationException($"The store returned row {row.Sequence} as claimed, without a number."),
                row.Epoch ?? throw new InvalidOperationException($"The store returned row {row.Sequence} as claimed, without an epoch."),
                row.LeaseId ?? _lease!.Id,
                row.Operation,
                row.Causes
            )
        )
        {
            Tried = true,
        };

    private void OnCommitted(bool held)
    {
        var commit = _store.Unanswered!;
        _store.Unanswered = null;
        if (!held)
        {
            Leave(RelayNotice.LeaseLost, "the lease or the counter is not what this relay remembers; it looks again");
            return;
        }
        var change = commit.Change;
        _lease!.EndsAt = commit.IssuedAt + change.Renew;
        if (change.Claims.Count > 0)
            _lease.Counter++;
        foreach (var counter in change.Lanes)
            (_hand!.Lanes[counter.Lane].NextNumber, _hand.Lanes[counter.Lane].Stored) = (counter.NextNumber, counter);
        foreach (var row in commit.Plan?.Rows ?? [])
            _hand!.Add(row);
        _hand!.Deleted(commit.Done.Count);
        var refused = commit.Done.Count(r => r.Refused);
        _counters = _counters with
        {
            Seen = _counters.Seen + change.Claims.Count + change.Coalesced.Count,
            Coalesced = _counters.Coalesced + change.Coalesced.Count,
            Sent = _counters.Sent + commit.Done.Count - refused,
            Superseded = _counters.Superseded + refused,
            Mended = _counters.Mended + change.Republish.Count(r => r.Key is not null),
        };
        if (commit.Plan is not null)
            _heartbeat.Claimed(commit.Plan);
        _heartbeat.Deleted(commit.Done, _now);
        if (commit.ForHeartbeat)
            _heartbeat.Committed();
    }

    private void OnSendEnded(long command, IReadOnlyList<SendOutcome> outcomes)
    {
        if (_hand is null)
            return;
        _heartbeat.SendEnded(command);
        if (_hand.EndSend(command, outcomes, _now))
            _pages.RowsConfirmed();
        foreach (var (kind, subject, detail) in _hand.TakeNotices())
            Notice(kind, subject, detail);
    }

    private void OnEndsRead(IReadOnlyList<LaneEnd> ends)
    {
        _heartbeat.EndsRead(ends, _hand!.Lanes, _hand.Window.Open, _now);
        foreach (var destination in _heartbeat.TakeMadeAnew())
        {
            const string reason = "the log was made anew and holds nothing of what was sent before";
            var contract = _shard.Destinations.First(d => d.Name == destination).Contract;
            _republish.Add(RepublishRequest.All(contract, reason) with { Destination = destination });
            Notice(RelayNotice.LogMadeAnew, destination, $"{reason}; everything is sent again");
        }
    }

    private void OnReadBack(IReadOnlyList<LogRecord> records)
    {
        const string reason = "a record of another sender lies above the key's newest";
        var (lane, end) = _heartbeat.ReadBackEnded();
        foreach (var key in lane.Verifier.Account(records, end, _rules.NeedsMending))
        {
            var contract = _shard.Destinations.First(d => d.Name == lane.Id.Destination).Contract;
            var bucket = KeyText.Bucket(key);
            _republish.Add(new(contract, key, bucket, bucket, lane.Id.Destination, reason));
            Notice(RelayNotice.ForeignRecord, lane.Id.ToString(), $"{reason}; the key is sent again");
        }
    }

    private void OnHeartbeatSent(long command)
    {
        _counters = _counters with { Heartbeats = _counters.Heartbeats + 1 };
        if (!_heartbeat.HeartbeatSent(command, _now) || !_heartbeatFailing)
            return;
        _heartbeatFailing = false;
        Notice(RelayNotice.HeartbeatRecovered, _shard.Name, "heartbeats are said again");
    }

    private void OnFailed(RelayInput.CommandFailed failed)
    {
        if (_store.IsWaitingFor(failed.Command))
        {
            if (_store.Failed(_now))
                Notice(RelayNotice.StoreFailing, _shard.Name, failed.Reason);
            // Whoever cannot give the lease back lets it run out.
            if (Phase == RelayPhase.Leaving)
                OnReleased();
        }
        else if (_heartbeat.IsWaitingFor(failed.Command))
        {
            _heartbeat.Abandon(_now);
            if (!_heartbeatFailing)
                Notice(RelayNotice.HeartbeatFailing, _shard.Name, failed.Reason);
            _heartbeatFailing = true;
        }
        else
            OnSendEnded(failed.Command, []);
    }

    private void Leave(RelayNotice notice, string detail)
    {
        Notice(notice, _shard.Name, detail);
        // Rows in hand are seen anew under the next lease.
        _counters = _counters with
        {
            Seen = _counters.Seen - _hand!.Held,
        };
        _republish.Clear();
        _heartbeat.Restart(TimeSpan.MaxValue);
        Phase = RelayPhase.Leaving;
    }

    private void OnReleased()
    {
        _counters = _counters with { Resent = Counters.Resent };
        (_hand, _lease) = (null, null);
        Phase = _stopping ? RelayPhase.Stopped : RelayPhase.Acquiring;
    }

    private void Go()
    {
        if (_stopping && _store.IsIdle && Phase is RelayPhase.New or RelayPhase.Acquiring)
            Phase = RelayPhase.Stopped;
        if (_stopping && _store.IsIdle && Phase == RelayPhase.Recovering)
            Leave(RelayNotice.LeaseReleased, "stopping; the lease is given back");
        if (Phase == RelayPhase.Active)
        {
            GoHeartbeat();
            GoSend();
        }
        if (_store.IsFree(_now))
            GoStore();
    }

    private void GoHeartbeat()
    {
        if (_heartbeat.NextReadBack(_hand!.Lanes, _now) is var (lane, end))
        {
            var id = Next();
            _heartbeat.Asked(id);
            _commands.Add(new RelayCommand.ReadBack(id, lane.Id, lane.Verifier.Accounted, end));
        }
        if (_heartbeat.WantsEnds)
        {
            var id = Next();
            _heartbeat.Asked(id);
            _commands.Add(new RelayCommand.ReadEnds(id, _lanes));
        }
        if (!_heartbeat.WantsToSay)
            return;
        foreach (var word in _heartbeat.Words(_lease!, _hand!.Lanes))
        {
            var id = Next();
            _heartbeat.Said(id);
            _commands.Add(new RelayCommand.SendHeartbeat(id, word));
        }
        if (_heartbeat.WantsToSay)
            // The carrier knew the ends of no destination as a whole.
            _heartbeat.Abandon(_now);
    }

    private void GoSend()
    {
        while (
            _now >= _lease!.SendsFrom
            && _rules.MaySend(new(_now, _lease.EndsAt, _shard.Abilities, _options.DeliveryTimeout))
            && _hand!.NextBatch(_lastCommand + 1, _now) is { } rows
        )
            _commands.Add(new RelayCommand.Send(Next(), [.. rows.Select(r => r.Event)]));
    }

    private void GoStore()
    {
        switch (Phase)
        {
            case RelayPhase.Acquiring:
                _askedAt = _now;
                Store(id => new RelayCommand.Acquire(
                    id,
                    new(_shard.Name, _shard.Holder, _entropy.NextGuid(), _options.LeaseDuration, _lanes)
                ));
                break;
            case RelayPhase.Recovering or RelayPhase.Active when _store.Unanswered is not null:
                Issue(_store.Unanswered);
                break;
            case RelayPhase.Recovering or RelayPhase.Active when _now >= _lease!.RenewAt(_options.LeaseDuration):
                Commit(null, forHeartbeat: _heartbeat.WantsCommit);
                break;
            case RelayPhase.Recovering:
                Store(id => new RelayCommand.Read(id, _pages.ForRecovery(_shard.Name)));
                break;
            case RelayPhase.Active:
                GoActive();
                break;
            case RelayPhase.Leaving when IsSettled:
                Store(id => new RelayCommand.Release(id, _shard.Name, _lease!.Id));
                break;
        }
    }

    private void GoActive()
    {
        var claims = !_stopping && _hand!.Window.HasRoom;
        if (claims && _pages.WantsReplan)
        {
            var plan = Plan(_pages.Kept, Nothing);
            _pages.Replanned(plan);
            if (plan.Claims.Count > 0)
            {
                Commit(plan, _heartbeat.WantsCommit);
                return;
            }
        }
        if (claims && _pages.IsWanted(_now))
            Store(id => new RelayCommand.Read(id, _pages.ForClaims(_shard.Name, _hand!.Blocked(_now), _unknownLanes)));
        else if (_hand!.Done.Count > 0 || _republish.Count > 0 || _heartbeat.WantsCommit)
            Commit(null, _heartbeat.WantsCommit);
        else if (_stopping && _hand.Window.Batches == 0 && !_hand.HasReady(_now))
            Leave(RelayNotice.LeaseReleased, "stopping; the lease is given back");
        else if (!_stopping && _heartbeat.WantsSnapshot(_now))
            Store(id => new RelayCommand.Read(id, _pages.ForHeartbeat(_shard.Name)));
    }

    // Nothing of ours may land after the lease was given back: the next holder would not wait for it.
    private bool IsSettled => _hand!.Window.Batches == 0 && (_shard.Abilities.ConditionalAppend || _now >= _hand.UncertainUntil);

    private void Commit(ClaimPlan? plan, bool forHeartbeat)
    {
        var lanes = new List<LaneCounter>();
        foreach (var lane in _hand!.Lanes.Values)
        {
            var counter = lane.ToCounter(plan is not null && plan.NextNumbers.TryGetValue(lane.Id, out var next) ? next : lane.NextNumber);
            if (counter != lane.Stored)
                lanes.Add(counter);
        }
        var done = _hand.TakeDone();
        var change = new OutboxCommit
        {
            Shard = _shard.Name,
            LeaseId = _lease!.Id,
            Counter = _lease.Counter,
            Epoch = _lease.Epoch,
            Renew = _options.LeaseDuration,
            Claims = plan?.Claims ?? [],
            Coalesced = plan?.Coalesced ?? [],
            Done = [.. done.Select(r => r.Sequence)],
            Lanes = lanes,
            Republish = [.. _republish],
        };
        _republish.Clear();
        Issue(new(change, plan, done, forHeartbeat));
    }

    private void Issue(PendingCommit commit)
    {
        commit.IssuedAt = _now;
        _store.Unanswered = commit;
        Store(id => new RelayCommand.Commit(id, commit.Change));
    }

    private void Store(Func<long, RelayCommand> command)
    {
        var id = Next();
        _store.Began(id);
        _commands.Add(command(id));
    }

    private long Next() => ++_lastCommand;

    private void Notice(RelayNotice kind, string subject, string detail) => _commands.Add(new RelayCommand.Notice(kind, subject, detail));

    // What is overdue waits for an answer that is under way: the answer wakes, not the clock. A look once an interval costs nothing and shows that the loop lives.
    private TimeSpan WakeAt()
    {
        var wake = _now + _options.HeartbeatInterval;
        Sooner(_store.RetryAt);
        switch (Phase)
        {
            case RelayPhase.Recovering:
                Sooner(_lease!.RenewAt(_options.LeaseDuration));
                break;
            case RelayPhase.Active:
                Sooner(_lease!.RenewAt(_options.LeaseDuration));
                Sooner(_heartbeat.WakeAt);
                Sooner(_hand!.WakeAt(_now));
                Sooner(_lease.SendsFrom);
                break;
            case RelayPhase.Leaving:
                Sooner(_hand!.UncertainUntil);
                break;
        }
        return wake;

        void Sooner(TimeSpan time) => wake = time > _now && time < wake ? time : wake;
    }
}
