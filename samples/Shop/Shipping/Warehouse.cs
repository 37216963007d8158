using System.Collections.Immutable;
using Shop.Contracts;
using Shop.Services;

namespace Shop.Shipping;

/// <summary>The shipments that were prepared, in the shipping service's own database. Doing it twice is doing it once.</summary>
internal sealed class Warehouse(string connectionString) : IEffects
{
    private readonly LocalTable _table = new(
        connectionString,
        "CREATE TABLE IF NOT EXISTS shipment (order_id TEXT PRIMARY KEY, pieces INTEGER NOT NULL, released INTEGER NOT NULL DEFAULT 0)"
    );

    public Task ReserveAsync(Guid orderId, ImmutableArray<OrderItem> items, CancellationToken ct) =>
        _table.WriteAsync(
            "INSERT INTO shipment (order_id, pieces) VALUES ($order, $pieces) ON CONFLICT (order_id) DO NOTHING",
            [("$order", orderId.ToString()), ("$pieces", items.Sum(item => item.Quantity))],
            ct
        );

    public Task ReleaseAsync(Guid orderId, CancellationToken ct) =>
        _table.WriteAsync("UPDATE shipment SET released = 1 WHERE order_id = $order", [("$order", orderId.ToString())], ct);

    public async Task<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken ct) =>
        new Dictionary<string, long>
        {
            ["shipments prepared"] = await _table.CountAsync("SELECT count(*) FROM shipment", ct),
            ["of them released"] = await _table.CountAsync("SELECT count(*) FROM shipment WHERE released", ct),
        };
}
