using Statecast.Events;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Simulation.Checks;
using Statecast.Simulation.Engine;

namespace Statecast.Simulation.Source;

/// <summary>A source's database: aggregates, heads and outbox under transactions that lock keys, and the relay's view of them.</summary>
internal sealed class SimDatabase(SimWorld world)
{
    private readonly SortedList<long, OutboxRow> _outbox = [];
    private readonly Dictionary<LaneId, LaneCounter> _lanes = [];
    private readonly HashSet<string> _published = [];
    private Guid? _leaseId;
    private DateTimeOffset _leaseEnds;
    private long _fencing;
    private long _counter;
    private long _sequence;

    public long Epoch { get; } = 1_000;

    public Dictionary<string, int> Aggregates { get; } = [];

    public Dictionary<string, Head> Heads { get; } = [];

    public HashSet<string> Locked { get; } = [];

    public Queue<RepublishRequest> Republish { get; } = new();

    public int Unsent => _outbox.Count;

    /// <summary>Whether a relay really holds the lease now.</summary>
    public bool Holds(Guid leaseId) => _leaseId == leaseId && _leaseEnds > world.Truth.Clock;

    public long NextSequence() => ++_sequence;

    public void FirstRepublishEnded() => _published.Add(SimContent.Destination);

    /// <summary>Rows become visible, as a commit makes them.</summary>
    public void Insert(OutboxRow row)
    {
        if (_outbox.Count > 0 && _outbox.GetKeyAtIndex(_outbox.Count - 1) > row.Sequence)
            world.Coverage.Note(Event.SequenceOutOfOrder);
        _outbox.Add(row.Sequence, row);
    }

    public LeaseGrant? Acquire(LeaseRequest request)
    {
        if (_leaseId is not null && _leaseEnds > world.Truth.Clock)
            return null;
        var takenOver = _leaseId is not null;
        _leaseId = request.LeaseId;
        _leaseEnds = world.Truth.Clock + request.Duration;
        _fencing++;
        foreach (var lane in request.Lanes)
            _lanes.TryAdd(lane, new(lane, 1, 0, 0));
        if (takenOver)
            world.Coverage.Note(Event.TakeOver);
        return new(request.LeaseId, _fencing, Epoch, _counter, takenOver, _leaseEnds, [.. request.Lanes.Select(l => _lanes[l])]);
    }

    public OutboxSnapshot Read(OutboxQuery query)
    {
        var rows = new List<OutboxRow>();
        foreach (var row in _outbox.Values)
        {
            if (rows.Count == query.Limit)
                break;
            if (row.LaneNumber is not null == query.Claimed && row.Sequence > query.After && !query.Excluding.Contains(row.Lane))
                rows.Add(row);
        }
        long? lowest = _outbox.Count == 0 ? null : _outbox.GetKeyAtIndex(0);
        long? highest = _outbox.Count == 0 ? null : _outbox.GetKeyAtIndex(_outbox.Count - 1);
        DateTimeOffset? oldest = _outbox.Count == 0 ? null : _outbox.GetValueAtIndex(0).CapturedAt;
        return new(world.Truth.Clock, rows, lowest, highest, _outbox.Count, oldest, new HashSet<string>(_published));
    }

    public bool Commit(OutboxCommit commit)
    {
        if (_leaseId != commit.LeaseId || _counter != commit.Counter || Epoch != commit.Epoch)
            return false;
        world.Sums.Judge(commit, _outbox);
        foreach (var claim in commit.Claims)
            _outbox[claim.Sequence] = _outbox[claim.Sequence] with
            {
                LaneNumber = claim.LaneNumber,
                Epoch = claim.Epoch,
                LeaseId = commit.LeaseId,
                Operation = claim.Operation,
                Causes = claim.Causes,
            };
        foreach (var sequence in commit.Coalesced.Concat(commit.Done))
            _outbox.Remove(sequence);
        foreach (var lane in commit.Lanes)
            _lanes[lane.Lane] = lane;
        foreach (var request in commit.Republish)
        {
            Republish.Enqueue(request);
            if (request is { Key: null, Destination: not null })
                _published.Clear();
        }
        if (commit.Claims.Count > 0)
            _counter++;
        _leaseEnds = world.Truth.Clock + commit.Renew;
        return true;
    }

    public void Release(Guid leaseId)
    {
        if (_leaseId == leaseId)
            _leaseId = null;
    }
}
