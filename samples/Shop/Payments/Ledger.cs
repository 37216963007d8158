using Shop.Services;

namespace Shop.Payments;

/// <summary>The payments that were taken, in the payments service's own database, in cents. Doing it twice is doing it once.</summary>
internal sealed class Ledger(string connectionString) : IEffects
{
    private readonly LocalTable _table = new(
        connectionString,
        "CREATE TABLE IF NOT EXISTS payment (order_id TEXT PRIMARY KEY, cents INTEGER NOT NULL, returned INTEGER NOT NULL DEFAULT 0)"
    );

    public Task TakeAsync(Guid orderId, decimal amount, CancellationToken ct) => BookAsync(orderId, amount, returned: false, ct);

    public Task ReturnAsync(Guid orderId, decimal amount, CancellationToken ct) => BookAsync(orderId, amount, returned: true, ct);

    public async Task<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken ct) =>
        new Dictionary<string, long>
        {
            ["payments taken"] = await _table.CountAsync("SELECT count(*) FROM payment", ct),
            ["of them returned"] = await _table.CountAsync("SELECT count(*) FROM payment WHERE returned", ct),
        };

    private Task BookAsync(Guid orderId, decimal amount, bool returned, CancellationToken ct) =>
        _table.WriteAsync(
            "INSERT INTO payment (order_id, cents, returned) VALUES ($order, $cents, $returned) "
                + "ON CONFLICT (order_id) DO UPDATE SET returned = max(returned, excluded.returned)",
            [("$order", orderId.ToString()), ("$cents", (long)(amount * 100)), ("$returned", returned)],
            ct
        );
}
