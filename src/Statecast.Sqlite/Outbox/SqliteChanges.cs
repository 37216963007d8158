using System.Collections.Concurrent;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Outbox;

/// <summary>
/// Notices commits to a database: at once where capture in this process says so, else by the file's data version on a connection of its own.
/// </summary>
internal sealed class SqliteChanges : IDisposable
{
    // How late a commit of another process, or one that capture cannot see, is noticed.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(15);
    private static readonly ConcurrentDictionary<string, ConcurrentDictionary<SqliteChanges, bool>> Waiting = new(StringComparer.Ordinal);

    private readonly SqliteDatabase _database;
    private readonly string _path;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _noticed = new(0, 1);
    private long _version;

    public SqliteChanges(SqliteDatabase database, string path, TimeProvider clock)
    {
        _database = database;
        _path = path;
        _clock = clock;
        _version = database.DataVersion();
        Waiting.GetOrAdd(path, static _ => new())[this] = true;
    }

    /// <summary>Says that something was, or is about to be, committed to this file by this process.</summary>
    public static void Notify(string path)
    {
        if (Waiting.TryGetValue(Path.GetFullPath(path), out var waiting))
            foreach (var each in waiting.Keys)
                each.Notice();
    }

    /// <summary>Returns at a commit or after the time-out.</summary>
    public async ValueTask WaitAsync(TimeSpan timeout, CancellationToken ct)
    {
        var until = _clock.GetTimestamp();
        while (_clock.GetElapsedTime(until) < timeout)
        {
            var version = _database.DataVersion();
            if (version != _version)
            {
                _version = version;
                return;
            }
            var left = timeout - _clock.GetElapsedTime(until);
            if (await _noticed.WaitAsync(left < Look ? left : Look, ct).ConfigureAwait(false))
                return;
        }
    }

    public void Dispose()
    {
        if (Waiting.TryGetValue(_path, out var waiting))
            waiting.TryRemove(this, out _);
        _database.Dispose();
    }

    private void Notice()
    {
        try
        {
            if (_noticed.CurrentCount == 0)
                _noticed.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another commit was first: the waiter looks all the same.
        }
    }
}
