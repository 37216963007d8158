using Microsoft.Data.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>Looks at a replica's rows all the time, as its readers do: no key may go backwards, and no deleted one come back at the revision of its deletion.</summary>
internal sealed class RevisionWatch : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;
    private readonly List<string> _fell = [];
    private long _looks;

    public RevisionWatch(string file) => _watching = Task.Run(() => WatchAsync(file));

    /// <summary>Fails if a look found a key behind an earlier one, or if there was none.</summary>
    public void RequireNoneFell()
    {
        if (_watching.IsFaulted)
            _watching.GetAwaiter().GetResult();
        Assert.True(Interlocked.Read(ref _looks) > 1, "Nobody looked at the replica.");
        lock (_fell)
            Assert.Empty(_fell);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync(string file)
    {
        await using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT key, epoch, revision, deleted FROM \"statecast_rows.e2e.note.v1\"";
        var seen = new Dictionary<string, (long Epoch, long Revision, bool Deleted)>();
        while (!_stop.IsCancellationRequested)
        {
            await using (var rows = await command.ExecuteReaderAsync())
                while (await rows.ReadAsync())
                {
                    var (key, now) = (rows.GetString(0), (rows.GetInt64(1), rows.GetInt64(2), rows.GetBoolean(3)));
                    if (seen.TryGetValue(key, out var before) && (IsBehind(now, before) || IsUndone(now, before)))
                        lock (_fell)
                            _fell.Add($"{key}: {before}, then {now}");
                    seen[key] = now;
                }
            Interlocked.Increment(ref _looks);
            await Task.Delay(20);
        }
    }

    private static bool IsBehind((long Epoch, long Revision, bool Deleted) now, (long Epoch, long Revision, bool Deleted) before) =>
        (now.Epoch, now.Revision).CompareTo((before.Epoch, before.Revision)) < 0;

    private static bool IsUndone((long Epoch, long Revision, bool Deleted) now, (long Epoch, long Revision, bool Deleted) before) =>
        (now.Epoch, now.Revision) == (before.Epoch, before.Revision) && now.Deleted != before.Deleted;
}
