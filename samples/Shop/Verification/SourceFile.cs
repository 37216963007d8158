using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Shop.Orders;

namespace Shop.Verification;

/// <summary>The orders service's closed file, read by a fresh context and by plain SQL: nothing of the running service, nothing of its capture.</summary>
internal sealed class SourceFile(string path)
{
    private readonly string _connectionString = $"Data Source={path};Pooling=False";

    /// <summary>All orders by key, as they must be shared.</summary>
    public async Task<Dictionary<string, string>> OrdersAsync<TState>(Func<Order, TState> map, CancellationToken ct)
    {
        await using var db = Open();
        return await db
            .Orders.AsNoTracking()
            .Include(o => o.Lines)
            .AsAsyncEnumerable()
            .ToDictionaryAsync(o => o.Id.ToString(), o => StateText.Of(map(o)), cancellationToken: ct);
    }

    /// <summary>All customers by key, as they must be shared.</summary>
    public async Task<Dictionary<string, string>> CustomersAsync(CancellationToken ct)
    {
        await using var db = Open();
        return await db
            .Customers.AsNoTracking()
            .AsAsyncEnumerable()
            .Select(c => c.ToState())
            .ToDictionaryAsync(c => c.CustomerId.ToString(), StateText.Of, cancellationToken: ct);
    }

    /// <summary>The newest captured revision of every key of a contract, deleted ones too.</summary>
    public async Task<Dictionary<string, long>> RevisionsAsync(string contract, CancellationToken ct)
    {
        await using var connection = new SqliteConnection(_connectionString);
        await connection.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT key, revision FROM statecast_head WHERE contract = $contract AND revision > 0";
        command.Parameters.AddWithValue("$contract", contract);
        await using var rows = await command.ExecuteReaderAsync(ct);
        var revisions = new Dictionary<string, long>();
        while (await rows.ReadAsync(ct))
            revisions.Add(rows.GetString(0), rows.GetInt64(1));
        return revisions;
    }

    /// <summary>The epoch of the database.</summary>
    public async Task<long> EpochAsync(CancellationToken ct)
    {
        await using var connection = new SqliteConnection(_connectionString);
        await connection.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT epoch FROM statecast_source";
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>How many keys of a contract this database has newer than an earlier copy, or alive and the copy not at all: what is lost when the copy is restored.</summary>
    public async Task<long> NewerThanAsync(string copy, string contract, CancellationToken ct)
    {
        await using var connection = new SqliteConnection(_connectionString);
        await connection.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = """
            ATTACH $copy AS copy;
            SELECT count(*) FROM statecast_head h LEFT JOIN copy.statecast_head c ON c.contract = h.contract AND c.key = h.key
            WHERE h.contract = $contract AND (h.revision > c.revision OR (c.key IS NULL AND NOT h.deleted))
            """;
        command.Parameters.AddWithValue("$copy", copy);
        command.Parameters.AddWithValue("$contract", contract);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Keys with events that are captured and not yet confirmed by the log.</summary>
    public async Task<HashSet<string>> UnsentKeysAsync(CancellationToken ct)
    {
        await using var connection = new SqliteConnection(_connectionString);
        await connection.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT DISTINCT key FROM statecast_outbox";
        await using var rows = await command.ExecuteReaderAsync(ct);
        var keys = new HashSet<string>();
        while (await rows.ReadAsync(ct))
            keys.Add(rows.GetString(0));
        return keys;
    }

    private OrdersDb Open() => new(new DbContextOptionsBuilder<OrdersDb>().UseSqlite(_connectionString).Options);
}
