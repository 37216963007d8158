using Statecast.Contracts;

namespace Store;

/// <summary>What the stockroom shares of an item. What it paid for it is not in here, so no handler can see it.</summary>
[StateContract("store.stock")]
public sealed partial record StockState([StateKey] string Sku, int OnHand, int Minimum)
{
    public bool IsShort => OnHand < Minimum;
}
