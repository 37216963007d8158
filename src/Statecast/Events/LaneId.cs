namespace Statecast.Events;

/// <summary>An ordered part of a destination. A key always belongs to the same lane of a destination.</summary>
/// <param name="Destination">Where a contract's events go on a carrier, for example <c>shop.order.v1</c>.</param>
/// <param name="Number">From 0.</param>
public readonly record struct LaneId(string Destination, int Number)
{
    /// <summary><c>destination/number</c>.</summary>
    public override string ToString() => $"{Destination}/{Number}";
}
