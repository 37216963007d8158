using Statecast.Consuming;

namespace Store;

/// <summary>Who is asked for more.</summary>
internal sealed class Supplier
{
    private int _orders;
    private int _refusals;

    /// <summary>Orders taken.</summary>
    public int Orders => _orders;

    /// <summary>The next so many orders are refused.</summary>
    public int Refuses
    {
        set => _refusals = value;
    }

    public Task OrderAsync(string sku)
    {
        if (Interlocked.Decrement(ref _refusals) >= 0)
            throw new SupplierException($"The supplier has no {sku} today.");
        Interlocked.Increment(ref _orders);
        return Task.CompletedTask;
    }
}

internal sealed class SupplierException(string message) : Exception(message);

/// <summary>Second handler: acts, once for each time an item becomes short. What it last finished with tells it whether that is news.</summary>
internal sealed class ReorderGoods(Supplier supplier) : IStateHandler<StockState>
{
    public Task HandleAsync(StateChange<StockState> change, CancellationToken ct) =>
        change switch
        {
            { Previous.IsShort: true } => Task.CompletedTask,
            { Current: { IsShort: true } state } => supplier.OrderAsync(state.Sku),
            _ => Task.CompletedTask,
        };
}
