using Statecast.Events;
using Statecast.Outbox;

namespace Statecast.Conformance.Outbox;

/// <summary>A source's outbox in memory, for tests of what stands above the store. Its stores stand for processes with one database.</summary>
/// <param name="time">The database's clock; null for <see cref="OutboxDatabase.Clock"/>, whose timers run by real time.</param>
public sealed class MemoryOutbox(TimeProvider? time = null) : OutboxDatabase
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, OutboxRow> _rows = [];
    private readonly Dictionary<string, Lease> _leases = [];
    private readonly Dictionary<(string Carrier, LaneId Lane), LaneCounter> _lanes = [];
    private readonly List<(string Carrier, LaneLine Line)> _lines = [];
    private readonly List<RepublishRequest> _queued = [];
    private readonly Dictionary<(string Carrier, string Destination), bool> _published = [];
    private long _sequence;
    private long _epoch = 1;
    private TaskCompletionSource _added = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TimeProvider Time => time ?? Clock;

    public override IOutboxStore Open() => new Store(this);

    /// <summary>Runs work as one transaction of the database: no relay reads or commits meanwhile. The work must not wait.</summary>
    public T Atomically<T>(Func<T> work)
    {
        lock (_gate)
            return work();
    }

    /// <summary>The next number of every lane that handed one out.</summary>
    public IReadOnlyDictionary<LaneId, long> NextNumbers
    {
        get
        {
            lock (_gate)
                return _lanes.ToDictionary(l => l.Key.Lane, l => l.Value.NextNumber);
        }
    }

    /// <summary>How many rows of a lane wait to be sent.</summary>
    public int UnsentOf(LaneId lane)
    {
        lock (_gate)
            return _rows.Values.Count(r => r.Lane == lane);
    }

    /// <summary>Takes what is queued for the republisher.</summary>
    public IReadOnlyList<RepublishRequest> TakeQueued()
    {
        lock (_gate)
        {
            RepublishRequest[] taken = [.. _queued];
            _queued.Clear();
            return taken;
        }
    }

    public override Task<IReadOnlyList<long>> AddAsync(params OutboxRow[] rows)
    {
        lock (_gate)
        {
            foreach (var row in rows)
                _rows.Add(++_sequence, row with { Sequence = _sequence });
            var added = _added;
            _added = new(TaskCreationOptions.RunContinuationsAsynchronously);
            added.SetResult();
            return Task.FromResult<IReadOnlyList<long>>([.. _rows.Keys.TakeLast(rows.Length)]);
        }
    }

    public override Task PublishAsync(string carrier, string destination, bool ended)
    {
        lock (_gate)
            _published[(carrier, destination)] = ended;
        return Task.CompletedTask;
    }

    public override Task SetEpochAsync(long epoch)
    {
        lock (_gate)
            _epoch = epoch;
        return Task.CompletedTask;
    }

    public override Task<IReadOnlyList<RepublishRequest>> QueuedAsync()
    {
        lock (_gate)
            return Task.FromResult<IReadOnlyList<RepublishRequest>>([.. _queued]);
    }

    public override Task<IReadOnlyList<LaneLine>> LinesAsync()
    {
        lock (_gate)
            return Task.FromResult<IReadOnlyList<LaneLine>>([.. _lines.Select(l => l.Line)]);
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private LeaseGrant? Acquire(LeaseRequest request)
    {
        lock (_gate)
        {
            var now = Time.GetUtcNow();
            var held = _leases.GetValueOrDefault(request.Shard, new(null, 0, default, 0));
            if (held.Id is not null && held.ExpiresAt > now)
                return null;
            var lease = new Lease(request.LeaseId, held.Fencing + 1, now + request.Duration, held.Counter);
            _leases[request.Shard] = lease;
            var counters = new List<LaneCounter>();
            LaneId[] lanes =
            [
                .. request.Lanes.Union(_lanes.Keys.Where(k => k.Carrier == request.Shard && SnapshotLane.Is(k.Lane)).Select(k => k.Lane)),
            ];
            foreach (var lane in lanes)
            {
                var counter = _lanes.GetValueOrDefault((request.Shard, lane), new(lane, 1, 0, 0));
                _lanes[(request.Shard, lane)] = counter;
                _lines.Add((request.Shard, new(lane, request.LeaseId, counter.NextNumber)));
                counters.Add(counter);
            }
            var lines = _lines.Where(l => l.Carrier == request.Shard && lanes.Contains(l.Line.Lane)).Select(l => l.Line);
            return new(
                request.LeaseId,
                lease.Fencing,
                _epoch,
                lease.Counter,
                held.Id is not null,
                lease.ExpiresAt,
                counters,
                [.. lines.OrderBy(l => l.FirstNumber)]
            );
        }
    }

    private OutboxSnapshot Read(OutboxQuery query, out Task added)
    {
        lock (_gate)
        {
            added = _added.Task;
            var all = _rows.Values.Where(r => r.Carrier == query.Shard).ToList();
            var asked = all.Where(r =>
                r.Sequence > query.After && r.LaneNumber is not null == query.Claimed && !query.Excluding.Contains(r.Lane)
            );
            return new(
                Time.GetUtcNow(),
                [.. asked.Take(query.Limit)],
                all.Count > 0 ? all[0].Sequence : null,
                all.Count > 0 ? all[^1].Sequence : null,
                all.Count,
                all.Count > 0 ? all[0].CapturedAt : null,
                _published.Where(p => p.Value && p.Key.Carrier == query.Shard).Select(p => p.Key.Destination).ToHashSet(),
                _leases.GetValueOrDefault(query.Shard) is { } lease ? new(lease.Id, lease.Counter, _epoch) : default
            );
        }
    }

    private bool Commit(OutboxCommit commit)
    {
        lock (_gate)
        {
            if (!_leases.TryGetValue(commit.Shard, out var lease) || lease.Id != commit.LeaseId || lease.Counter != commit.Counter)
                return false;
            if (
                _epoch != commit.Epoch
                || commit.Claims.Any(c =>
                    _rows.GetValueOrDefault(c.Sequence) is not { LaneNumber: null } row || row.CapturedAt != c.CapturedAt
                )
            )
                return false;
            var counter = lease.Counter + (commit.RaisesCounter ? 1 : 0);
            _leases[commit.Shard] = lease with { ExpiresAt = Time.GetUtcNow() + commit.Renew, Counter = counter };
            foreach (var claim in commit.Claims)
                _rows[claim.Sequence] = _rows[claim.Sequence] with
                {
                    LaneNumber = claim.LaneNumber,
                    LeaseId = commit.LeaseId,
                    Epoch = claim.Epoch,
                    Operation = claim.Operation,
                    Causes = claim.Causes,
                };
            foreach (var sequence in commit.Coalesced.Concat(commit.Done))
                _rows.Remove(sequence);
            foreach (var lane in commit.Lanes)
            {
                if (SnapshotLane.Is(lane.Lane) && !_lines.Exists(l => l.Carrier == commit.Shard && l.Line.Lane == lane.Lane))
                    _lines.Add((commit.Shard, new(lane.Lane, commit.LeaseId, 1)));
                _lanes[(commit.Shard, lane.Lane)] = lane;
            }
            _queued.AddRange(commit.Republish);
            foreach (var request in commit.Republish)
                if (request is { Key: null, Destination: { } destination })
                    _published[(commit.Shard, destination)] = false;
            if (commit.GoBackFrom is { } found)
                GoBack(found);
            return true;
        }
    }

    private void GoBack(EpochSeen found)
    {
        _epoch = Math.Max(Math.Max(Time.GetUtcNow().ToUnixTimeMilliseconds(), found.Highest + 1), _epoch + 1);
        foreach (var (sequence, row) in _rows.ToList())
            _rows[sequence] = row with { LaneNumber = null, Epoch = null, LeaseId = null };
        _lines.Clear();
        // A destination's name is its contract's, and the version.
        var contracts = _published
            .Keys.OrderBy(p => p.Destination, StringComparer.Ordinal)
            .ToDictionary(p => p, p => p.Destination[..p.Destination.LastIndexOf('.')]);
        _queued.RemoveAll(q => contracts.ContainsValue(q.Contract));
        foreach (var (published, contract) in contracts)
        {
            _queued.Add(
                RepublishRequest.All(contract, $"the database went back: {found.Reason}") with
                {
                    Destination = published.Destination,
                }
            );
            _published[published] = false;
        }
    }

    private void Release(string shard, Guid leaseId)
    {
        lock (_gate)
            if (_leases.TryGetValue(shard, out var lease) && lease.Id == leaseId)
                _leases[shard] = lease with { Id = null, ExpiresAt = default };
    }

    private sealed record Lease(Guid? Id, long Fencing, DateTimeOffset ExpiresAt, long Counter);

    private sealed class Store(MemoryOutbox outbox) : IOutboxStore
    {
        private Task _added = Task.CompletedTask;

        public string Database => $"memory {System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(outbox)}";

        public ValueTask<LeaseGrant?> AcquireAsync(LeaseRequest request, CancellationToken ct) => new(outbox.Acquire(request));

        public ValueTask<OutboxSnapshot> ReadAsync(OutboxQuery query, CancellationToken ct) => new(outbox.Read(query, out _added));

        public ValueTask<bool> CommitAsync(OutboxCommit commit, CancellationToken ct) => new(outbox.Commit(commit));

        public ValueTask ReleaseAsync(string shard, Guid leaseId, CancellationToken ct)
        {
            outbox.Release(shard, leaseId);
            return ValueTask.CompletedTask;
        }

        public async ValueTask WaitAsync(TimeSpan timeout, CancellationToken ct)
        {
            try
            {
                await _added.WaitAsync(timeout, outbox.Time, ct);
            }
            catch (TimeoutException)
            {
                // The caller looks for itself.
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
