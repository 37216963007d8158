using Microsoft.Data.Sqlite;
using Statecast.Conformance.Outbox;
using Statecast.Events;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Sqlite.Capture;
using Statecast.Sqlite.Outbox;

namespace Statecast.Integration.Tests.Sqlite;

public sealed class SqliteOutboxStoreTests : OutboxStoreConformance
{
    protected override Task<OutboxDatabase> CreateAsync() => SqliteOutboxDatabase.CreateAsync();
}

/// <summary>A source's database file, written by capture's own SQL over the application's connection.</summary>
internal sealed class SqliteOutboxDatabase : OutboxDatabase
{
    private readonly TempDirectory _directory = new();
    private readonly SqliteConnection _connection;

    private SqliteOutboxDatabase() => _connection = new($"Data Source={File};Pooling=False");

    public string File => _directory.File("source.db");

    public static async Task<OutboxDatabase> CreateAsync()
    {
        var database = new SqliteOutboxDatabase();
        await database._connection.OpenAsync();
        await database.ExecuteAsync("PRAGMA journal_mode = WAL");
        await database.ExecuteAsync(SqliteTableScript.Create);
        return database;
    }

    public override IOutboxStore Open() => new SqliteOutboxStore($"Data Source={File}", null, Clock);

    public override async Task<IReadOnlyList<long>> AddAsync(params OutboxRow[] rows)
    {
        await using var transaction = _connection.BeginTransaction();
        await SqliteCaptureStore.Instance.WriteAsync(new CaptureScope(_connection, transaction, false, default), [], rows);
        await transaction.CommitAsync();
        var sequences = await QueryAsync(
            $"SELECT sequence FROM statecast_outbox ORDER BY sequence DESC LIMIT {rows.Length}",
            r => r.GetInt64(0)
        );
        return [.. sequences.Reverse()];
    }

    public override Task PublishAsync(string carrier, string destination, bool ended) =>
        ExecuteAsync(
            $"INSERT INTO statecast_publication (carrier, destination, contract, source, schema, first_republish_ended) VALUES ('{carrier}', '{destination}', '{destination[..destination.LastIndexOf('.')]}', 's', x'00', {(ended ? 1 : 0)})"
        );

    public override Task SetEpochAsync(long epoch) => ExecuteAsync($"UPDATE statecast_source SET epoch = {epoch}");

    public override Task<IReadOnlyList<RepublishRequest>> QueuedAsync() =>
        QueryAsync(
            "SELECT contract, key, first_bucket, last_bucket, destination, reason FROM statecast_republish ORDER BY id",
            r => new RepublishRequest(
                r.GetString(0),
                r.IsDBNull(1) ? null : r.GetString(1),
                r.GetInt32(2),
                r.GetInt32(3),
                r.IsDBNull(4) ? null : r.GetString(4),
                r.GetString(5)
            )
        );

    public override Task<IReadOnlyList<LaneLine>> LinesAsync() =>
        QueryAsync(
            "SELECT destination, lane, lease_id, first_number FROM statecast_line",
            r => new LaneLine(new LaneId(r.GetString(0), r.GetInt32(1)), new Guid((byte[])r.GetValue(2), bigEndian: true), r.GetInt64(3))
        );

    public override async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        _directory.Dispose();
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = _connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    private async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, Func<SqliteDataReader, T> map)
    {
        await using var command = _connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
            rows.Add(map(reader));
        return rows;
    }
}
