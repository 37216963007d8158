using System.Net.Sockets;
using Microsoft.Data.Sqlite;

namespace Statecast.Benchmarks.Log;

/// <summary>
/// The peer's relay, straight down: number a batch and delete the last one (synced), append it to the log (synced), wake the target.
/// The same durable steps as Statecast's; no lease, no lanes, no epochs, no failures.
/// </summary>
internal sealed class HandwrittenRelay(string directory)
{
    private const int MaxBatch = 1_000;
    private readonly SemaphoreSlim _woken = new(0);
    private CancellationTokenSource? _stop;
    private Task _running = Task.CompletedTask;

    public void Start()
    {
        _stop = new();
        _running = Task.Run(() => RunAsync(_stop.Token));
    }

    public async Task StopAsync()
    {
        if (_stop is null)
            return;
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
        _stop = null;
    }

    public void Wake() => _woken.Release();

    private async Task RunAsync(CancellationToken ct)
    {
        using var outbox = new OutboxTable(directory);
        using var log = new LogTable(directory);
        using var target = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        var address = new UnixDomainSocketEndPoint(LogFile.Wake(directory));
        while (!ct.IsCancellationRequested)
        {
            long done = 0;
            while (!ct.IsCancellationRequested && outbox.Read(MaxBatch) is { Count: > 0 } batch)
            {
                outbox.Advance(done, batch[^1].Id);
                log.Append(batch);
                done = batch[^1].Id;
                Notify(target, address);
            }
            if (done > 0)
                outbox.Advance(done, done);
            try
            {
                await _woken.WaitAsync(ct);
                while (_woken.Wait(0)) { }
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static void Notify(Socket socket, UnixDomainSocketEndPoint target)
    {
        try
        {
            socket.SendTo([1], target);
        }
        catch (SocketException)
        {
            // The target is not up, or has wakes enough: it looks for itself.
        }
    }

    private sealed record Message(long Id, string Key, long Revision, long CapturedAt, byte[] Body);

    /// <summary>The source's outbox. In SQLite the order of ids is the order of commits, so a range is enough.</summary>
    private sealed class OutboxTable : IDisposable
    {
        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _read;
        private readonly SqliteCommand _delete;
        private readonly SqliteCommand _number;

        public OutboxTable(string directory)
        {
            _connection = LogFile.Open(LogFile.Source(directory), "FULL");
            _read = LogFile.Prepare(
                _connection,
                "SELECT Id, Key, Revision, CapturedAt, Body FROM Outbox WHERE Id > @after ORDER BY Id LIMIT @most",
                "@after",
                "@most"
            );
            _delete = LogFile.Prepare(_connection, "DELETE FROM Outbox WHERE Id <= @done", "@done");
            _number = LogFile.Prepare(_connection, "UPDATE Outbox SET LaneNumber = Id WHERE Id > @done AND Id <= @last", "@done", "@last");
        }

        // What was read is not read again in this process; after a restart all that is left is.
        private long _after;

        public List<Message> Read(int most)
        {
            _read.Parameters[0].Value = _after;
            _read.Parameters[1].Value = most;
            var batch = new List<Message>();
            using var reader = _read.ExecuteReader();
            while (reader.Read())
                batch.Add(
                    new(reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetFieldValue<byte[]>(4))
                );
            if (batch.Count > 0)
                _after = batch[^1].Id;
            return batch;
        }

        /// <summary>Deletes what was sent and numbers what will be, in one synced commit.</summary>
        public void Advance(long done, long last)
        {
            using var transaction = _connection.BeginTransaction(deferred: false);
            Run(_delete, transaction, done);
            if (last > done)
                Run(_number, transaction, done, last);
            transaction.Commit();
        }

        public void Dispose() => _connection.Dispose();

        private static void Run(SqliteCommand command, SqliteTransaction transaction, params long[] values)
        {
            command.Transaction = transaction;
            for (var i = 0; i < values.Length; i++)
                command.Parameters[i].Value = values[i];
            command.ExecuteNonQuery();
        }
    }

    /// <summary>The log: the newest record of every key, each at a position above all before it.</summary>
    private sealed class LogTable : IDisposable
    {
        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _remove;
        private readonly SqliteCommand _append;

        public LogTable(string directory)
        {
            _connection = LogFile.Open(LogFile.Log(directory), "FULL");
            LogFile.Execute(
                _connection,
                """
                CREATE TABLE IF NOT EXISTS record (position INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL, captured_at INTEGER NOT NULL, body BLOB NOT NULL)
                """
            );
            _remove = LogFile.Prepare(_connection, "DELETE FROM record WHERE key = @key AND revision < @revision", "@key", "@revision");
            _append = LogFile.Prepare(
                _connection,
                "INSERT INTO record (key, revision, captured_at, body) VALUES (@key, @revision, @captured, @body) ON CONFLICT (key) DO NOTHING",
                "@key",
                "@revision",
                "@captured",
                "@body"
            );
        }

        public void Append(IReadOnlyList<Message> batch)
        {
            using var transaction = _connection.BeginTransaction(deferred: false);
            _remove.Transaction = transaction;
            _append.Transaction = transaction;
            foreach (var message in batch)
            {
                _remove.Parameters[0].Value = message.Key;
                _remove.Parameters[1].Value = message.Revision;
                _remove.ExecuteNonQuery();
                _append.Parameters[0].Value = message.Key;
                _append.Parameters[1].Value = message.Revision;
                _append.Parameters[2].Value = message.CapturedAt;
                _append.Parameters[3].Value = message.Body;
                _append.ExecuteNonQuery();
            }
            transaction.Commit();
        }

        public void Dispose() => _connection.Dispose();
    }
}
