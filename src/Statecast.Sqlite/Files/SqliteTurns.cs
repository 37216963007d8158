using System.Collections.Concurrent;

namespace Statecast.Sqlite.Files;

/// <summary>
/// Turns among the loops of this process that write to one database: who waits longest is next. SQLite keeps no order among those who wait for its write lock,
/// so that a loop which has just ended one transaction has the lock again before another looks (measured: a relay waited four times as long as it wrote).
/// A courtesy only: it excludes nobody, and who waited too long for a turn goes without.
/// </summary>
internal sealed class SqliteTurns
{
    private static readonly ConcurrentDictionary<string, SqliteTurns> Known = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turn = new(1, 1);

    private SqliteTurns() { }

    /// <summary>The turns at a file. Kept for the life of the process: a process has few source databases.</summary>
    public static SqliteTurns Of(string fullPath) => Known.GetOrAdd(fullPath, static _ => new());

    /// <summary>Waits for a turn, which ends when what is returned is disposed; null if none came in time.</summary>
    public async ValueTask<IDisposable?> TakeAsync(TimeSpan patience, CancellationToken ct) =>
        await _turn.WaitAsync(patience, ct).ConfigureAwait(false) ? new Turn(_turn) : null;

    private sealed class Turn(SemaphoreSlim turn) : IDisposable
    {
        private SemaphoreSlim? _turn = turn;

        public void Dispose() => Interlocked.Exchange(ref _turn, null)?.Release();
    }
}
