using Statecast.Events;
using Statecast.Hosting;

namespace Statecast.Outbox;

/// <summary>Tries to take the shard's lease, again and again while another relay holds it.</summary>
internal sealed class LeaseTaker(
    RelayShard shard,
    RelayOptions options,
    RelayRules rules,
    IEntropy entropy,
    StoreChannel store,
    RelayOutput output
)
{
    private readonly IReadOnlyList<LaneId> _lanes = [.. shard.Lanes];
    private TimeSpan _askedAt;
    private bool _standingBy;

    /// <summary>Asks for the lease.</summary>
    public void Ask(TimeSpan now)
    {
        _askedAt = now;
        store.Give(id => new RelayCommand.Acquire(id, new(shard.Name, shard.Holder, entropy.NextGuid(), options.LeaseDuration, _lanes)));
    }

    /// <summary>The answer is there.</summary>
    /// <returns>The lease, counted from before it was asked for; null while another relay holds it.</returns>
    public RelayLease? Take(LeaseGrant? grant, TimeSpan now)
    {
        if (grant is null)
        {
            if (!_standingBy)
                output.Notice(RelayNotice.StandingBy, shard.Name, "another relay holds the lease");
            _standingBy = true;
            // Asked again after half to one and a half intervals, so that many do not ask at once.
            store.PauseUntil(now + (options.HeartbeatInterval * (0.5 + entropy.NextFraction())));
            return null;
        }
        _standingBy = false;
        var wait = rules.TakeOverWait(grant, shard.Abilities, options.DeliveryTimeout);
        output.Notice(RelayNotice.LeaseAcquired, shard.Name, $"fencing number {grant.Fencing}, epoch {grant.Epoch}");
        if (wait > TimeSpan.Zero)
            output.Notice(RelayNotice.TakeOverWait, shard.Name, $"{wait.TotalSeconds:0.###} s, for the earlier holder's last sends");
        return new(grant, _askedAt + options.LeaseDuration, now + wait);
    }
}
