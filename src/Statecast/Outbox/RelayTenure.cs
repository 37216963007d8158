namespace Statecast.Outbox;

/// <summary>What a relay has from taking a lease until it is lost or given back: the lease, and everything in hand under it. Dropped as a whole.</summary>
internal sealed record RelayTenure(RelayLease Lease, RelayHand Hand);
