using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Transport;

/// <summary>What a file is.</summary>
internal enum SqliteLogKind
{
    /// <summary>Nothing was written yet: its source is about to.</summary>
    Empty,

    /// <summary>A log that this version reads.</summary>
    Log,

    /// <summary>A log of another layout.</summary>
    OtherLayout,

    /// <summary>Somebody else's database.</summary>
    Foreign,
}

/// <summary>What stands at the head of a log file.</summary>
/// <param name="Kind">What the file is.</param>
/// <param name="Layout">The layout's version.</param>
/// <param name="Source">Whose log it is; empty unless it is a log that this version reads.</param>
/// <param name="Incarnation">Drawn at random when the file was made.</param>
/// <param name="CreatedAt">When the file was made, in Unix microseconds.</param>
internal readonly record struct SqliteLogHeader(SqliteLogKind Kind, long Layout, string Source, long Incarnation, long CreatedAt)
{
    /// <summary>Reads the head, within a snapshot of the caller's.</summary>
    public static SqliteLogHeader Read(SqliteDatabase database)
    {
        if (database.Scalar("SELECT count(*) FROM sqlite_schema") == 0)
            return new(SqliteLogKind.Empty, 0, "", 0, 0);
        if (database.Scalar("PRAGMA application_id") != SqliteLogTables.ApplicationId)
            return new(SqliteLogKind.Foreign, 0, "", 0, 0);
        var layout = database.Scalar("PRAGMA user_version");
        if (layout != SqliteLogTables.Layout)
            return new(SqliteLogKind.OtherLayout, layout, "", 0, 0);
        var statement = database.Prepare("SELECT name, incarnation, created_at FROM source WHERE id = 1");
        if (!statement.Step())
            return new(SqliteLogKind.Foreign, layout, "", 0, 0);
        var header = new SqliteLogHeader(SqliteLogKind.Log, layout, statement.Text(0), statement.Int64(1), statement.Int64(2));
        statement.Reset();
        return header;
    }

    /// <summary>Why a file of this kind is not read; null for a log that is, and for one that its source has not begun.</summary>
    public string? Refusal(string path) =>
        Kind switch
        {
            SqliteLogKind.Foreign => $"'{path}' is no log of Statecast's. Keep other databases out of the log's directory.",
            SqliteLogKind.OtherLayout =>
                $"The log file '{path}' has table layout {Layout}; this version of Statecast knows {SqliteLogTables.Layout}. "
                    + "Update Statecast in every service that shares the directory.",
            _ => null,
        };
}
