using System.Collections.Concurrent;
using Statecast.Publishing.Explicit;

namespace Store;

/// <summary>The component: keeps its items itself, and says each item's new state whenever it changed. It knows none of those who listen.</summary>
internal sealed class Stockroom(IStatePublisher states)
{
    private readonly ConcurrentDictionary<string, Item> _items = new();

    /// <summary>What is in stock, for the verdict.</summary>
    public IReadOnlyDictionary<string, StockState> Items =>
        _items.Where(i => i.Value.OnHand is not null).ToDictionary(i => i.Key, i => i.Value.State(i.Key));

    /// <summary>How often an item became short, for the verdict.</summary>
    public int Shortages => _items.Values.Sum(i => i.Shortages);

    /// <summary>Books a delivery (above 0) or a sale (below).</summary>
    /// <returns>The item's new state.</returns>
    public async Task<StockState> BookAsync(string sku, int pieces, CancellationToken ct)
    {
        var item = _items.GetOrAdd(sku, static _ => new());
        // One booking of an item at a time: the order in which states are said is the order in which they were.
        await item.Gate.WaitAsync(ct);
        try
        {
            var wasShort = item.OnHand is not null && item.State(sku).IsShort;
            item.OnHand = Math.Max(0, (item.OnHand ?? 0) + pieces);
            var state = item.State(sku);
            item.Shortages += state.IsShort && !wasShort ? 1 : 0;
            // Returns when the replica holds it and every handler ran; what one of them throws comes out here.
            await states.PublishAsync(state, pieces > 0 ? "Delivered" : "Sold", ct);
            return state;
        }
        finally
        {
            item.Gate.Release();
        }
    }

    /// <summary>The item is no longer kept.</summary>
    public async Task DropAsync(string sku, CancellationToken ct)
    {
        var item = _items.GetOrAdd(sku, static _ => new());
        await item.Gate.WaitAsync(ct);
        try
        {
            item.OnHand = null;
            await states.DeleteAsync<StockState>(sku, ct);
        }
        finally
        {
            item.Gate.Release();
        }
    }

    private sealed class Item
    {
        public SemaphoreSlim Gate { get; } = new(1);

        public int? OnHand { get; set; }

        public int Shortages { get; set; }

        public StockState State(string sku) => new(sku, OnHand ?? 0, Minimum: 5);
    }
}
