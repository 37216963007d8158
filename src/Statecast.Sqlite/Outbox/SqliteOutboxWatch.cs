using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Outbox;

/// <summary>
/// Notices that another connection committed, by <c>PRAGMA data_version</c>: woken in this process it looks at once and then every millisecond for a while,
/// since the wake may come moments before the commit; otherwise it looks every few milliseconds.
/// </summary>
internal sealed class SqliteOutboxWatch(SqliteDatabase database, SqliteWakeSignal signal, TimeProvider clock)
{
    private static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(15);
    private static readonly TimeSpan Alert = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan AlertFor = TimeSpan.FromMilliseconds(30);

    // The data version of the last snapshot read; -1 before the first.
    private long _seen = -1;

    /// <summary>Called within a snapshot: changes up to it are known.</summary>
    public void Seen() => _seen = database.DataVersion();

    /// <summary>Waits for a change that the last snapshot does not show.</summary>
    /// <param name="timeout">The longest wait.</param>
    /// <param name="use">Runs a look with the connection held.</param>
    /// <param name="ct">Ends the wait.</param>
    public async ValueTask WaitAsync(TimeSpan timeout, Func<Func<bool>, ValueTask<bool>> use, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        long? alerted = null;
        while (true)
        {
            var beat = signal.Next;
            if (await use(() => database.DataVersion() != _seen).ConfigureAwait(false))
                return;
            var left = timeout - clock.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
                return;
            var alert = alerted is { } since && clock.GetElapsedTime(since) < AlertFor;
            var pause = alert ? Alert : Calm;
            if (await PauseAsync(beat, pause < left ? pause : left, ct).ConfigureAwait(false))
                alerted = clock.GetTimestamp();
        }
    }

    // True if the signal ended the pause.
    private async Task<bool> PauseAsync(Task beat, TimeSpan pause, CancellationToken ct)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var delay = Task.Delay(pause, clock, ended.Token);
        await Task.WhenAny(beat, delay).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        ct.ThrowIfCancellationRequested();
        return beat.IsCompleted;
    }
}
