using Statecast.Events;

namespace Statecast.Outbox;

/// <summary>
/// Decides which page of the outbox is read next, and keeps some rows that could not be claimed yet, so that they are claimed later without a read.
/// Nothing is skipped for good: a row that cannot be claimed now stays, and the scan comes back to it. A scan goes on past rows whose keys must wait, so that
/// a hot key does not hold up the others; it begins anew whenever a page was useful or the end was reached.
/// </summary>
internal sealed class PageCursor(RelayOptions options, int mostKept)
{
    private const int FirstPageRows = 64;
    private const int MaxKeptOfKey = 4;

    private readonly HashSet<RelayLane> _leftOut = [];
    private readonly HashSet<(LaneId, string)> _passedOver = [];
    private readonly Dictionary<(LaneId, string), int> _keptOf = [];
    private List<OutboxRow> _kept = [];
    private long _keptBytes;
    private long _after;
    private long _until;
    private bool _wanted;
    private bool _wantedAfterScan;
    private bool _rowsWait;
    private bool _replan;
    private int _pageRows = Math.Min(FirstPageRows, options.MaxPageRows);
    private int _asked;

    /// <summary>Whether the read under way is for claiming; else only a heartbeat looks at it.</summary>
    public bool IsClaiming { get; private set; }

    /// <summary>Keys whose rows earlier pages of this scan passed over: a later row of theirs must not be claimed before those.</summary>
    public IReadOnlySet<(LaneId Lane, string Key)> PassedOver => _passedOver;

    /// <summary>Rows that this scan passed and that are not claimed yet: of every key its oldest, without a gap.</summary>
    public IReadOnlyList<OutboxRow> Kept => _kept;

    /// <summary>Whether kept rows may have become claimable.</summary>
    public bool WantsReplan => _replan && _kept.Count > 0;

    /// <summary>Begins with the rows of an earlier holder.</summary>
    public void Restart()
    {
        FromTheStart();
        _wanted = _wantedAfterScan = _rowsWait = _replan = false;
        _leftOut.Clear();
        _kept.Clear();
    }

    /// <summary>There may be new rows.</summary>
    public void Woken()
    {
        _wanted = true;
        _wantedAfterScan |= _after > 0;
    }

    /// <summary>Rows were confirmed: others that waited for their keys, or for room, can be claimed.</summary>
    public void RowsConfirmed()
    {
        _replan = true;
        if (_rowsWait)
            Woken();
        _rowsWait = false;
    }

    /// <summary>Whether there is reason to read for claims. A lane that was left out and is free again is one.</summary>
    public bool IsWanted(TimeSpan now)
    {
        if (_leftOut.RemoveWhere(l => _after == 0 && !l.IsBlocked(now)) > 0)
            _wanted = true;
        return _wanted;
    }

    /// <summary>The next page of claimed rows, after an acquisition.</summary>
    public OutboxQuery ForRecovery(string shard)
    {
        _asked = _pageRows;
        return new(shard, Claimed: true, _asked, _after, []);
    }

    /// <summary>Takes note of a page of claimed rows.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool Recovered(IReadOnlyList<OutboxRow> rows)
    {
        Measure(rows);
        var more = rows.Count >= _asked;
        _after = more ? rows[^1].Sequence : 0;
        return more;
    }

    /// <summary>The next page of fresh rows.</summary>
    public OutboxQuery ForClaims(string shard, IEnumerable<RelayLane> blocked, IEnumerable<LaneId> unknown)
    {
        IsClaiming = true;
        _wanted = false;
        // A lane left out of one page of a scan is left out of all: its later rows must not come before its earlier ones.
        _leftOut.UnionWith(blocked);
        _asked = _pageRows;
        return new(shard, Claimed: false, _asked, _after, [.. _leftOut.Select(l => l.Id), .. unknown]);
    }

    /// <summary>A look at the clock and at what is left, without taking anything.</summary>
    public OutboxQuery ForHeartbeat(string shard)
    {
        IsClaiming = false;
        return new(shard, Claimed: false, Limit: 1, After: 0, []);
    }

    /// <summary>
    /// Those rows of a page that this scan may take: none above the highest that its first page's snapshot saw. A transaction that committed since may have left a row
    /// below what was passed already, and the next one of its key above it, which must not be claimed first.
    /// </summary>
    /// <param name="rows">The page.</param>
    /// <param name="highest">The highest sequence that the page's snapshot saw; null if it saw none.</param>
    public IReadOnlyList<OutboxRow> OfScan(IReadOnlyList<OutboxRow> rows, long? highest)
    {
        if (_after == 0)
        {
            _until = highest ?? 0;
            return rows;
        }
        if (rows.Count == 0 || rows[^1].Sequence <= _until)
            return rows;
        // The next scan takes them.
        _wantedAfterScan = true;
        return [.. rows.TakeWhile(r => r.Sequence <= _until)];
    }

    /// <summary>Takes note of a page of fresh rows and what came of it.</summary>
    public void Read(IReadOnlyList<OutboxRow> rows, ClaimPlan plan)
    {
        Measure(rows);
        if (_after == 0)
        {
            _kept.Clear();
            _keptOf.Clear();
            _keptBytes = 0;
            _replan = false;
        }
        foreach (var row in plan.Left)
            Keep(row);
        if (plan.WindowFull)
            // Goes on with what is kept when something is confirmed; further pages are read when there is room.
            FromTheStart();
        else if (rows.Count >= _asked)
        {
            _wanted = true;
            if (rows.Count >= plan.Left.Count * 2)
                FromTheStart();
            else
            {
                _after = rows[^1].Sequence;
                foreach (var row in plan.Left)
                    _passedOver.Add(ClaimPlanner.OrderOf(row));
            }
        }
        else if (_after > 0)
        {
            FromTheStart();
            _wanted |= _wantedAfterScan;
            _wantedAfterScan = false;
        }
    }

    /// <summary>Takes note of what came of the kept rows.</summary>
    public void Replanned(ClaimPlan plan)
    {
        (_kept, _replan) = (plan.Left, false);
        _wanted |= _kept.Count == 0;
    }

    // Once a row of a key is not kept, no later one is: they would be claimed before it.
    private void Keep(OutboxRow row)
    {
        var key = ClaimPlanner.OrderOf(row);
        var kept = _keptOf.GetValueOrDefault(key);
        if (kept < MaxKeptOfKey && _kept.Count < mostKept && _keptBytes < options.MaxPageBytes)
        {
            _kept.Add(row);
            _keptBytes += row.Body.Length;
            _keptOf[key] = kept + 1;
        }
        else
        {
            _keptOf[key] = MaxKeptOfKey;
            _rowsWait = true;
        }
    }

    private void FromTheStart()
    {
        _after = 0;
        _passedOver.Clear();
    }

    private void Measure(IReadOnlyList<OutboxRow> rows)
    {
        if (rows.Count == 0)
            return;
        var bytes = 0L;
        foreach (var row in rows)
            bytes += row.Body.Length;
        var fitting =
            bytes == 0 ? options.MaxPageRows : (int)Math.Clamp(options.MaxPageBytes * (long)rows.Count / bytes, 1, options.MaxPageRows);
        // Down at once, up by doubling: one page of small events says little about the next.
        _pageRows = Math.Min(fitting, Math.Min(_pageRows * 2, options.MaxPageRows));
    }
}
