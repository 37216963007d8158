namespace Statecast.Outbox;

/// <summary>Promise 6 as this relay keeps it, over all its leases. A row counts as seen when its claim is durable, and as ended when its deletion is.</summary>
internal sealed class RelaySums
{
    private RelayCounters _ended;

    /// <summary>The sums so far.</summary>
    /// <param name="hand">What is in hand now; null for nothing.</param>
    public RelayCounters Total(RelayHand? hand) => _ended with { Resent = _ended.Resent + (hand?.Resent ?? 0) };

    /// <summary>A row that was claimed before is in hand again.</summary>
    public void Recovered() => _ended = _ended with { Seen = _ended.Seen + 1 };

    /// <summary>A commit took effect.</summary>
    public void Committed(PendingCommit commit)
    {
        var change = commit.Change;
        var refused = commit.Done.Count(r => r.Refused);
        _ended = _ended with
        {
            Seen = _ended.Seen + change.Claims.Count + change.Coalesced.Count,
            Coalesced = _ended.Coalesced + change.Coalesced.Count,
            Sent = _ended.Sent + commit.Done.Count - refused,
            Superseded = _ended.Superseded + refused,
            Mended = _ended.Mended + change.Republish.Count(r => r.Key is not null),
        };
    }

    /// <summary>The word on one destination is out.</summary>
    public void HeartbeatSaid() => _ended = _ended with { Heartbeats = _ended.Heartbeats + 1 };

    /// <summary>The lease is no longer used: rows in hand are seen anew under the next one.</summary>
    public void Left(RelayHand hand) => _ended = _ended with { Seen = _ended.Seen - hand.Held };

    /// <summary>The hand is dropped; what it counted itself stays counted.</summary>
    public void Dropped(RelayHand hand) => _ended = Total(hand);
}
