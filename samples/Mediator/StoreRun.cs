using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Hosting;
using Statecast.Replicas;

namespace Store;

/// <summary>Plays a day in the store, and judges it.</summary>
internal sealed class StoreRun(IHost host, StoreOptions options)
{
    private const int Items = 40;
    private const int Clerks = 4;

    private readonly Stockroom _stockroom = host.Services.GetRequiredService<Stockroom>();
    private readonly ShopWindow _window = host.Services.GetRequiredService<ShopWindow>();
    private readonly Supplier _supplier = host.Services.GetRequiredService<Supplier>();
    private readonly IReplica<string, StockState> _replica = host.Services.GetRequiredService<IReplica<string, StockState>>();
    private int _late;

    public async Task<Verdict> PlayAsync(CancellationToken ct)
    {
        var day = Enumerable.Range(0, Clerks).Select(clerk => Task.Run(() => WorkAsync(clerk, ct), ct));
        await Task.WhenAll(day);
        var refusal = await RefuseAsync(ct);
        await host.Services.GetRequiredService<IStatecast>().WhenIdleAsync(ct);
        if (options.Spoil)
            _window.Remove(_window.Labels.Keys.First());
        return await JudgeAsync(refusal, ct);
    }

    // Every clerk has items of their own, so that what they see on return is not another one's doing.
    private async Task WorkAsync(int clerk, CancellationToken ct)
    {
        var random = new Random(options.Seed + clerk);
        for (var n = clerk; n < options.Bookings; n += Clerks)
        {
            var sku = $"item-{random.Next(Items / Clerks) * Clerks + clerk}";
            if (random.Next(20) == 0)
            {
                await _stockroom.DropAsync(sku, ct);
                if (_window.Labels.ContainsKey(sku) || await _replica.GetAsync(sku, ct: ct) is not null)
                    Interlocked.Increment(ref _late);
                continue;
            }
            var state = await _stockroom.BookAsync(sku, random.Next(-6, 9), ct);
            if (_window.Labels.GetValueOrDefault(sku) != ShopWindow.LabelOf(state) || await _replica.GetAsync(sku, ct: ct) != state)
                Interlocked.Increment(ref _late);
        }
    }

    /// <summary>A handler fails once: the caller hears of it, the state stays, and Statecast tries again.</summary>
    private async Task<bool> RefuseAsync(CancellationToken ct)
    {
        _supplier.Refuses = 1;
        try
        {
            await _stockroom.BookAsync("rarity", 1, ct);
            return false;
        }
        catch (SupplierException)
        {
            return await _replica.GetAsync("rarity", ct: ct) is { OnHand: 1 };
        }
    }

    private async Task<Verdict> JudgeAsync(bool refusal, CancellationToken ct)
    {
        var items = _stockroom.Items;
        var held = new Dictionary<string, StockState>();
        await foreach (var (sku, state) in _replica.EnumerateAsync(ct: ct))
            held.Add(sku, state);
        return new([
            new("items", items.Count, Items / 2, AtLeast: true),
            new("items in the replica that differ", Differences(items, held), 0),
            new(
                "labels in the window that differ",
                Differences(items.ToDictionary(i => i.Key, i => ShopWindow.LabelOf(i.Value)), _window.Labels),
                0
            ),
            new("bookings that returned before replica and window had them", _late, 0),
            new("orders at the supplier, against shortages", _supplier.Orders, _stockroom.Shortages),
            new("refusals that reached the clerk while the state stayed", refusal ? 1 : 0, 1),
        ]);
    }

    private static int Differences<T>(IReadOnlyDictionary<string, T> expected, IReadOnlyDictionary<string, T> found) =>
        expected.Count(e => !found.TryGetValue(e.Key, out var value) || !Equals(value, e.Value)) + found.Keys.Except(expected.Keys).Count();
}
