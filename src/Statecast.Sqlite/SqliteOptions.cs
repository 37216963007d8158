namespace Statecast.Sqlite;

/// <summary>Settings of everything that opens an SQLite file. Configuration section <c>Statecast:Sqlite</c>.</summary>
public class SqliteOptions
{
    /// <summary>How long a lock held by another connection is waited for before the call fails. Default 5 seconds; 10 milliseconds to 10 minutes.</summary>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Accepts an SQLite library older than 3.51.3, in which two connections that write and checkpoint at once can damage a file. Default false.
    /// </summary>
    public bool AllowOlderLibrary { get; set; }

    /// <summary>Stands in for the loaded library's version in tests; null asks the library.</summary>
    internal Version? LibraryVersion { get; set; }

    /// <summary>What is wrong with these settings or with the loaded library; null if nothing is.</summary>
    internal virtual string? FindProblem()
    {
        if (BusyTimeout < TimeSpan.FromMilliseconds(10) || BusyTimeout > TimeSpan.FromMinutes(10))
            return $"BusyTimeout is {BusyTimeout}; it must lie between 10 milliseconds and 10 minutes.";
        return AllowOlderLibrary ? null : SqliteLibrary.FindProblem(LibraryVersion ?? SqliteLibrary.Version);
    }
}
