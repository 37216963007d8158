using Statecast.Events;

namespace Statecast.Outbox;

/// <summary>
/// What the relay writes into the outbox: one commit at a time, each with all there is to write. A commit whose answer was lost or that failed is repeated
/// as it was before anything else is asked of the store; it is conditional, so that a repetition does no harm.
/// </summary>
internal sealed class OutboxCommits(RelayShard shard, RelayOptions options, StoreChannel store)
{
    private readonly List<RepublishRequest> _republish = [];
    private PendingCommit? _unanswered;

    /// <summary>Whether a commit must be repeated before anything else.</summary>
    public bool MustRepeat => _unanswered is not null;

    /// <summary>Notes what the republisher must say again; the next commit carries it.</summary>
    public void Wish(RepublishRequest request) => _republish.Add(request);

    /// <summary>Whether something is noted for the republisher that no commit carries yet.</summary>
    public bool AreWished => _republish.Count > 0;

    /// <summary>Whether there is something to write besides claims.</summary>
    public bool AreWanted(RelayHand hand) => hand.Done.Count > 0 || AreWished;

    /// <summary>Writes claims, deletions, counters and wishes, and renews the lease.</summary>
    /// <param name="tenure">The lease that must still be held, and the hand whose ended rows are deleted.</param>
    /// <param name="plan">What is claimed; null for nothing.</param>
    /// <param name="forHeartbeat">Whether a heartbeat waits for it.</param>
    /// <param name="now">The relay's time.</param>
    public void Commit(RelayTenure tenure, ClaimPlan? plan, bool forHeartbeat, TimeSpan now)
    {
        var (lease, hand) = tenure;
        var lanes = ChangedLanes(hand, plan);
        var done = hand.TakeDone();
        var change = new OutboxCommit
        {
            Shard = shard.Name,
            LeaseId = lease.Id,
            Counter = lease.Counter,
            Epoch = lease.Epoch,
            Renew = options.LeaseDuration,
            Claims = plan?.Claims ?? [],
            Coalesced = plan?.Coalesced ?? [],
            Done = [.. done.Select(r => r.Sequence)],
            Lanes = lanes,
            Republish = [.. _republish],
        };
        _republish.Clear();
        _unanswered = new(change, plan, done, forHeartbeat);
        Give(_unanswered, now);
    }

    /// <summary>The database went back: one commit makes it another incarnation. Rows in hand stay in the outbox, and are sent again under it.</summary>
    public void GoBack(RelayTenure tenure, EpochSeen found, IReadOnlyList<LaneCounter> counters, TimeSpan now)
    {
        var change = new OutboxCommit
        {
            Shard = shard.Name,
            LeaseId = tenure.Lease.Id,
            Counter = tenure.Lease.Counter,
            Epoch = tenure.Lease.Epoch,
            Renew = options.LeaseDuration,
            Lanes = counters,
            GoBackFrom = found,
        };
        _unanswered = new(change, null, [], ForHeartbeat: false);
        Give(_unanswered, now);
    }

    /// <summary>Gives the unanswered commit again.</summary>
    public void Repeat(TimeSpan now) => Give(_unanswered!, now);

    /// <summary>The commit was answered.</summary>
    public PendingCommit Answered()
    {
        var commit = _unanswered!;
        _unanswered = null;
        return commit;
    }

    /// <summary>The lease is no longer used: what was wished under it is found again under the next one.</summary>
    public void Leave() => _republish.Clear();

    private static List<LaneCounter> ChangedLanes(RelayHand hand, ClaimPlan? plan)
    {
        var changed = new List<LaneCounter>();
        foreach (var lane in hand.Lanes.Values)
        {
            var counter = lane.ToCounter(plan is not null && plan.NextNumbers.TryGetValue(lane.Id, out var next) ? next : lane.NextNumber);
            if (counter != lane.Stored)
                changed.Add(counter);
        }
        return changed;
    }

    private void Give(PendingCommit commit, TimeSpan now)
    {
        commit.IssuedAt = now;
        store.Give(id => new RelayCommand.Commit(id, commit.Change));
    }
}

/// <summary>A commit and what becomes true with it.</summary>
/// <param name="Change">What is sent to the store.</param>
/// <param name="Plan">The claims; null for none.</param>
/// <param name="Done">The rows whose deletion it holds.</param>
/// <param name="ForHeartbeat">Whether a heartbeat waits for it.</param>
internal sealed record PendingCommit(OutboxCommit Change, ClaimPlan? Plan, List<ClaimedRow> Done, bool ForHeartbeat)
{
    /// <summary>When it was last given to the store.</summary>
    public TimeSpan IssuedAt { get; set; }

    /// <summary>The database holds it: lease, counters and hand now say so too.</summary>
    public void TakeEffect(RelayTenure tenure)
    {
        var (lease, hand) = tenure;
        lease.EndsAt = IssuedAt + Change.Renew;
        if (Change.RaisesCounter)
            lease.Counter++;
        foreach (var counter in Change.Lanes)
            (hand.Lanes[counter.Lane].NextNumber, hand.Lanes[counter.Lane].Stored) = (counter.NextNumber, counter);
        foreach (var row in Plan?.Rows ?? [])
            hand.Add(row);
        hand.Deleted(Done.Count);
    }
}
