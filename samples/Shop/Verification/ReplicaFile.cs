using Microsoft.Data.Sqlite;
using Statecast.Events;

namespace Shop.Verification;

/// <summary>A row of a replica's closed file.</summary>
internal sealed record ReplicaFileRow(string Key, long Epoch, long Revision, bool Deleted, long Writes, string Codec, byte[]? Body);

/// <summary>The figures that a replica keeps beside its rows.</summary>
/// <param name="Dropped">Parked events that an operator dropped.</param>
/// <param name="Waiting">What is received and nothing else; 0, or something is lost.</param>
/// <param name="Unfinished">Changes that handlers have not finished with.</param>
internal sealed record ReplicaFigures(
    long Keys,
    long Received,
    long Applied,
    long Superseded,
    long Parked,
    long Dropped,
    long Waiting,
    long Unfinished
);

/// <summary>What the service's handlers did, by the sample's own record of it.</summary>
/// <param name="Revisions">Revisions that took effect.</param>
/// <param name="Twice">Effects of a revision beyond the first in one life of the service: 0, or something was applied or handed over twice.</param>
/// <param name="Repeated">Effects that a later life repeated, because a kill came between the effect and its confirmation.</param>
/// <param name="Ahead">Effects of a revision above the one that the replica has: 0, or the replica went backwards.</param>
internal sealed record HandledFigures(long Revisions, long Twice, long Repeated, long Ahead);

/// <summary>One replica's closed file, read by plain SQL: nothing of the library.</summary>
internal sealed class ReplicaFile(string path, string destination)
{
    private readonly string _connectionString = $"Data Source={path};Pooling=False";

    public async Task<List<ReplicaFileRow>> RowsAsync(CancellationToken ct)
    {
        await using var connection = await OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT key, epoch, revision, deleted, writes, codec, body FROM \"statecast_rows.{destination}\"";
        await using var rows = await command.ExecuteReaderAsync(ct);
        var read = new List<ReplicaFileRow>();
        while (await rows.ReadAsync(ct))
            read.Add(
                new(
                    rows.GetString(0),
                    rows.GetInt64(1),
                    rows.GetInt64(2),
                    rows.GetBoolean(3),
                    rows.GetInt64(4),
                    rows.GetString(5),
                    await rows.IsDBNullAsync(6, ct) ? null : rows.GetFieldValue<byte[]>(6)
                )
            );
        return read;
    }

    public async Task<ReplicaFigures> FiguresAsync(CancellationToken ct)
    {
        await using var connection = await OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT r.keys, r.received, r.applied, r.superseded, r.dropped,
                   (SELECT count(*) FROM statecast_replica_parked p WHERE p.replica = r.id),
                   (SELECT count(*) FROM statecast_replica_pending p WHERE p.replica = r.id)
            FROM statecast_replica r WHERE r.name = $name
            """;
        command.Parameters.AddWithValue("$name", destination);
        await using var row = await command.ExecuteReaderAsync(ct);
        if (!await row.ReadAsync(ct))
            throw new InvalidOperationException($"'{path}' holds no replica of {destination}.");
        var (keys, received, applied, superseded) = (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3));
        var (dropped, parked, unfinished) = (row.GetInt64(4), row.GetInt64(5), row.GetInt64(6));
        return new(keys, received, applied, superseded, parked, dropped, received - applied - superseded - dropped - parked, unfinished);
    }

    /// <summary>Null where no handler of the service ever ran.</summary>
    public async Task<HandledFigures?> HandledAsync(CancellationToken ct)
    {
        await using var connection = await OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM sqlite_schema WHERE name = 'handled'";
        if ((long)(await command.ExecuteScalarAsync(ct))! == 0)
            return null;
        command.CommandText = $"""
            SELECT count(DISTINCT h.key || ' ' || h.epoch || ' ' || h.revision), total(h.times - 1),
                   count(*) - count(DISTINCT h.key || ' ' || h.epoch || ' ' || h.revision),
                   count(*) FILTER (WHERE r.key IS NULL OR (h.epoch, h.revision) > (r.epoch, r.revision))
            FROM handled h LEFT JOIN "statecast_rows.{destination}" r ON r.key = h.key
            """;
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        return new(row.GetInt64(0), (long)row.GetDouble(1), row.GetInt64(2), row.GetInt64(3));
    }

    /// <summary>The newest revision of each key that took effect.</summary>
    public async Task<Dictionary<string, StateRevision>> NewestHandledAsync(CancellationToken ct)
    {
        await using var connection = await OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT key, epoch, revision FROM handled ORDER BY epoch, revision";
        await using var rows = await command.ExecuteReaderAsync(ct);
        var newest = new Dictionary<string, StateRevision>();
        while (await rows.ReadAsync(ct))
            newest[rows.GetString(0)] = new(rows.GetInt64(1), rows.GetInt64(2));
        return newest;
    }

    private async Task<SqliteConnection> OpenAsync(CancellationToken ct)
    {
        var connection = new SqliteConnection(_connectionString);
        try
        {
            await connection.OpenAsync(ct);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
