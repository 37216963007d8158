using System.Text;
using Statecast.Events;
using Statecast.Outbox;
using Statecast.Serialization;
using Xunit;

namespace Statecast.Conformance.Outbox;

/// <summary>What the outbox stores' conformance suites share: a database of the implementation, and rows and commits to try it with.</summary>
public abstract class OutboxConformance
{
    private protected const string Shard = "carrier";
    private protected static readonly DateTimeOffset CapturedAt = new DateTimeOffset(2026, 2, 28, 11, 0, 0, TimeSpan.Zero).AddMicroseconds(
        7
    );
    private protected static readonly TimeSpan Duration = TimeSpan.FromSeconds(20);
    private protected static readonly LaneId[] Lanes = [new("probe.item.v1", 0), new("probe.item.v1", 1), new("probe.other.v1", 0)];

    private protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>An empty database with the tables.</summary>
    protected abstract Task<OutboxDatabase> CreateAsync();

    private protected static LeaseRequest Ask(Guid id) => new(Shard, "host/1", id, Duration, Lanes);

    private protected static OutboxQuery Fresh() => new(Shard, false, 100, 0, []);

    private protected static OutboxClaim Claim(long sequence, long number, LeaseGrant grant) =>
        new(sequence, number, grant.Epoch, StateOperation.Upsert, "Created", CapturedAt);

    private protected static OutboxCommit Change(LeaseGrant grant) =>
        new()
        {
            Shard = Shard,
            LeaseId = grant.LeaseId,
            Counter = grant.Counter,
            Epoch = grant.Epoch,
            Renew = Duration,
        };

    private protected static async Task<LeaseGrant> Take(IOutboxStore store) =>
        await store.AcquireAsync(Ask(Guid.NewGuid()), Ct) ?? throw new InvalidOperationException("The lease is held by another.");

    private protected static OutboxRow Row(string key, long revision) =>
        new()
        {
            Carrier = Shard,
            Lane = Lanes[0],
            Contract = "probe.item",
            Key = key,
            Revision = revision,
            Operation = StateOperation.Upsert,
            Causes = "Created",
            Codec = "json",
            Schema = Fingerprint.Of("schema"u8),
            Content = Fingerprint.Of(Encoding.UTF8.GetBytes(key)),
            Body = Encoding.UTF8.GetBytes($"{{\"key\":\"{key}\"}}"),
            TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            TraceState = "vendor=1",
            CapturedAt = CapturedAt,
        };
}
