using Statecast.Events;
using Statecast.Hosting;
using Statecast.Transport;

namespace Statecast.Outbox;

/// <summary>
/// Compares what the carrier remembers of the source with what its database knows (protocol section 6): once the lease is held and before anything is claimed
/// or sent, and again with every batch and heartbeat, since what another holder left on its way may arrive at any time.
/// </summary>
internal sealed class RelayLook(RelayShard shard, RelayRules rules, Backoff backoff, RelayOutput output)
{
    private readonly IReadOnlyList<LaneId> _lanes = [.. shard.Lanes];
    private readonly Dictionary<LaneId, long> _highest = [];
    private long _epoch;
    private long _command;
    private int _failures;

    /// <summary>No look before, after a failure.</summary>
    public TimeSpan RetryAt { get; private set; }

    /// <summary>What says that the database went back; null while nothing does.</summary>
    public EpochSeen? Found { get; private set; }

    /// <summary>Begins anew under a lease.</summary>
    public void Restart()
    {
        _highest.Clear();
        (_epoch, _command, RetryAt, Found) = (0, 0, TimeSpan.Zero, null);
    }

    /// <summary>Asks the carrier, unless it is being asked.</summary>
    public void Ask(TimeSpan now)
    {
        if (_command == 0 && now >= RetryAt)
            _command = output.Give(id => new RelayCommand.Look(id, _lanes));
    }

    public bool IsWaitingFor(long command) => command != 0 && command == _command;

    /// <summary>The answer is there.</summary>
    public void Answered()
    {
        if (_failures > 0)
            output.Notice(RelayNotice.LookRecovered, shard.Name, "");
        (_command, _failures) = (0, 0);
    }

    /// <summary>The carrier does not answer: asked again after a wait.</summary>
    public void Failed(string reason, TimeSpan now)
    {
        if (_failures == 0)
            output.Notice(RelayNotice.LookFailing, shard.Name, reason);
        _command = 0;
        RetryAt = now + backoff.Wait(_failures++);
    }

    /// <summary>Judges what the carrier remembers.</summary>
    public void Judge(LookMoment moment, IReadOnlyList<SentMark> marks, RelayTenure tenure)
    {
        foreach (var mark in marks)
        {
            if (!tenure.Hand.Lanes.TryGetValue(mark.Lane, out var lane))
                continue;
            _highest[mark.Lane] = Math.Max(mark.Number, _highest.GetValueOrDefault(mark.Lane));
            _epoch = Math.Max(_epoch, mark.Epoch);
            if (rules.IsForeign(new(moment, mark, tenure.Lease.Epoch, lane.NextNumber, lane.Line)))
                Found ??= new(_epoch, Explain(mark, tenure.Lease.Epoch));
        }
        if (Found is { } found)
            Found = found with { Highest = _epoch };
    }

    /// <summary>Every lane's counter above what the carrier remembers.</summary>
    public IReadOnlyList<LaneCounter> CountersAbove(RelayHand hand) =>
        [.. hand.Lanes.Values.Select(l => l.ToCounter(Math.Max(l.NextNumber, _highest.GetValueOrDefault(l.Id) + 1)))];

    private static string Explain(SentMark mark, long epoch) =>
        mark.Epoch > epoch
            ? $"the carrier remembers epoch {mark.Epoch} in lane {mark.Lane}, the database has {epoch}"
            : $"the carrier remembers number {mark.Number} of lane {mark.Lane} under lease {mark.LeaseId:N}, which the database did not hand out";
}

/// <summary>When the carrier's memory was looked at.</summary>
internal enum LookMoment
{
    /// <summary>The lease was taken, and nothing was claimed under it.</summary>
    Acquired,

    /// <summary>A batch ended.</summary>
    Batch,

    /// <summary>A heartbeat is about to be said.</summary>
    Heartbeat,
}

/// <summary>One thing that the carrier remembers, beside what the database knows of its lane.</summary>
/// <param name="Moment">When it was looked at.</param>
/// <param name="Mark">What the carrier remembers.</param>
/// <param name="Epoch">The database's epoch.</param>
/// <param name="NextNumber">The lane's next number to hand out.</param>
/// <param name="Line">Which numbers were handed out under which lease.</param>
internal readonly record struct LookedAt(LookMoment Moment, SentMark Mark, long Epoch, long NextNumber, IReadOnlyList<LaneLine> Line)
{
    /// <summary>Whether the mark's lease is in the line and may have sent its number.</summary>
    public bool IsOfTheLine
    {
        get
        {
            // From its end: a carrier remembers the newest leases, and the line has one for every start of the source.
            for (var i = Line.Count - 1; i >= 0; i--)
                if (Line[i].LeaseId == Mark.LeaseId)
                    return i + 1 == Line.Count || Mark.Number < Line[i + 1].FirstNumber;
            return false;
        }
    }
}
