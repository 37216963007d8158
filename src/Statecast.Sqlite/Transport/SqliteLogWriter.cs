using Statecast.Events;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Transport;

/// <summary>A source's log file, open for writing: one of its incarnations.</summary>
internal sealed class SqliteLogWriter : IDisposable
{
    private readonly SqliteOptions _options;
    private DateTime _born;

    public SqliteLogWriter(SqliteDatabase database, SqliteOptions options, long incarnation, IEnumerable<SqliteLogDestination> destinations)
    {
        (Database, Incarnation, _options) = (database, incarnation, options);
        Appenders = destinations.ToDictionary(d => d.Name, d => new SqliteLogAppender(database, d), StringComparer.Ordinal);
        _born = File.GetCreationTimeUtc(database.Path);
    }

    public SqliteDatabase Database { get; }

    /// <summary>Drawn when the file was made.</summary>
    public long Incarnation { get; }

    /// <summary>By destination.</summary>
    public IReadOnlyDictionary<string, SqliteLogAppender> Appenders { get; }

    /// <summary>
    /// Whether the path still leads to this file: what is written to a removed one goes to nobody, confirmed. The time of its making only says when to look;
    /// not every file system keeps it.
    /// </summary>
    public bool IsCurrent()
    {
        if (!File.Exists(Database.Path))
            return false;
        var born = File.GetCreationTimeUtc(Database.Path);
        if (born == _born)
            return true;
        using var fresh = SqliteDatabase.Open(Database.Path, SqliteAccess.Read, _options.BusyTimeout);
        if (SqliteLogHeader.Read(fresh).Incarnation != Incarnation)
            return false;
        _born = born;
        return true;
    }

    /// <summary>The appender of a lane; null if it was not declared.</summary>
    public SqliteLogAppender? Find(LaneId lane) =>
        Appenders.TryGetValue(lane.Destination, out var appender) && lane.Number >= 0 && lane.Number < appender.Destination.Lanes.Length
            ? appender
            : null;

    public void Dispose() => Database.Dispose();
}
