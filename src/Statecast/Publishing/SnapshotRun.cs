using System.Globalization;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Outbox;

namespace Statecast.Publishing;

/// <summary>One target's run, as a request to the republisher names it in the place of a destination: what answers it goes to that target alone.</summary>
/// <param name="Carrier">The carrier that it was asked by.</param>
/// <param name="Live">The live lane whose keys are wanted.</param>
/// <param name="ReplyTo">The carrier's own address of the target's queue.</param>
/// <param name="Run">The run.</param>
internal sealed record SnapshotRun(string Carrier, LaneId Live, string ReplyTo, Guid Run)
{
    // No contract's name and no carrier's holds it; an address, which comes last, may.
    private const char Separator = '>';

    /// <summary>The lane that the answer stands in.</summary>
    public LaneId Lane => SnapshotLane.Of(Live, ReplyTo);

    /// <summary>The run as a request's destination.</summary>
    public string Destination =>
        string.Create(CultureInfo.InvariantCulture, $"{Live.Destination}>{Live.Number}>{Run:N}>{Carrier}>{ReplyTo}");

    /// <summary>A range of the run, as a wish to the republisher.</summary>
    public RepublishRequest Request(string contract, BucketRange range, string reason) =>
        new(contract, null, range.First, range.Last, Destination, reason);

    /// <summary>The run that a request's destination names; null for another destination.</summary>
    public static SnapshotRun? TryParse(string? destination)
    {
        if (destination?.Split(Separator, 5) is not [var live, var lane, var run, var carrier, { Length: > 0 } replyTo])
            return null;
        return
            int.TryParse(lane, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && Guid.TryParseExact(run, "N", out var id)
            ? new(carrier, new(live, number), replyTo, id)
            : null;
    }

    /// <summary>Whether a key is of the run's lane.</summary>
    public bool Concerns(string key, int lanes) => KeyText.Lane(key, lanes) == Live.Number;

    /// <summary>The row that begins or ends a range.</summary>
    public OutboxRow Mark(string contract, StateOperation operation, RangeMark mark, DateTimeOffset now) =>
        new()
        {
            Carrier = Carrier,
            Lane = Lane,
            Contract = contract,
            Key = mark.KeyOf(operation),
            Revision = 0,
            Operation = operation,
            Codec = "json",
            Schema = default,
            Body = mark.Write(),
            CapturedAt = now,
            KeepEach = true,
        };
}
