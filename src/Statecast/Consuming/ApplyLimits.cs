namespace Statecast.Consuming;

/// <summary>What bounds the batches of one replica.</summary>
/// <param name="Events">The most events of a batch of a replica that keeps up.</param>
/// <param name="CatchUpEvents">The most while it is behind.</param>
/// <param name="BatchBytes">The most bytes of bodies in a batch.</param>
/// <param name="BodyBytes">The most bytes of one body.</param>
/// <param name="BytesInFlight">The most bytes of bodies that are received and not committed.</param>
/// <param name="ForRepeats">Whether a batch grows only where keys come again in it.</param>
internal sealed record ApplyLimits(
    int Events,
    int CatchUpEvents,
    long BatchBytes,
    long BodyBytes,
    long BytesInFlight,
    bool ForRepeats = false
)
{
    /// <summary>What a carrier is asked for: a delivery ends with the event that reaches it, and is then no larger than a batch may be.</summary>
    public long DeliveryBytes => Math.Max(1, BatchBytes - BodyBytes);
}
