using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using Statecast.Serialization;
using Statecast.Transport;

namespace Statecast.Benchmarks.Replicas;

/// <summary>
/// The limit: a file with the table of ours, written in batches of fixed size: the newest of each key, sorted by key, one guarded upsert each with kept
/// statements, rows, sums and position in one transaction, with the same settings.
/// </summary>
internal sealed class SortedSqlite : IDisposable
{
    private const string Settings = """
        PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -65536;
        CREATE TABLE rows (
            key TEXT NOT NULL PRIMARY KEY, epoch INTEGER NOT NULL, revision INTEGER NOT NULL, deleted INTEGER NOT NULL,
            operation INTEGER NOT NULL, codec TEXT NOT NULL, schema BLOB NOT NULL, content BLOB, captured_at INTEGER NOT NULL,
            seen INTEGER NOT NULL, writes INTEGER NOT NULL, entries BLOB, body BLOB
        );
        CREATE TABLE position (lane INTEGER NOT NULL PRIMARY KEY, next INTEGER NOT NULL, received INTEGER NOT NULL);
        INSERT INTO position VALUES (0, 0, 0);
        """;

    private const string Upsert = """
        INSERT INTO rows (key, epoch, revision, deleted, operation, codec, schema, content, captured_at, seen, writes, body)
        VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, 0, 1, ?9)
        ON CONFLICT (key) DO UPDATE SET epoch = excluded.epoch, revision = excluded.revision, operation = excluded.operation, codec = excluded.codec,
            schema = excluded.schema, content = excluded.content, captured_at = excluded.captured_at, writes = rows.writes + 1, body = excluded.body
        WHERE (excluded.epoch, excluded.revision) > (rows.epoch, rows.revision)
        """;

    private readonly SqliteConnection _connection;
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _upsert;
    private readonly sqlite3_stmt _move;
    private readonly sqlite3_stmt _begin;
    private readonly sqlite3_stmt _commit;
    private readonly Dictionary<string, int> _newest = new(StringComparer.Ordinal);

    /// <param name="path">A new file.</param>
    /// <param name="synced">Whether each commit is synced, as of a replica whose events nobody keeps.</param>
    public SortedSqlite(string path, bool synced = false)
    {
        _connection = new($"Data Source={path};Pooling=False");
        _connection.Open();
        _database = _connection.Handle!;
        Check(raw.sqlite3_exec(_database, Settings));
        if (synced)
            Check(raw.sqlite3_exec(_database, "PRAGMA synchronous = FULL"));
        _upsert = Prepare(Upsert);
        _move = Prepare("UPDATE position SET next = ?1, received = received + ?2 WHERE lane = 0");
        _begin = Prepare("BEGIN IMMEDIATE");
        _commit = Prepare("COMMIT");
    }

    public void Apply(ReadOnlySpan<ReceivedEvent> batch)
    {
        _newest.Clear();
        for (var i = 0; i < batch.Length; i++)
        {
            ref var at = ref CollectionsMarshal.GetValueRefOrAddDefault(_newest, batch[i].Event!.Key, out var known);
            if (!known || batch[i].Event!.Revision > batch[at].Event!.Revision)
                at = i;
        }
        var sorted = _newest.ToArray();
        Array.Sort(sorted, static (left, right) => string.CompareOrdinal(left.Key, right.Key));
        Run(_begin);
        foreach (var (_, at) in sorted)
            Put(batch[at]);
        Check(raw.sqlite3_bind_int64(_move, 1, batch[^1].Position + 1));
        Check(raw.sqlite3_bind_int64(_move, 2, batch.Length));
        Run(_move);
        Run(_commit);
    }

    public void Dispose()
    {
        foreach (var statement in (sqlite3_stmt[])[_upsert, _move, _begin, _commit])
            statement.Dispose();
        _connection.Dispose();
    }

    private void Put(ReceivedEvent received)
    {
        var incoming = received.Event!;
        Span<byte> text = stackalloc byte[512];
        Span<byte> print = stackalloc byte[Fingerprint.Size];
        Check(raw.sqlite3_bind_text(_upsert, 1, text[..Encoding.UTF8.GetBytes(incoming.Key, text)]));
        Check(raw.sqlite3_bind_int64(_upsert, 2, incoming.Revision.Epoch));
        Check(raw.sqlite3_bind_int64(_upsert, 3, incoming.Revision.Number));
        Check(raw.sqlite3_bind_int64(_upsert, 4, (long)incoming.Operation));
        Check(raw.sqlite3_bind_text(_upsert, 5, "json"u8));
        incoming.Schema.Write(print);
        Check(raw.sqlite3_bind_blob(_upsert, 6, print));
        incoming.Content!.Value.Write(print);
        Check(raw.sqlite3_bind_blob(_upsert, 7, print));
        Check(raw.sqlite3_bind_int64(_upsert, 8, (incoming.CapturedAt - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond));
        Check(raw.sqlite3_bind_blob(_upsert, 9, incoming.Body.Span));
        Run(_upsert);
    }

    private sqlite3_stmt Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v2(_database, sql, out var statement));
        return statement;
    }

    private void Run(sqlite3_stmt statement)
    {
        if (raw.sqlite3_step(statement) != raw.SQLITE_DONE)
            Check(raw.sqlite3_errcode(_database));
        raw.sqlite3_reset(statement);
    }

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK)
            SqliteException.ThrowExceptionForRC(result, _database);
    }
}
