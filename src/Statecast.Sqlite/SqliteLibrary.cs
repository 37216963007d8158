using SQLitePCL;

namespace Statecast.Sqlite;

/// <summary>The native SQLite library that this process loaded.</summary>
public static class SqliteLibrary
{
    /// <summary>The first version without the error in which two connections that write and checkpoint at once damage a file (present since 3.7.0).</summary>
    public static Version Required { get; } = new(3, 51, 3);

    /// <summary>The loaded library's version.</summary>
    public static Version Version
    {
        get
        {
            Batteries_V2.Init();
            return Version.Parse(raw.sqlite3_libversion().utf8_to_string());
        }
    }

    /// <summary>What is wrong with a library version; null if nothing is.</summary>
    internal static string? FindProblem(Version version) =>
        version >= Required
            ? null
            : $"The loaded SQLite library is {version}; before {Required} two connections that write at once can damage a file. "
                + "Reference Microsoft.Data.Sqlite 10.0.15 or newer (not the system's library), or set AllowOlderLibrary to take the risk.";
}
