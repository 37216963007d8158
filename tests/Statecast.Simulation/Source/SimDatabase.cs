using Statecast.Events;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Simulation.Checks;
using Statecast.Simulation.Engine;

namespace Statecast.Simulation.Source;

/// <summary>A source's database: aggregates, heads and outbox under transactions that lock keys, and the relay's view of them.</summary>
internal sealed class SimDatabase(SimWorld world) : ISimOutbox
{
    private readonly SortedList<long, OutboxRow> _outbox = [];
    private readonly Dictionary<LaneId, LaneCounter> _lanes = [];
    private readonly List<LaneLine> _lines = [];
    private readonly HashSet<string> _published = [];
    private Guid? _leaseId;
    private DateTimeOffset _leaseEnds;
    private long _fencing;
    private long _counter;
    private long _sequence;

    public const long FirstEpoch = 1_000;

    public long Epoch { get; private set; } = FirstEpoch;

    public Dictionary<string, int> Aggregates { get; } = [];

    public Dictionary<string, Head> Heads { get; } = [];

    public HashSet<string> Locked { get; } = [];

    public Queue<RepublishRequest> Republish { get; } = new();

    public int Unsent => _outbox.Count;

    /// <summary>The row that waits longest, said for a person; null for none.</summary>
    public string? LongestUnsent =>
        _outbox.Values.FirstOrDefault() is not { } row
            ? null
            : $"{_outbox.Count} rows are not sent, first {row.Key}@{row.Revision} in row {row.Sequence} of {row.Lane}, "
                + (row.LaneNumber is { } number ? $"claimed as {number} under {row.LeaseId}" : "not claimed");

    /// <summary>Whether a relay really holds the lease now.</summary>
    public bool Holds(Guid leaseId) => _leaseId == leaseId && _leaseEnds > world.Truth.Clock;

    public long NextSequence() => ++_sequence;

    public bool IsPublished => _published.Contains(SimContent.Destination);

    /// <summary>The next number that a lane hands out.</summary>
    public long NextNumber(LaneId lane) => _lanes.TryGetValue(lane, out var counter) ? counter.NextNumber : 1;

    /// <summary>Whether a row that was given this number waits to be sent.</summary>
    public bool IsClaimed(LaneId lane, long number) => _outbox.Values.Any(r => r.Lane == lane && r.LaneNumber == number);

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
        LaneId[] lanes = [.. request.Lanes.Union(_lanes.Keys.Where(SnapshotLane.Is))];
        foreach (var lane in lanes)
        {
            _lanes.TryAdd(lane, new(lane, 1, 0, 0));
            _lines.Add(new(lane, request.LeaseId, _lanes[lane].NextNumber));
        }
        if (takenOver)
            world.Coverage.Note(Event.TakeOver);
        return new(request.LeaseId, _fencing, Epoch, _counter, takenOver, _leaseEnds, [.. lanes.Select(l => _lanes[l])], [.. _lines]);
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
        return new(world.Truth.Clock, rows, lowest, highest, _outbox.Count, oldest, new HashSet<string>(_published), Standing);
    }

    public bool Commit(OutboxCommit commit)
    {
        if (
            !world.Rules.Holds(commit, Standing)
            || commit.Claims.Any(c =>
                _outbox.GetValueOrDefault(c.Sequence) is not { LaneNumber: null } row || row.CapturedAt != c.CapturedAt
            )
        )
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
        {
            if (SnapshotLane.Is(lane.Lane) && !_lanes.ContainsKey(lane.Lane))
                _lines.Add(new(lane.Lane, commit.LeaseId, 1));
            _lanes[lane.Lane] = lane;
        }
        foreach (var request in commit.Republish)
        {
            Republish.Enqueue(request);
            if (request is { Key: null, Destination: not null })
                _published.Clear();
        }
        if (commit.RaisesCounter)
            _counter++;
        _leaseEnds = world.Truth.Clock + commit.Renew;
        if (commit.GoBackFrom is { } found)
            GoBack(found);
        return true;
    }

    private LeaseStanding Standing => new(_leaseId, _counter, Epoch);

    private void GoBack(EpochSeen found)
    {
        world.Restores.Found(found);
        Epoch = Math.Max(Math.Max(world.Truth.Clock.ToUnixTimeMilliseconds(), found.Highest + 1), Epoch + 1);
        foreach (var row in _outbox.Values.ToList())
            _outbox[row.Sequence] = row with { LaneNumber = null, Epoch = null, LeaseId = null };
        _lines.Clear();
        _published.Clear();
        Republish.Clear();
        world.Writer.EndWalk();
        world.Snapshots.Clear();
        world.Sums.WentBack();
        Republish.Enqueue(RepublishRequest.All(SimContent.Contract, "went back") with { Destination = SimContent.Destination });
        world.Truth.TookEpoch(Epoch);
    }

    /// <summary>A copy of everything that the database holds.</summary>
    public Action Copy()
    {
        var outbox = _outbox.ToList();
        var lanes = _lanes.ToList();
        var lines = _lines.ToList();
        var published = _published.ToList();
        var (leaseId, leaseEnds, fencing, counter, sequence, epoch) = (_leaseId, _leaseEnds, _fencing, _counter, _sequence, Epoch);
        var (aggregates, heads, republish) = (Aggregates.ToList(), Heads.ToList(), Republish.ToList());
        return () =>
        {
            Refill(_outbox, outbox);
            Refill(_lanes, lanes);
            _lines.Clear();
            _lines.AddRange(lines);
            _published.Clear();
            _published.UnionWith(published);
            (_leaseId, _leaseEnds, _fencing, _counter, _sequence, Epoch) = (leaseId, leaseEnds, fencing, counter, sequence, epoch);
            Refill(Aggregates, aggregates);
            Refill(Heads, heads);
            Republish.Clear();
            republish.ForEach(Republish.Enqueue);
        };
    }

    private static void Refill<TKey, TValue>(IDictionary<TKey, TValue> dictionary, List<KeyValuePair<TKey, TValue>> items)
    {
        dictionary.Clear();
        foreach (var (key, value) in items)
            dictionary.Add(key, value);
    }

    public void Release(Guid leaseId)
    {
        if (_leaseId == leaseId)
            _leaseId = null;
    }
}
