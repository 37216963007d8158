using Statecast.Events;

namespace Statecast.Outbox;

/// <summary>
/// Reads the outbox page by page, and decides what is claimed of it: first what an earlier holder claimed and did not see confirmed, then fresh rows.
/// </summary>
internal sealed class OutboxClaims(RelayShard shard, RelayOptions options, RelayRules rules, StoreChannel store, RelayOutput output)
{
    private static readonly HashSet<(LaneId, string)> Nothing = [];

    private readonly ClaimPlanner _planner = new(shard, rules);
    private readonly PageCursor _pages = new(options, options.InFlightEventsOn(shard.Abilities));
    private readonly HashSet<LaneId> _unknownLanes = [];

    /// <summary>Begins anew under a new lease.</summary>
    public void Restart() => _pages.Restart();

    /// <summary>There may be new rows.</summary>
    public void Woken() => _pages.Woken();

    /// <summary>Rows were confirmed: others that waited for their keys, or for room, can be claimed.</summary>
    public void RowsConfirmed() => _pages.RowsConfirmed();

    /// <summary>Asks for the next page of rows that were claimed before.</summary>
    public void AskForClaimed() => store.Give(id => new RelayCommand.Read(id, _pages.ForRecovery(shard.Name)));

    /// <summary>Takes a page of claimed rows in hand again, with the numbers that they have.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool Recover(IReadOnlyList<OutboxRow> rows, RelayTenure tenure, RelaySums sums)
    {
        foreach (var row in rows)
            if (tenure.Hand.Lanes.ContainsKey(row.Lane))
            {
                tenure.Hand.Add(ClaimedAgain(row, tenure.Lease));
                sums.Recovered();
            }
        return _pages.Recovered(rows);
    }

    /// <summary>Plans rows that earlier pages left and that may have become claimable.</summary>
    /// <returns>The claims; null if there are none.</returns>
    public ClaimPlan? Replan(RelayTenure tenure, TimeSpan now)
    {
        if (!_pages.WantsReplan)
            return null;
        var plan = Plan(_pages.Kept, Nothing, tenure, now);
        _pages.Replanned(plan);
        return plan.Claims.Count > 0 ? plan : null;
    }

    /// <summary>Whether there is reason to read fresh rows.</summary>
    public bool WantsPage(TimeSpan now) => _pages.IsWanted(now);

    /// <summary>Asks for the next page of fresh rows, without lanes that take nothing now.</summary>
    public void AskForPage(RelayHand hand, TimeSpan now) =>
        store.Give(id => new RelayCommand.Read(id, _pages.ForClaims(shard.Name, hand.Blocked(now), _unknownLanes)));

    /// <summary>Asks for a look at the clock and at what is left, without taking anything.</summary>
    public void AskForLook() => store.Give(id => new RelayCommand.Read(id, _pages.ForHeartbeat(shard.Name)));

    /// <summary>Plans a page of fresh rows.</summary>
    /// <param name="read">The page, and what its snapshot saw.</param>
    /// <param name="tenure">Under which is claimed.</param>
    /// <param name="stopping">Nothing is claimed any more.</param>
    /// <param name="now">The relay's time.</param>
    /// <returns>The claims; null if there are none.</returns>
    public ClaimPlan? Read(OutboxSnapshot read, RelayTenure tenure, bool stopping, TimeSpan now)
    {
        if (!_pages.IsClaiming && read.Rows.Count > 0)
            // A wake-up was lost.
            _pages.Woken();
        if (!_pages.IsClaiming || stopping)
            return null;
        var rows = _pages.OfScan(read.Rows, read.HighestSequence);
        var plan = Plan(rows, _pages.PassedOver, tenure, now);
        _pages.Read(rows, plan);
        foreach (var lane in plan.UnknownLanes)
            if (_unknownLanes.Add(lane))
                output.Notice(
                    RelayNotice.UnknownLane,
                    lane.ToString(),
                    "its rows stay in the outbox and hold the heartbeats: publish its contract with the lane count that it had, in this service; two services must not share a database"
                );
        return plan.Claims.Count > 0 ? plan : null;
    }

    private ClaimPlan Plan(IReadOnlyList<OutboxRow> rows, IReadOnlySet<(LaneId, string)> passedOver, RelayTenure tenure, TimeSpan now) =>
        _planner.Plan(rows, tenure.Hand, tenure.Lease, passedOver, tenure.Hand.Window.Room(), now);

    private ClaimedRow ClaimedAgain(OutboxRow row, RelayLease lease) =>
        new(
            row.Sequence,
            _planner.ToEvent(
                row,
                row.LaneNumber
                    ?? throw new InvalidOperationException($"The store returned row {row.Sequence} as claimed, without a number."),
                row.Epoch ?? throw new InvalidOperationException($"The store returned row {row.Sequence} as claimed, without an epoch."),
                row.LeaseId ?? lease.Id,
                row.Operation,
                row.Causes
            )
        )
        {
            Tried = true,
        };
}
