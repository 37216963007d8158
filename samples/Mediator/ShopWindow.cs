using System.Collections.Concurrent;
using Statecast.Consuming;

namespace Store;

/// <summary>The cache: what customers may order, made for reading.</summary>
internal sealed class ShopWindow
{
    private readonly ConcurrentDictionary<string, string> _labels = new();

    public IReadOnlyDictionary<string, string> Labels => _labels;

    public static string LabelOf(StockState state) =>
        state.OnHand == 0 ? "sold out"
        : state.IsShort ? $"last {state.OnHand}"
        : "available";

    public void Show(StockState state) => _labels[state.Sku] = LabelOf(state);

    public void Remove(string sku) => _labels.TryRemove(sku, out _);
}

/// <summary>First handler: refreshes the cache.</summary>
internal sealed class RefreshWindow(ShopWindow window) : IStateHandler<StockState>
{
    public Task HandleAsync(StateChange<StockState> change, CancellationToken ct)
    {
        if (change.Current is { } state)
            window.Show(state);
        else
            window.Remove(change.Key);
        return Task.CompletedTask;
    }
}
