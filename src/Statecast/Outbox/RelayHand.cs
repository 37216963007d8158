using Statecast.Events;
using Statecast.Hosting;
using Statecast.Transport;

namespace Statecast.Outbox;

/// <summary>What a relay holds in its hands under one lease: lanes, claimed rows, sends under way. Dropped as a whole when the lease is lost.</summary>
internal sealed class RelayHand
{
    private readonly RelayOptions _options;
    private readonly RelayRules _rules;
    private readonly Backoff _backoff;
    private readonly Dictionary<LaneId, RelayLane> _lanes;
    private readonly List<RelayLane> _inTurn;
    private readonly List<(RelayNotice, string, string)> _notices = [];
    private readonly bool _readsBack;
    private int _turn;

    public RelayHand(LeaseGrant grant, RelayShard shard, RelayOptions options, RelayRules rules, Backoff backoff, TimeSpan uncertainUntil)
    {
        _options = options;
        _rules = rules;
        _backoff = backoff;
        _readsBack = shard.ReadsBack;
        UncertainUntil = uncertainUntil;
        var lines = grant.Lines.ToLookup(l => l.Lane);
        _inTurn = [.. grant.Lanes.Select(stored => new RelayLane(stored, [.. lines[stored.Lane]]))];
        _lanes = _inTurn.ToDictionary(l => l.Id);
        Window = new(options, options.InFlightEventsOn(shard.Abilities));
    }

    public IReadOnlyDictionary<LaneId, RelayLane> Lanes => _lanes;

    /// <summary>A lane by its id; one of a target's own queue is new when its first row comes. Null for a lane that this relay does not write.</summary>
    public RelayLane? Find(LaneId id, RelayLease lease)
    {
        if (_lanes.TryGetValue(id, out var lane))
            return lane;
        if (!SnapshotLane.TryParse(id, out var live, out _) || !_lanes.ContainsKey(live))
            return null;
        lane = new(new(id, 1, 0, 0), [new(id, lease.Id, 1)]);
        _inTurn.Add(lane);
        _lanes.Add(id, lane);
        return lane;
    }

    public SendWindow Window { get; }

    /// <summary>Rows that are confirmed or refused and not yet deleted.</summary>
    public List<ClaimedRow> Done { get; private set; } = [];

    /// <summary>Rows taken in hand and not yet deleted.</summary>
    public long Held { get; private set; }

    /// <summary>Sends repeated so far.</summary>
    public long Resent { get; private set; }

    /// <summary>
    /// A send may still be on its way, of this holder with an unknown outcome or of the one before it: until then the lease must not be given back, since who takes one
    /// that was given back does not wait.
    /// </summary>
    public TimeSpan UncertainUntil { get; private set; }

    /// <summary>What people should know; emptied by reading.</summary>
    public IReadOnlyList<(RelayNotice Kind, string Subject, string Detail)> TakeNotices()
    {
        (RelayNotice, string, string)[] notices = [.. _notices];
        _notices.Clear();
        return notices;
    }

    public List<ClaimedRow> TakeDone()
    {
        var done = Done;
        Done = [];
        return done;
    }

    /// <summary>Takes a durably claimed row in hand.</summary>
    public void Add(ClaimedRow row)
    {
        var lane = _lanes[row.Event.Lane];
        lane.Busy.Add(row.Event.Key);
        if (_readsBack)
            lane.Verifier.Sending(row.Event.Key, row.Event.Revision);
        lane.Enqueue(row);
        Window.Claimed(row);
        Held++;
    }

    public void Deleted(int rows) => Held -= rows;

    /// <summary>Lanes that take nothing now.</summary>
    public IEnumerable<RelayLane> Blocked(TimeSpan now) => _inTurn.Where(l => l.IsBlocked(now));

    /// <summary>Whether anything waits to be sent that may be sent.</summary>
    public bool HasReady(TimeSpan now) => _inTurn.Exists(l => l.HasReady && !l.IsBlocked(now));

    /// <summary>The next batch, from all lanes in turns; null if nothing is ready or enough is under way.</summary>
    public List<ClaimedRow>? NextBatch(long id, TimeSpan now)
    {
        if (!Window.MayOpenBatch)
            return null;
        foreach (var lane in _inTurn)
            lane.ReleaseHeld(now);
        var rows = Window.TakeBatch(_inTurn, now, _turn++ % Math.Max(1, _inTurn.Count));
        if (rows.Count == 0)
            return null;
        foreach (var row in rows)
        {
            Resent += row.Tried ? 1 : 0;
            row.Tried = true;
            if (_readsBack)
                row.AccountedBefore = _lanes[row.Event.Lane].Verifier.Accounted;
        }
        Window.Begin(id, rows, now);
        return rows;
    }

    /// <summary>When a blocked lane or a held row is due.</summary>
    public TimeSpan WakeAt(TimeSpan now)
    {
        var wake = TimeSpan.MaxValue;
        foreach (var lane in _inTurn)
        {
            if (lane.IsBlocked(now) && lane.BlockedUntil < wake)
                wake = lane.BlockedUntil;
            if (lane.NextHeld is { } held && held < wake)
                wake = held;
        }
        return wake;
    }

    /// <summary>A send ended, or is given up for unknown where an outcome is missing.</summary>
    /// <returns>Whether rows are done.</returns>
    public bool EndSend(long id, IReadOnlyList<SendOutcome> outcomes, TimeSpan now)
    {
        if (Window.End(id) is not { } batch)
            return false;
        var before = Done.Count;
        foreach (var group in batch.Rows.Index().GroupBy(r => r.Item.Event.Lane))
        {
            var taken = 0;
            string? blocking = null;
            foreach (var (index, row) in group)
            {
                var outcome = index < outcomes.Count ? outcomes[index] : new SendOutcome(SendResult.Unknown);
                if (EndRow(_lanes[group.Key], row, outcome, batch.At, now))
                    taken++;
                else if (row.Failures < _options.SuspectAfter || outcome.Result != SendResult.Failed)
                    blocking ??= outcome.Reason ?? "no answer";
            }
            Settle(_lanes[group.Key], taken, blocking, now);
        }
        return Done.Count > before;
    }

    private bool EndRow(RelayLane lane, ClaimedRow row, SendOutcome outcome, TimeSpan sentAt, TimeSpan now)
    {
        if (outcome.Result == SendResult.Unknown)
            UncertainUntil = Max(UncertainUntil, sentAt + _options.DeliveryTimeout);
        switch (_rules.Judge(outcome.Result))
        {
            case SendVerdict.Done:
                row.Refused = outcome.Result == SendResult.Refused;
                if (_readsBack && outcome.Result == SendResult.Confirmed)
                    lane.Verifier.Confirmed(row.Event.Key, outcome.Position, row.AccountedBefore);
                lane.Busy.Remove(row.Event.Key);
                Window.Confirmed(row);
                Done.Add(row);
                return true;
            case SendVerdict.SendLater:
                row.NotBefore = now + _backoff.Wait(row.Failures++);
                lane.Hold(row);
                if (row.Failures == _options.SuspectAfter)
                    _notices.Add((RelayNotice.EventRefused, $"{lane.Id} {row.Event.Key}", outcome.Reason ?? "no reason given"));
                return false;
            default:
                lane.Enqueue(row);
                return false;
        }
    }

    // A lane that took nothing waits as a whole: its other events would fare the same. An event that fails while others pass waits alone.
    private void Settle(RelayLane lane, int taken, string? blocking, TimeSpan now)
    {
        if (taken > 0)
        {
            if (lane.Failures > 0)
                _notices.Add((RelayNotice.LaneRecovered, lane.Id.ToString(), $"after {lane.Failures} tries"));
            lane.Failures = 0;
            lane.BlockedUntil = TimeSpan.Zero;
        }
        else if (blocking is not null)
        {
            if (lane.Failures == 0)
                _notices.Add((RelayNotice.LaneBlocked, lane.Id.ToString(), blocking));
            lane.BlockedUntil = now + _backoff.Wait(lane.Failures++);
        }
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
