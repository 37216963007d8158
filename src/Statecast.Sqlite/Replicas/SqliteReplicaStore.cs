using Microsoft.Data.Sqlite;
using Statecast.Replicas;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Replicas;

/// <summary>
/// Keeps a replica in an SQLite file. One file may hold several replicas of one process; a second process is refused.
/// Reads do not wait for the apply loop: each sees the last commit, enumerations one snapshot throughout. An enumeration that is held open keeps the
/// write-ahead log from shrinking, so read it to its end.
/// </summary>
/// <param name="path">The file; made with mode 0600 if it is not there. A relative path starts at the current directory.</param>
/// <param name="options">Settings; null for the defaults.</param>
/// <param name="clock">Null for the machine's.</param>
public sealed class SqliteReplicaStore(string path, SqliteOptions? options = null, TimeProvider? clock = null) : IReplicaStore
{
    private readonly SqliteOptions _options = options ?? new();
    private SqliteReplicaFile? _file;
    private SqliteReplica? _replica;
    private SqliteReplicaInbox? _inbox;

    /// <summary>The file's full path.</summary>
    public string Path { get; } = SqlitePath.Resolve(path);

    /// <inheritdoc/>
    public IReplicaInbox Inbox => _inbox ?? throw NotOpen();

    /// <inheritdoc/>
    public async ValueTask<ReplicaContents> OpenAsync(ReplicaLayout layout, CancellationToken ct)
    {
        if (_options.FindProblem() is { } problem)
            throw new ReplicaStoreException($"The replica file '{Path}' is not opened. {problem}");
        if (_replica is { } opened && opened.Layout.Name != layout.Name)
            throw new InvalidOperationException($"This store holds the replica '{opened.Layout.Name}': make another for '{layout.Name}'.");
        var file = _file ?? SqliteReplicaFile.Join(Path, _options, clock ?? TimeProvider.System, layout.Name);
        try
        {
            var (replica, contents) = await file.WriteAsync(database => SqliteReplica.Open(database, layout), ct).ConfigureAwait(false);
            await file.SyncAsync(layout.Retained, ct).ConfigureAwait(false);
            (_file, _replica, _inbox) = (file, replica, new(file, replica));
            return contents;
        }
        // A loop that starts again opens its store again: what was open stays so.
        catch when (_file is null)
        {
            await file.LeaveAsync(layout.Name).ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReplicaUnit> BeginAsync(IReadOnlyCollection<string> keys, CancellationToken ct)
    {
        var (file, replica) = Opened();
        await file.Gate.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            return await SqliteReplicaUnit.BeginAsync(file, replica, keys, ct).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            file.Gate.Release();
            throw e is SqliteException error ? file.Failure(error) : e;
        }
    }

    /// <inheritdoc/>
    public ValueTask<ReplicaRow?> FindAsync(string key, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var (file, replica) = Opened();
        var reader = file.Rent();
        try
        {
            return new(replica.Rows.Find(reader, key));
        }
        catch (SqliteException e)
        {
            throw file.Failure(e);
        }
        finally
        {
            file.Return(reader);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ReplicaRow> EnumerateAsync(CancellationToken ct)
    {
        var (file, replica) = Opened();
        return file.Read(replica.Rows.All, replica.Rows.Current, ct).ToAsyncEnumerable();
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ReplicaRow> QueryAsync(string index, string value, CancellationToken ct)
    {
        var (file, replica) = Opened();
        return file.Read(reader => replica.Rows.Query(reader, index, value), replica.Rows.Current, ct).ToAsyncEnumerable();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _file, null) is { } file)
            await file.LeaveAsync(_replica!.Layout.Name).ConfigureAwait(false);
    }

    private (SqliteReplicaFile File, SqliteReplica Replica) Opened() => _file is { } file ? (file, _replica!) : throw NotOpen();

    private InvalidOperationException NotOpen() =>
        new($"The replica in '{Path}' is not open: call OpenAsync first, and nothing after DisposeAsync.");
}
