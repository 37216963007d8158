using Statecast.Events;

namespace Statecast.Outbox;

/// <summary>What one page of fresh rows comes to.</summary>
internal sealed class ClaimPlan
{
    /// <summary>Rows that get their number and epoch.</summary>
    public List<OutboxClaim> Claims { get; } = [];

    /// <summary>The same rows, as they will be sent.</summary>
    public List<ClaimedRow> Rows { get; } = [];

    /// <summary>Rows swallowed by them.</summary>
    public List<long> Coalesced { get; } = [];

    /// <summary>The claimed rows that swallowed others, each with the lowest sequence that it stands for.</summary>
    public List<(long Claimed, long Lowest)> StandsFor { get; } = [];

    /// <summary>The next number of every lane that handed some out.</summary>
    public Dictionary<LaneId, long> NextNumbers { get; } = [];

    /// <summary>Lanes of rows that this relay does not know.</summary>
    public HashSet<LaneId> UnknownLanes { get; } = [];

    /// <summary>Rows that stay unclaimed for now: their key or their lane waits, or the window is full.</summary>
    public List<OutboxRow> Left { get; } = [];

    /// <summary>Whether the window ended the page early.</summary>
    public bool WindowFull { get; set; }
}

/// <summary>Chooses which fresh rows are claimed: per key the oldest that cannot be swallowed by a later one, within the window. Pure.</summary>
internal sealed class ClaimPlanner(RelayShard shard, RelayRules rules)
{
    /// <summary>Plans one page.</summary>
    /// <param name="page">Unclaimed rows by sequence.</param>
    /// <param name="hand">The lanes; those of targets' own queues are taken in hand as they come.</param>
    /// <param name="lease">The lease under which is claimed.</param>
    /// <param name="passedOver">Keys with an earlier row outside the page.</param>
    /// <param name="room">What the window still takes.</param>
    /// <param name="now">The relay's time.</param>
    public ClaimPlan Plan(
        IReadOnlyList<OutboxRow> page,
        RelayHand hand,
        RelayLease lease,
        IReadOnlySet<(LaneId, string)> passedOver,
        WindowRoom room,
        TimeSpan now
    )
    {
        var plan = new ClaimPlan();
        var chains = Chains(page, out var next);
        var taken = new bool[page.Count];
        for (var i = 0; i < page.Count && !plan.WindowFull; i++)
        {
            var row = page[i];
            var chain = chains[(row.Lane, row.Key)];
            if (hand.Find(row.Lane, lease) is not { } lane)
            {
                if (chain.First == i)
                    plan.UnknownLanes.Add(row.Lane);
                continue;
            }
            if (
                lane.AnswersOne
                    ? passedOver.Contains(OrderOf(row))
                    : chain.First != i || lane.Busy.Contains(row.Key) || passedOver.Contains(OrderOf(row))
            )
                continue;
            if (lane.IsBlocked(now))
                continue;
            // A range's end speaks of every row before it: in a target's own lane all go by themselves, in the order in which they were written.
            var ordered = lane.AnswersOne ? [i] : Ordered(page, chain, next);
            var chosen = Choose(page, ordered);
            if (room.TryTake(page[ordered[chosen]].Body.Length))
            {
                Claim(plan, lane, page, ordered[..(chosen + 1)], lease);
                foreach (var index in ordered[..(chosen + 1)])
                    taken[index] = true;
            }
            else
                plan.WindowFull = true;
        }
        for (var i = 0; i < page.Count; i++)
            if (!taken[i] && !plan.UnknownLanes.Contains(page[i].Lane))
                plan.Left.Add(page[i]);
        return plan;
    }

    /// <summary>Rows that agree in this are claimed in order: those of a key, and all of a target's own lane.</summary>
    public static (LaneId Lane, string Key) OrderOf(OutboxRow row) => (row.Lane, SnapshotLane.Is(row.Lane) ? "" : row.Key);

    // Rows of one key are linked by index: a page with one row per key, the usual case, allocates nothing per key.
    private static Dictionary<(LaneId, string), Chain> Chains(IReadOnlyList<OutboxRow> page, out int[] next)
    {
        next = new int[page.Count];
        var chains = new Dictionary<(LaneId, string), Chain>(page.Count);
        for (var i = 0; i < page.Count; i++)
        {
            next[i] = -1;
            var key = (page[i].Lane, page[i].Key);
            if (chains.TryGetValue(key, out var chain))
            {
                next[chain.Last] = i;
                chains[key] = chain with { Last = i };
            }
            else
                chains.Add(key, new(i, i));
        }
        return chains;
    }

    // By revision: a sequence may have been drawn before the key's lock was held.
    private static List<int> Ordered(IReadOnlyList<OutboxRow> page, Chain chain, int[] next)
    {
        var rows = new List<int>(1);
        for (var i = chain.First; i >= 0; i = next[i])
            rows.Add(i);
        if (rows.Count > 1)
            rows.Sort((a, b) => page[a].Revision != page[b].Revision ? page[a].Revision.CompareTo(page[b].Revision) : a.CompareTo(b));
        return rows;
    }

    /// <summary>The latest row that every earlier one may be dropped for.</summary>
    private int Choose(IReadOnlyList<OutboxRow> page, List<int> ordered)
    {
        for (var candidate = ordered.Count - 1; candidate > 0; candidate--)
        {
            var swallowsAll = true;
            for (var i = 0; i < candidate && swallowsAll; i++)
                swallowsAll = rules.MayCoalesce(page[ordered[i]], page[ordered[candidate]]);
            if (swallowsAll)
                return candidate;
        }
        return 0;
    }

    /// <summary>Claims the last of these rows of a key; the others are swallowed by it.</summary>
    private void Claim(ClaimPlan plan, RelayLane lane, IReadOnlyList<OutboxRow> page, List<int> rows, RelayLease lease)
    {
        var row = page[rows[^1]];
        var operation = row.Operation;
        string? causes = null;
        foreach (var swallowed in rows.SkipLast(1).Select(i => page[i]))
        {
            plan.Coalesced.Add(swallowed.Sequence);
            causes = Causes.Join(causes, swallowed.Causes);
            // A change coalesced with a Snapshot stays a change: else no handler would ever hear of it (protocol section 6).
            if (operation == StateOperation.Snapshot && swallowed.Operation != StateOperation.Snapshot)
                operation = StateOperation.Upsert;
        }
        causes = Causes.Join(causes, row.Causes);
        if (rows.Count > 1)
            plan.StandsFor.Add((row.Sequence, rows.Min(i => page[i].Sequence)));
        if (!plan.NextNumbers.TryGetValue(lane.Id, out var number))
            number = lane.NextNumber;
        plan.NextNumbers[lane.Id] = number + 1;
        plan.Claims.Add(new(row.Sequence, number, lease.Epoch, operation, causes, row.CapturedAt));
        plan.Rows.Add(new(row.Sequence, ToEvent(row, number, lease.Epoch, lease.Id, operation, causes)));
    }

    /// <summary>A row as it is sent.</summary>
    public StateEvent ToEvent(OutboxRow row, long number, long epoch, Guid leaseId, StateOperation operation, string? causes) =>
        new()
        {
            Contract = row.Contract,
            Lane = row.Lane,
            Key = row.Key,
            Revision = new(epoch, row.Revision),
            Operation = operation,
            Base = row.Base,
            Causes = causes,
            Codec = row.Codec,
            Schema = row.Schema,
            Content = row.Content,
            Body = row.Body,
            CapturedAt = row.CapturedAt,
            Source = shard.Source,
            LeaseId = leaseId,
            LaneNumber = number,
            TraceParent = row.TraceParent,
            TraceState = row.TraceState,
        };

    private readonly record struct Chain(int First, int Last);
}
