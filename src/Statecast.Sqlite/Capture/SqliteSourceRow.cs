using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Capture;

/// <summary>The one row that says which incarnation of the source the database is, and what layout its tables have. Capture and relay make sure of it alike.</summary>
internal static class SqliteSourceRow
{
    public const string Add = "INSERT INTO statecast_source (id, epoch, layout) VALUES (1, ?1, ?2) ON CONFLICT (id) DO NOTHING";

    public const string Select = "SELECT epoch, layout FROM statecast_source WHERE id = 1";

    /// <summary>The source's epoch, taken now if it has none.</summary>
    /// <param name="add"><see cref="Add"/>, prepared.</param>
    /// <param name="select"><see cref="Select"/>, prepared.</param>
    /// <param name="epoch">The epoch to take.</param>
    /// <param name="path">The database, for the message.</param>
    /// <exception cref="SourceException">The tables have another layout.</exception>
    public static long Ensure(SqliteStatement add, SqliteStatement select, long epoch, string path)
    {
        add.Bind(1, epoch).Bind(2, (long)TableLayout.Version).Run();
        var (known, layout) = Read(select);
        return layout == TableLayout.Version
            ? known
            : throw new SourceException(
                $"The tables of Statecast in '{path}' have layout {layout}, but this version works with {TableLayout.Version}. "
                    + "Add and apply a migration, or deploy the version that made them."
            );
    }

    /// <summary>Epoch and layout; zeros while there is no row.</summary>
    public static (long Epoch, long Layout) Read(SqliteStatement select)
    {
        var source = select.Step() ? (select.Int64(0), select.Int64(1)) : default;
        select.Reset();
        return source;
    }
}
