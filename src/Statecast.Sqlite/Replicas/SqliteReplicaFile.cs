using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Statecast.Replicas;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Replicas;

/// <summary>
/// One replica file, owned by this process through <c>&lt;file&gt;.lock</c> and shared by the replicas that it holds.
/// SQLite has one writer a file: the gate makes them take turns without retries.
/// </summary>
internal sealed class SqliteReplicaFile
{
    // Guarded by Registry: which files are open, and by which replicas.
    private static readonly Lock Registry = new();
    private static readonly Dictionary<string, SqliteReplicaFile> Files = new(StringComparer.Ordinal);
    private const int WriterCacheKilobytes = 64 << 10;
    private readonly HashSet<string> _replicas = new(StringComparer.Ordinal);

    private readonly string _path;
    private readonly SqliteOptions _options;
    private readonly FileStream _lock;
    private readonly ConcurrentBag<SqliteDatabase> _readers = [];
    private volatile bool _closed;

    // Guarded by Gate.
    private bool _syncsFully;

    private SqliteReplicaFile(string path, SqliteOptions options, TimeProvider clock, FileStream ownership, SqliteDatabase writer)
    {
        _path = path;
        _options = options;
        _lock = ownership;
        Clock = clock;
        Writer = writer;
    }

    /// <summary>Held by whoever uses <see cref="Writer"/>.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>The clock of waits.</summary>
    public TimeProvider Clock { get; }

    /// <summary>The one writing connection.</summary>
    public SqliteDatabase Writer { get; }

    /// <summary>Opens the file, or joins those replicas of this process that have it open.</summary>
    /// <exception cref="ReplicaStoreException">Another process owns it, or it cannot be opened.</exception>
    public static SqliteReplicaFile Join(string path, SqliteOptions options, TimeProvider clock, string replica)
    {
        lock (Registry)
        {
            if (!Files.TryGetValue(path, out var file))
                Files.Add(path, file = Open(path, options, clock));
            if (!file._replicas.Add(replica))
                throw new ReplicaStoreException(
                    $"The replica '{replica}' is open in '{path}' already. Keep one replica of a contract in a file, or give the second one a file of its own with InSqlite(…)."
                );
            return file;
        }
    }

    /// <summary>Gives one replica's share back; the last one closes the file and lets go of it, after a unit that is still open.</summary>
    public async ValueTask LeaveAsync(string replica)
    {
        await Gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            lock (Registry)
            {
                _replicas.Remove(replica);
                if (_replicas.Count > 0)
                    return;
                Files.Remove(_path);
                _closed = true;
                DisposeReaders();
                Writer.Dispose();
                // Stays on disk: another process may have it open already, and would then lock a file that no name leads to.
                _lock.Dispose();
            }
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <summary>
    /// Sets how hard commits are synced. NORMAL may lose the last commits with the power, never with the process; that is repaired where the carrier keeps
    /// events and the position is lost with them. One replica behind a queue is enough to need FULL.
    /// </summary>
    public async ValueTask SyncAsync(bool retained, CancellationToken ct)
    {
        await Gate.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            if (_syncsFully)
                return;
            _syncsFully = !retained;
            Writer.Execute(retained ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL");
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <summary>Runs work in one write transaction of its own.</summary>
    public async ValueTask<T> WriteAsync<T>(Func<SqliteDatabase, T> work, CancellationToken ct)
    {
        await Gate.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            return await Writer.WriteAsync(work, Clock, ct).ConfigureAwait(false);
        }
        catch (SqliteException e)
        {
            throw Failure(e);
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <summary>Reads rows one by one, in the one snapshot of their statement.</summary>
    public IEnumerable<T> Read<T>(Func<SqliteDatabase, SqliteStatement> select, Func<SqliteStatement, T> map, CancellationToken ct)
    {
        var reader = Rent();
        SqliteStatement? statement = null;
        try
        {
            while (Step(ref statement))
            {
                ct.ThrowIfCancellationRequested();
                yield return map(statement!);
            }
        }
        finally
        {
            statement?.Reset();
            Return(reader);
        }

        bool Step(ref SqliteStatement? rows)
        {
            try
            {
                return (rows ??= select(reader)).Step();
            }
            catch (SqliteException e)
            {
                throw Failure(e);
            }
        }
    }

    /// <summary>A connection for one read; given back with <see cref="Return"/>.</summary>
    public SqliteDatabase Rent()
    {
        if (_readers.TryTake(out var reader))
            return reader;
        try
        {
            return SqliteDatabase.Open(_path, SqliteAccess.Read, _options.BusyTimeout);
        }
        catch (SqliteException e)
        {
            throw Failure(e);
        }
    }

    public void Return(SqliteDatabase reader)
    {
        if (!_closed && _readers.Count < 2 * Environment.ProcessorCount)
            _readers.Add(reader);
        else
            reader.Dispose();
        // Closed between the look and the addition: whoever closed it may have seen an empty bag.
        if (_closed)
            DisposeReaders();
    }

    private void DisposeReaders()
    {
        while (_readers.TryTake(out var reader))
            reader.Dispose();
    }

    /// <summary>What an error means for this file.</summary>
    public ReplicaStoreException Failure(SqliteException error) => Failure(error, _path, _options);

    private static SqliteReplicaFile Open(string path, SqliteOptions options, TimeProvider clock)
    {
        var ownership = Own(path);
        SqliteDatabase? writer = null;
        try
        {
            PrivateFile.Ensure(path);
            writer = SqliteDatabase.Open(path, SqliteAccess.Write, options.BusyTimeout);
            writer.UseWriteAheadLog();
            // A batch looks its rows up and then writes them: the pages stay between the two, and a large batch does not spill them half written.
            writer.Execute($"PRAGMA cache_size = -{WriterCacheKilobytes}");
            return new(path, options, clock, ownership, writer);
        }
        catch (Exception e)
        {
            writer?.Dispose();
            ownership.Dispose();
            throw e switch
            {
                SqliteException error => Failure(error, path, options),
                IOException or UnauthorizedAccessException => new ReplicaStoreException(
                    $"The replica file '{path}' cannot be made: {e.Message}",
                    e
                ),
                _ => e,
            };
        }
    }

    private static FileStream Own(string path)
    {
        if (Directory.Exists(path))
            throw new ReplicaStoreException(
                $"The replica file '{path}' is a directory: give InSqlite(…) a file in it, such as '{Path.Combine(path, "replica.db")}'."
            );
        try
        {
            PrivateFile.EnsureDirectory(Path.GetDirectoryName(path)!);
            // The operating system gives the lock back however the process ends.
            return PrivateFile.Open($"{path}.lock", FileMode.OpenOrCreate, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ReplicaStoreException(
                $"The replica file '{path}' cannot be owned: {e.Message} Check the permissions of its directory.",
                e
            );
        }
        // Who owns the file has made its lock.
        catch (IOException e) when (!File.Exists($"{path}.lock"))
        {
            throw new ReplicaStoreException(
                $"The replica file '{path}' cannot be owned: its lock '{path}.lock' cannot be made. {e.Message} Give InSqlite(…) a path below a directory that can be written.",
                e
            );
        }
        catch (IOException e)
        {
            throw new ReplicaStoreException(
                $"The replica file '{path}' is in use by another process (its lock is '{path}.lock'). One process owns a replica file: "
                    + "stop the other, or give this one a file of its own with InSqlite(…).",
                e
            );
        }
    }

    private static ReplicaStoreException Failure(SqliteException error, string path, SqliteOptions options) =>
        new(
            SqliteFault.Explain(
                error,
                "replica file",
                path,
                "Stop this process, move the file away with its -wal and -shm, and start again: the replica is filled anew.",
                options.BusyTimeout
            ),
            error
        );
}
