using System.Diagnostics.CodeAnalysis;

namespace Statecast.Events;

/// <summary>
/// The lane of one target's own queue, by which a source answers it alone: snapshot messages and range marks, numbered by themselves (protocol section 2).
/// An outbox holds their rows under its name, which no destination can have; a carrier puts what stands there straight into that queue, and says so to who receives it.
/// </summary>
public static class SnapshotLane
{
    // No contract's name holds it.
    private const char Separator = '>';

    /// <summary>The lane by which one reply address is answered for one live lane.</summary>
    /// <param name="live">The lane that everybody reads.</param>
    /// <param name="replyTo">The carrier's own address of that target's queue for that lane.</param>
    /// <exception cref="ArgumentException">The address is empty, or the lane is a snapshot lane itself.</exception>
    public static LaneId Of(LaneId live, string replyTo)
    {
        ArgumentException.ThrowIfNullOrEmpty(replyTo);
        if (Is(live))
            throw new ArgumentException($"The lane '{live}' is a snapshot lane already.", nameof(live));
        return new(string.Concat(live.Destination, ">", replyTo), live.Number);
    }

    /// <summary>Whether a lane is one.</summary>
    public static bool Is(LaneId lane) => lane.Destination.Contains(Separator, StringComparison.Ordinal);

    /// <summary>The lane that everybody reads: of a snapshot lane the one that it answers for, else the lane itself.</summary>
    public static LaneId LiveOf(LaneId lane) => TryParse(lane, out var live, out _) ? live : lane;

    /// <summary>Takes a snapshot lane apart; false for a live lane.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="live">The lane that everybody reads.</param>
    /// <param name="replyTo">The carrier's own address of the target's queue.</param>
    public static bool TryParse(LaneId lane, out LaneId live, [NotNullWhen(true)] out string? replyTo)
    {
        var at = lane.Destination.IndexOf(Separator, StringComparison.Ordinal);
        if (at < 0)
        {
            (live, replyTo) = (lane, null);
            return false;
        }
        (live, replyTo) = (new(lane.Destination[..at], lane.Number), lane.Destination[(at + 1)..]);
        return true;
    }
}
