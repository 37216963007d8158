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

    /// <summary>Keys with rows that wait for an earlier revision.</summary>
    public List<(LaneId Lane, string Key)> Waiting { get; } = [];

    /// <summary>Whether the window ended the page early.</summary>
    public bool WindowFull { get; set; }
}

/// <summary>Chooses which fresh rows are claimed: per key the oldest that cannot be swallowed by a later one, within the window. Pure.</summary>
internal sealed class ClaimPlanner(RelayShard shard, RelayRules rules)
{
    /// <summary>Plans one page.</summary>
    /// <param name="page">Unclaimed rows by sequence.</param>
    /// <param name="lanes">The lanes.</param>
    /// <param name="lease">The lease under which is claimed.</param>
    /// <param name="passedOver">Keys with an earlier row outside the page.</param>
    /// <param name="room">What the window still takes.</param>
    public ClaimPlan Plan(
        IReadOnlyList<OutboxRow> page,
        IReadOnlyDictionary<LaneId, RelayLane> lanes,
        RelayLease lease,
        IReadOnlySet<(LaneId, string)> passedOver,
        WindowRoom room
    )
    {
        var plan = new ClaimPlan();
        var chains = Chains(page, out var next);
        for (var i = 0; i < page.Count; i++)
        {
            var row = page[i];
            if (!chains.TryGetValue((row.Lane, row.Key), out var chain) || chain.First != i)
                continue;
            if (!lanes.TryGetValue(row.Lane, out var lane))
            {
                plan.UnknownLanes.Add(row.Lane);
                continue;
            }
            if (lane.Busy.Contains(row.Key) || passedOver.Contains((row.Lane, row.Key)))
            {
                plan.Waiting.Add((row.Lane, row.Key));
                continue;
            }
            var ordered = Ordered(page, chain, next);
            var chosen = Choose(ordered);
            if (!room.TryTake(ordered[chosen].Body.Length))
            {
                plan.WindowFull = true;
                break;
            }
            Claim(plan, lane, ordered, chosen, lease);
            if (chosen + 1 < ordered.Count)
                plan.Waiting.Add((row.Lane, row.Key));
        }
        return plan;
    }

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
    private static List<OutboxRow> Ordered(IReadOnlyList<OutboxRow> page, Chain chain, int[] next)
    {
        var rows = new List<OutboxRow>();
        for (var i = chain.First; i >= 0; i = next[i])
            rows.Add(page[i]);
        if (rows.Count > 1)
            rows.Sort((a, b) => a.Revision != b.Revision ? a.Revision.CompareTo(b.Revision) : a.Sequence.CompareTo(b.Sequence));
        return rows;
    }

    /// <summary>The latest row that every earlier one may be dropped for.</summary>
    private int Choose(List<OutboxRow> ordered)
    {
        for (var candidate = ordered.Count - 1; candidate > 0; candidate--)
        {
            var swallowsAll = true;
            for (var i = 0; i < candidate && swallowsAll; i++)
                swallowsAll = rules.MayCoalesce(ordered[i], ordered[candidate]);
            if (swallowsAll)
                return candidate;
        }
        return 0;
    }

    private void Claim(ClaimPlan plan, RelayLane lane, List<OutboxRow> ordered, int chosen, RelayLease lease)
    {
        var row = ordered[chosen];
        var operation = row.Operation;
        string? causes = null;
        for (var i = 0; i < chosen; i++)
        {
            plan.Coalesced.Add(ordered[i].Sequence);
            causes = Causes.Join(causes, ordered[i].Causes);
            // A change coalesced with a Snapshot stays a change: else no handler would ever hear of it (protocol section 6).
            if (operation == StateOperation.Snapshot && ordered[i].Operation != StateOperation.Snapshot)
                operation = StateOperation.Upsert;
        }
        causes = Causes.Join(causes, row.Causes);
        if (chosen > 0)
            plan.StandsFor.Add((row.Sequence, ordered.Take(chosen).Min(r => r.Sequence)));
        if (!plan.NextNumbers.TryGetValue(lane.Id, out var number))
            number = lane.NextNumber;
        plan.NextNumbers[lane.Id] = number + 1;
        plan.Claims.Add(new(row.Sequence, number, lease.Epoch, operation, causes));
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
