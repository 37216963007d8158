using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Statecast.Sqlite.Files;

/// <summary>Says what SQLite's error codes mean for a file of ours, and what mends it.</summary>
internal static class SqliteFault
{
    /// <param name="error">What SQLite reported.</param>
    /// <param name="what">What the file is, for example <c>replica file</c>.</param>
    /// <param name="path">Where it is.</param>
    /// <param name="damaged">What to do if it is damaged.</param>
    /// <param name="busyTimeout">How long a lock was waited for.</param>
    public static string Explain(SqliteException error, string what, string path, string damaged, TimeSpan busyTimeout)
    {
        var reason = error.SqliteErrorCode switch
        {
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED =>
                $"is locked by another program for longer than {busyTimeout.TotalSeconds:0.###} s. End that program's transaction, or raise BusyTimeout.",
            raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT => $"is damaged or no SQLite database. {damaged}",
            raw.SQLITE_CANTOPEN => "cannot be opened. Check that its directory exists and that this process may read and write there.",
            raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_AUTH =>
                "may not be written. Check the permissions of the file and of its directory.",
            raw.SQLITE_FULL => "cannot grow: the disk is full. Free space; work goes on by itself.",
            raw.SQLITE_IOERR => "cannot be read or written: the file system reported an error. Check the disk.",
            _ => "failed.",
        };
        return $"The {what} '{path}' {reason} (SQLite {error.SqliteExtendedErrorCode}: {error.Message})";
    }

    /// <summary>Whether a table of Statecast's is not there.</summary>
    public static bool IsMissingTable(SqliteException error) =>
        error.SqliteErrorCode == raw.SQLITE_ERROR && error.Message.Contains("no such table: statecast_", StringComparison.Ordinal);

    /// <summary>Says how the tables come into a source's database.</summary>
    public static string ExplainMissingTable(SqliteException error) =>
        $"{error.Message.TrimEnd('.')}. The database does not have Statecast's tables: add modelBuilder.AddStatecast() to the context's OnModelCreating, "
        + "then add a migration and apply it before the host starts (Database.Migrate(); on a new database without migrations, Database.EnsureCreated()). "
        + "A source without EF Core says MakeTables() in FromConnection, or runs SqliteTableScript.Create.";
}
