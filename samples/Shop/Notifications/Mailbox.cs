using Shop.Services;

namespace Shop.Notifications;

/// <summary>The mails that went out, in the notifications service's own database. Doing it twice is doing it once.</summary>
internal sealed class Mailbox(string connectionString) : IEffects
{
    private readonly LocalTable _table = new(
        connectionString,
        "CREATE TABLE IF NOT EXISTS mail (order_id TEXT NOT NULL, cause TEXT NOT NULL, address TEXT NOT NULL, PRIMARY KEY (order_id, cause))"
    );

    public Task SendAsync(Guid orderId, string cause, string address, CancellationToken ct) =>
        _table.WriteAsync(
            "INSERT INTO mail (order_id, cause, address) VALUES ($order, $cause, $address) ON CONFLICT (order_id, cause) DO NOTHING",
            [("$order", orderId.ToString()), ("$cause", cause), ("$address", address)],
            ct
        );

    public async Task<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken ct) =>
        new Dictionary<string, long>
        {
            ["mails sent"] = await _table.CountAsync("SELECT count(*) FROM mail", ct),
            ["orders written about"] = await _table.CountAsync("SELECT count(DISTINCT order_id) FROM mail", ct),
        };
}
