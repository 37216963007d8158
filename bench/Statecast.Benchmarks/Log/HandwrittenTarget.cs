using System.Net.Sockets;
using Microsoft.Data.Sqlite;

namespace Statecast.Benchmarks.Log;

/// <summary>The peer's target: reads the log in batches and upserts them with a guard, rows and position in one commit (NORMAL: the log keeps all).</summary>
internal sealed class HandwrittenTarget(string directory, AppliedOrders applied) : ITargetSide
{
    private const int MaxBatch = 2_000;
    private static readonly TimeSpan LostWake = TimeSpan.FromMilliseconds(50);
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public Task StartAsync()
    {
        _running = Task.Run(RunAsync);
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(LogFile.Wake(directory)));
        using var replica = new ReplicaTable(directory);
        while (!File.Exists(LogFile.Log(directory)) && !_stop.IsCancellationRequested)
            await Task.Delay(LostWake);
        using var log = LogFile.Open(LogFile.Log(directory), "FULL");
        using var read = LogFile.Prepare(
            log,
            "SELECT position, key, revision, captured_at, body FROM record WHERE position > @after ORDER BY position LIMIT @most",
            "@after",
            "@most"
        );
        while (!_stop.IsCancellationRequested)
        {
            while (Read(read, replica.Position) is { Count: > 0 } batch)
            {
                replica.Apply(batch);
                applied.Note(batch.Select(r => Guid.Parse(r.Key)));
            }
            await WaitAsync(socket);
        }
    }

    private async Task WaitAsync(Socket socket)
    {
        var wake = new byte[1];
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        patience.CancelAfter(LostWake);
        try
        {
            await socket.ReceiveAsync(wake, patience.Token);
        }
        catch (OperationCanceledException)
        {
            // No word came: look all the same.
        }
    }

    private static List<Record> Read(SqliteCommand read, long after)
    {
        read.Parameters[0].Value = after;
        read.Parameters[1].Value = MaxBatch;
        var batch = new List<Record>();
        using var reader = read.ExecuteReader();
        while (reader.Read())
            batch.Add(
                new(reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetFieldValue<byte[]>(4))
            );
        return batch;
    }

    private sealed record Record(long Position, string Key, long Revision, long CapturedAt, byte[] Body);

    private sealed class ReplicaTable : IDisposable
    {
        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _upsert;
        private readonly SqliteCommand _move;

        public ReplicaTable(string directory)
        {
            _connection = LogFile.Open(LogFile.Replica(directory), "NORMAL");
            LogFile.Execute(
                _connection,
                """
                CREATE TABLE IF NOT EXISTS replica (key TEXT PRIMARY KEY, revision INTEGER NOT NULL, captured_at INTEGER NOT NULL, body BLOB NOT NULL);
                CREATE TABLE IF NOT EXISTS position (id INTEGER PRIMARY KEY CHECK (id = 1), next INTEGER NOT NULL);
                INSERT OR IGNORE INTO position VALUES (1, 0);
                """
            );
            _upsert = LogFile.Prepare(
                _connection,
                """
                INSERT INTO replica (key, revision, captured_at, body) VALUES (@key, @revision, @captured, @body)
                ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, captured_at = excluded.captured_at, body = excluded.body
                WHERE excluded.revision > replica.revision
                """,
                "@key",
                "@revision",
                "@captured",
                "@body"
            );
            _move = LogFile.Prepare(_connection, "UPDATE position SET next = @next", "@next");
            using var position = LogFile.Prepare(_connection, "SELECT next FROM position");
            Position = (long)position.ExecuteScalar()!;
        }

        public long Position { get; private set; }

        public void Apply(List<Record> batch)
        {
            using var transaction = _connection.BeginTransaction(deferred: false);
            _upsert.Transaction = transaction;
            // In key order fewer pages are touched, each once.
            foreach (var record in batch.OrderBy(r => r.Key, StringComparer.Ordinal))
            {
                _upsert.Parameters[0].Value = record.Key;
                _upsert.Parameters[1].Value = record.Revision;
                _upsert.Parameters[2].Value = record.CapturedAt;
                _upsert.Parameters[3].Value = record.Body;
                _upsert.ExecuteNonQuery();
            }
            _move.Transaction = transaction;
            _move.Parameters[0].Value = batch[^1].Position;
            _move.ExecuteNonQuery();
            transaction.Commit();
            Position = batch[^1].Position;
        }

        public void Dispose() => _connection.Dispose();
    }
}
