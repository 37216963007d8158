using Statecast.Events;

namespace Statecast.Outbox;

/// <summary>One lane in the relay's hands: its numbers, what waits to be sent, and whether the carrier takes it.</summary>
internal sealed class RelayLane
{
    private readonly PriorityQueue<ClaimedRow, long> _queue = new();
    private readonly List<ClaimedRow> _held = [];

    public RelayLane(LaneCounter stored, IReadOnlyList<LaneLine> line)
    {
        Id = stored.Lane;
        AnswersOne = SnapshotLane.Is(stored.Lane);
        Line = line;
        Stored = stored;
        NextNumber = stored.NextNumber;
        HadNumbers = stored.NextNumber > 1;
        Verifier = new(stored.Incarnation, stored.Verified);
    }

    public LaneId Id { get; }

    /// <summary>Whether it is of one target's own queue.</summary>
    public bool AnswersOne { get; }

    /// <summary>Which numbers were handed out under which lease in this epoch, in order.</summary>
    public IReadOnlyList<LaneLine> Line { get; }

    /// <summary>What the database holds of the lane.</summary>
    public LaneCounter Stored { get; set; }

    /// <summary>The next number to hand out: moves when a claim is durable.</summary>
    public long NextNumber { get; set; }

    /// <summary>Whether an earlier holder handed out numbers: what it sent is expected in the log.</summary>
    public bool HadNumbers { get; }

    /// <summary>What is accounted for in a log that appends without asking the guard.</summary>
    public LaneVerifier Verifier { get; }

    /// <summary>Keys with a claimed row that is not confirmed. At most one row per key is claimed, so that no revision can be overtaken by an older one's second try.</summary>
    public HashSet<string> Busy { get; } = new(StringComparer.Ordinal);

    /// <summary>Sends in a row of which nothing was taken.</summary>
    public int Failures { get; set; }

    /// <summary>Nothing is sent or claimed before.</summary>
    public TimeSpan BlockedUntil { get; set; }

    public bool HasReady => _queue.Count > 0;

    /// <summary>When the next held row is due; null if none is held.</summary>
    public TimeSpan? NextHeld => _held.Count == 0 ? null : _held.Min(r => r.NotBefore);

    public bool IsBlocked(TimeSpan now) => now < BlockedUntil;

    /// <summary>Puts a row in its place: numbers go out in order, a repeated one first.</summary>
    public void Enqueue(ClaimedRow row) => _queue.Enqueue(row, row.Event.LaneNumber);

    /// <summary>Keeps a row until its own wait is over.</summary>
    public void Hold(ClaimedRow row) => _held.Add(row);

    /// <summary>Lets held rows go whose wait is over.</summary>
    public void ReleaseHeld(TimeSpan now)
    {
        for (var i = _held.Count - 1; i >= 0; i--)
            if (_held[i].NotBefore <= now)
            {
                Enqueue(_held[i]);
                _held.RemoveAt(i);
            }
    }

    public ClaimedRow Peek() => _queue.Peek();

    public ClaimedRow Dequeue() => _queue.Dequeue();

    /// <summary>What is to be stored of the lane.</summary>
    public LaneCounter ToCounter(long nextNumber) => new(Id, nextNumber, Verifier.Incarnation, Verifier.Verified);
}
