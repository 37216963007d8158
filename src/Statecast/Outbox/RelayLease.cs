namespace Statecast.Outbox;

/// <summary>The lease as its holder remembers it. Everything it does is conditional on this memory, so that a lease standing in a restored copy is no lease.</summary>
internal sealed class RelayLease(LeaseGrant grant, TimeSpan endsAt, TimeSpan sendsFrom)
{
    public Guid Id { get; } = grant.LeaseId;

    public long Epoch { get; } = grant.Epoch;

    /// <summary>Raised by every commit that changes more than the lease's end (<see cref="OutboxCommit.RaisesCounter"/>).</summary>
    public long Counter { get; set; } = grant.Counter;

    /// <summary>When it ends at the earliest, in the relay's time: counted from before the command that took or renewed it was given.</summary>
    public TimeSpan EndsAt { get; set; } = endsAt;

    /// <summary>No send before: the earlier holder's last sends are waited for.</summary>
    public TimeSpan SendsFrom { get; } = sendsFrom;

    /// <summary>When it is to be renewed: after a quarter, so that three tries fit in before sends must stop.</summary>
    public TimeSpan RenewAt(TimeSpan duration) => EndsAt - (duration * 0.75);
}
