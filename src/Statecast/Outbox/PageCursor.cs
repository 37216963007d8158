using Statecast.Events;

namespace Statecast.Outbox;

/// <summary>
/// Decides which page of the outbox is read next. Nothing is skipped for good: a row that cannot be claimed now stays, and the scan comes back to it.
/// Pages go on past rows whose keys must wait, so that a hot key does not hold up the others; they begin anew whenever a page was useful or the end was reached.
/// </summary>
internal sealed class PageCursor(RelayOptions options)
{
    private const int FirstPageRows = 64;

    private long _after;
    private bool _wanted;
    private bool _wokenMeanwhile;
    private bool _keysWait;
    private bool _windowFull;
    private int _pageRows = Math.Min(FirstPageRows, options.MaxPageRows);
    private int _asked;
    private readonly HashSet<RelayLane> _leftOut = [];
    private readonly HashSet<(LaneId, string)> _passedOver = [];

    /// <summary>Whether the read under way is for claiming; else only a heartbeat looks at it.</summary>
    public bool IsClaiming { get; private set; }

    /// <summary>Keys whose rows earlier pages of this scan passed over: a later row of theirs must not be claimed before those.</summary>
    public IReadOnlySet<(LaneId Lane, string Key)> PassedOver => _passedOver;

    /// <summary>Begins with the rows of an earlier holder.</summary>
    public void Restart()
    {
        FromTheStart();
        _wanted = _wokenMeanwhile = _keysWait = _windowFull = false;
        _leftOut.Clear();
    }

    /// <summary>There may be new rows.</summary>
    public void Woken()
    {
        _wanted = true;
        _wokenMeanwhile |= _after > 0;
    }

    /// <summary>Rows were confirmed: others that waited for their keys, or for room, can be claimed.</summary>
    public void RowsConfirmed()
    {
        _wanted |= _keysWait || _windowFull;
        _windowFull = false;
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
    public OutboxQuery ForClaims(string shard, WindowRoom room, IEnumerable<RelayLane> blocked, IEnumerable<LaneId> unknown)
    {
        IsClaiming = true;
        _wanted = false;
        // A lane left out of one page of a scan is left out of all: its later rows must not come before its earlier ones.
        _leftOut.UnionWith(blocked);
        _asked = Math.Clamp(_pageRows, 1, Math.Max(1, room.Events));
        return new(shard, Claimed: false, _asked, _after, [.. _leftOut.Select(l => l.Id), .. unknown]);
    }

    /// <summary>A look at the clock and at what is left, without taking anything.</summary>
    public OutboxQuery ForHeartbeat(string shard)
    {
        IsClaiming = false;
        return new(shard, Claimed: false, Limit: 1, After: 0, []);
    }

    /// <summary>Takes note of a page of fresh rows and what came of it.</summary>
    public void Read(IReadOnlyList<OutboxRow> rows, ClaimPlan plan)
    {
        Measure(rows);
        _keysWait = plan.Waiting.Count > 0 || (_keysWait && _after > 0);
        _windowFull = plan.WindowFull;
        if (_windowFull)
            // Goes on when something is confirmed, from the start: the oldest come first.
            FromTheStart();
        else if (rows.Count >= _asked)
        {
            var useful = (plan.Claims.Count + plan.Coalesced.Count) * 2 >= rows.Count;
            _wanted = true;
            if (useful)
                FromTheStart();
            else
            {
                _after = rows[^1].Sequence;
                _passedOver.UnionWith(plan.Waiting);
            }
        }
        else if (_after > 0)
        {
            FromTheStart();
            _wanted |= _wokenMeanwhile;
            _wokenMeanwhile = false;
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
