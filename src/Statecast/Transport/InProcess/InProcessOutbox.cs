using Statecast.Events;
using Statecast.Outbox;
using Statecast.Publishing;

namespace Statecast.Transport.InProcess;

/// <summary>
/// The relay's view of a source without a database. A published state stands in the log when its publish returns, so nothing ever waits here: the relay finds an
/// empty outbox and says heartbeats, by the same rules as over a database.
/// </summary>
/// <param name="epoch">The source's epoch.</param>
/// <param name="destinations">What it publishes; each is complete from the start, as there is nothing before the first publish.</param>
/// <param name="queue">Queues what the relay wants said again.</param>
/// <param name="clock">The clock.</param>
internal sealed class InProcessOutbox(long epoch, IReadOnlyList<string> destinations, Action<RepublishRequest> queue, TimeProvider clock)
    : IOutboxStore
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _published = [.. destinations];
    private readonly Dictionary<LaneId, LaneCounter> _lanes = [];
    private readonly List<LaneLine> _lines = [];
    private Guid? _leaseId;
    private long _fencing;

    public string Database { get; } = $"memory {epoch}";

    public ValueTask<LeaseGrant?> AcquireAsync(LeaseRequest request, CancellationToken ct)
    {
        lock (_gate)
        {
            // There is one relay for it, in this process: an earlier one has ended.
            _leaseId = request.LeaseId;
            foreach (var lane in request.Lanes)
                _lines.Add(new(lane, request.LeaseId, _lanes.GetValueOrDefault(lane, new(lane, 1, 0, 0)).NextNumber));
            return new(
                new LeaseGrant(
                    request.LeaseId,
                    ++_fencing,
                    epoch,
                    0,
                    TakenOver: false,
                    clock.GetUtcNow() + request.Duration,
                    [.. request.Lanes.Select(l => _lanes.GetValueOrDefault(l, new(l, 1, 0, 0)))],
                    [.. _lines.Where(l => request.Lanes.Contains(l.Lane))]
                )
            );
        }
    }

    public ValueTask<OutboxSnapshot> ReadAsync(OutboxQuery query, CancellationToken ct)
    {
        lock (_gate)
            return new(
                new OutboxSnapshot(clock.GetUtcNow(), [], null, null, 0, null, new HashSet<string>(_published), new(_leaseId, 0, epoch))
            );
    }

    public ValueTask<bool> CommitAsync(OutboxCommit commit, CancellationToken ct)
    {
        // A memory is restored from no copy, and its epoch was above all that the log knew: what is above it now is another's.
        if (commit.GoBackFrom is { } found)
            throw new SourceException(
                $"The in-process log of {string.Join(", ", destinations)} shows epoch {found.Highest}, and this source, which has no database, is at {epoch} ({found.Reason}): another source publishes there as well. Publish a contract from one source of the process, and start the host again."
            );
        lock (_gate)
        {
            if (commit.LeaseId != _leaseId)
                return new(false);
            foreach (var lane in commit.Lanes)
                _lanes[lane.Lane] = lane;
            foreach (var request in commit.Republish)
                if (request is { Key: null, Destination: { } destination })
                    _published.Remove(destination);
        }
        foreach (var request in commit.Republish)
            queue(request);
        return new(true);
    }

    public ValueTask ReleaseAsync(string shard, Guid leaseId, CancellationToken ct)
    {
        lock (_gate)
            if (_leaseId == leaseId)
                _leaseId = null;
        return ValueTask.CompletedTask;
    }

    public async ValueTask WaitAsync(TimeSpan timeout, CancellationToken ct) => await Task.Delay(timeout, clock, ct).ConfigureAwait(false);

    public void FirstRepublishEnded(string destination)
    {
        lock (_gate)
            _published.Add(destination);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
