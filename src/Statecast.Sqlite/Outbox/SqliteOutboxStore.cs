using Microsoft.Data.Sqlite;
using Statecast.Events;
using Statecast.Outbox;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Outbox;

/// <summary>The relay's view of a source's SQLite database, over connections of its own. Times are the machine's, through the time provider.</summary>
internal sealed class SqliteOutboxStore : IOutboxStore
{
    private readonly SqliteDatabase _database;
    private readonly SqliteChanges _changes;
    private readonly TimeProvider _clock;
    private readonly SqliteOutboxReads _reads;

    public SqliteOutboxStore(string connectionString, SqliteOptions options, TimeProvider clock)
    {
        if (options.FindProblem() is { } problem)
            throw new Publishing.SourceException(problem);
        _database = SqliteDatabase.Open(new SqliteConnectionStringBuilder(connectionString), options.BusyTimeout);
        _changes = new(
            SqliteDatabase.Open(new SqliteConnectionStringBuilder(connectionString), options.BusyTimeout),
            _database.Path,
            clock
        );
        _clock = clock;
        _reads = new(_database);
    }

    public ValueTask<LeaseGrant?> AcquireAsync(LeaseRequest request, CancellationToken ct) => new(_database.Write(_ => Acquire(request)));

    public ValueTask<OutboxSnapshot> ReadAsync(OutboxQuery query, CancellationToken ct)
    {
        // The clock first: what commits between the two is in the snapshot and not yet before the clock, never the other way round.
        var clock = Now();
        return new(_database.Read(_ => _reads.Snapshot(query, clock)));
    }

    public ValueTask<bool> CommitAsync(OutboxCommit commit, CancellationToken ct) => new(_database.Write(_ => Apply(commit)));

    public ValueTask ReleaseAsync(string shard, Guid leaseId, CancellationToken ct)
    {
        _database.Write(db =>
            db.Prepare("UPDATE statecast_lease SET holder = NULL, lease_id = NULL, expires_at = 0 WHERE shard = ?1 AND lease_id = ?2")
                .Bind(1, shard)
                .Bind(2, leaseId)
                .Run()
        );
        return ValueTask.CompletedTask;
    }

    public ValueTask WaitAsync(TimeSpan timeout, CancellationToken ct) => _changes.WaitAsync(timeout, ct);

    public ValueTask DisposeAsync()
    {
        _changes.Dispose();
        _database.Dispose();
        return ValueTask.CompletedTask;
    }

    private LeaseGrant? Acquire(LeaseRequest request)
    {
        var now = Now();
        var expires = now + request.Duration;
        var lease = _reads.Lease(request.Shard);
        if (lease is { LeaseId: not null } held && held.ExpiresAt > now)
            return null;
        var fencing = (lease?.Fencing ?? 0) + 1;
        var counter = lease?.Counter ?? 0;
        _database
            .Prepare(
                "INSERT INTO statecast_lease (shard, holder, lease_id, fencing, expires_at, counter) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
                    + "ON CONFLICT (shard) DO UPDATE SET holder = excluded.holder, lease_id = excluded.lease_id, fencing = excluded.fencing, expires_at = excluded.expires_at"
            )
            .Bind(1, request.Shard)
            .Bind(2, request.Holder)
            .Bind(3, request.LeaseId)
            .Bind(4, fencing)
            .Bind(5, expires)
            .Bind(6, counter)
            .Run();
        var lanes = request.Lanes.Select(lane => BeginLine(request, lane)).ToList();
        return new(request.LeaseId, fencing, _reads.Epoch(), counter, lease?.LeaseId is not null, expires, lanes);
    }

    private LaneCounter BeginLine(LeaseRequest request, LaneId lane)
    {
        var counter = _reads.Lane(request.Shard, lane);
        WriteLane(request.Shard, counter);
        _database
            .Prepare("INSERT INTO statecast_line (carrier, destination, lane, lease_id, first_number) VALUES (?1, ?2, ?3, ?4, ?5)")
            .Bind(1, request.Shard)
            .Bind(2, lane.Destination)
            .Bind(3, lane.Number)
            .Bind(4, request.LeaseId)
            .Bind(5, counter.NextNumber)
            .Run();
        return counter;
    }

    private bool Apply(OutboxCommit commit)
    {
        if (
            _reads.Lease(commit.Shard) is not { } lease
            || lease.LeaseId != commit.LeaseId
            || lease.Counter != commit.Counter
            || _reads.Epoch() != commit.Epoch
        )
            return false;
        _database
            .Prepare("UPDATE statecast_lease SET expires_at = ?2, counter = ?3 WHERE shard = ?1")
            .Bind(1, commit.Shard)
            .Bind(2, Now() + commit.Renew)
            .Bind(3, commit.Counter + (commit.Claims.Count > 0 ? 1 : 0))
            .Run();
        foreach (var claim in commit.Claims)
            _database
                .Prepare("UPDATE statecast_outbox SET lane_number = ?2, epoch = ?3, operation = ?4, causes = ?5 WHERE sequence = ?1")
                .Bind(1, claim.Sequence)
                .Bind(2, claim.LaneNumber)
                .Bind(3, claim.Epoch)
                .Bind(4, (long)claim.Operation)
                .Bind(5, claim.Causes)
                .Run();
        foreach (var sequence in commit.Coalesced.Concat(commit.Done))
            _database.Prepare("DELETE FROM statecast_outbox WHERE sequence = ?1").Bind(1, sequence).Run();
        foreach (var lane in commit.Lanes)
            WriteLane(commit.Shard, lane);
        foreach (var request in commit.Republish)
            QueueRepublish(request);
        return true;
    }

    private void WriteLane(string shard, LaneCounter lane) =>
        _database
            .Prepare(
                "INSERT INTO statecast_lane (carrier, destination, lane, next_number, incarnation, verified) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
                    + "ON CONFLICT (carrier, destination, lane) DO UPDATE SET next_number = excluded.next_number, incarnation = excluded.incarnation, verified = excluded.verified"
            )
            .Bind(1, shard)
            .Bind(2, lane.Lane.Destination)
            .Bind(3, lane.Lane.Number)
            .Bind(4, lane.NextNumber)
            .Bind(5, lane.Incarnation)
            .Bind(6, lane.Verified)
            .Run();

    private void QueueRepublish(RepublishRequest request) =>
        _database
            .Prepare(
                "INSERT INTO statecast_republish (contract, key, first_bucket, last_bucket, destination, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
            )
            .Bind(1, request.Contract)
            .Bind(2, request.Key)
            .Bind(3, request.FirstBucket)
            .Bind(4, request.LastBucket)
            .Bind(5, request.Destination)
            .Bind(6, request.Reason)
            .Run();

    private DateTimeOffset Now()
    {
        var now = _clock.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
