using System.Collections.Concurrent;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite;

/// <summary>
/// Wakes the relays of this process that work on a database file, without their waiting for the next look. Only a short cut:
/// relays also see by themselves that a file changed, whoever wrote to it.
/// </summary>
public static class SqliteWake
{
    private static readonly ConcurrentDictionary<string, SqliteWakeSignal> Signals = new(StringComparer.Ordinal);

    /// <summary>Rows were written to the outbox of this database, and are committed now or within moments. Costs a look-up where no relay listens.</summary>
    /// <param name="dataSource">The file: the <c>DataSource</c> of an open connection. A relative path starts at the current directory.</param>
    public static void Notify(string dataSource)
    {
        if (!Signals.IsEmpty && !string.IsNullOrEmpty(dataSource) && Signals.TryGetValue(Path.GetFullPath(dataSource), out var signal))
            signal.Beat();
    }

    /// <summary>The signal of a file. Kept for the life of the process: a process has few source databases.</summary>
    internal static SqliteWakeSignal Of(string fullPath) => Signals.GetOrAdd(fullPath, static _ => new());
}
