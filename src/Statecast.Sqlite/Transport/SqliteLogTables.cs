using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Transport;

/// <summary>
/// The tables of a log file. Every destination has a table of records of its own, so that a target reads one contract without the others' pages,
/// and its positions are the row numbers of that table.
/// </summary>
internal static class SqliteLogTables
{
    /// <summary>Raised with every change of these tables; stored as the file's <c>user_version</c>.</summary>
    public const int Layout = 2;

    /// <summary>Marks a file as a log of ours ('StLg'); stored as the file's <c>application_id</c>.</summary>
    public const long ApplicationId = 0x53744C67;

    /// <summary>The columns of a record after its position, in the order that <see cref="SqliteLogRecord"/> reads and binds them.</summary>
    public const string RecordColumns =
        "lane, key, epoch, revision, operation, causes, codec, schema, content, captured_at, lease_id, lane_number, trace_parent, "
        + "trace_state, body";

    private const string Shared = """
        CREATE TABLE source (
            id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL, incarnation INTEGER NOT NULL, created_at INTEGER NOT NULL
        );
        CREATE TABLE destination (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, contract TEXT NOT NULL, major INTEGER NOT NULL, lanes INTEGER NOT NULL,
            codec TEXT NOT NULL
        );
        CREATE TABLE lane (
            destination INTEGER NOT NULL, number INTEGER NOT NULL, next INTEGER NOT NULL,
            PRIMARY KEY (destination, number)
        ) WITHOUT ROWID;
        CREATE TABLE heartbeat (
            destination INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, lease_id BLOB NOT NULL, clock INTEGER NOT NULL, interval INTEGER NOT NULL,
            first_republish_ended INTEGER NOT NULL
        );
        CREATE TABLE heartbeat_end (
            destination INTEGER NOT NULL, lane INTEGER NOT NULL, incarnation INTEGER NOT NULL, position INTEGER NOT NULL, number INTEGER NOT NULL,
            floor_epoch INTEGER NOT NULL, floor_number INTEGER NOT NULL,
            PRIMARY KEY (destination, lane)
        ) WITHOUT ROWID;
        CREATE TABLE mark (
            id INTEGER PRIMARY KEY AUTOINCREMENT, destination INTEGER NOT NULL, lane INTEGER NOT NULL, epoch INTEGER NOT NULL, lease_id BLOB NOT NULL,
            number INTEGER NOT NULL,
            UNIQUE (destination, lane, epoch, lease_id)
        );
        """;

    /// <summary>The quoted name of a destination's records.</summary>
    public static string Records(string destination) => SqliteTableName.Quote("record", destination);

    /// <summary>Makes a new log, within the caller's write transaction: targets see all of it or an empty file.</summary>
    public static void Create(SqliteDatabase database, string source, long incarnation, DateTimeOffset now)
    {
        database.Execute($"PRAGMA application_id = {ApplicationId}");
        database.Execute($"PRAGMA user_version = {Layout}");
        database.ExecuteScript(Shared);
        database
            .Prepare("INSERT INTO source (id, name, incarnation, created_at) VALUES (1, ?1, ?2, ?3)")
            .Bind(1, source)
            .Bind(2, incarnation)
            .Bind(3, now)
            .Run();
    }

    /// <summary>
    /// Makes a destination's records, within the caller's write transaction. AUTOINCREMENT: without it the position of a removed last record is given out again.
    /// The unique key is what compacts: a newer record takes the older one's place.
    /// </summary>
    public static void CreateRecords(SqliteDatabase database, string destination) =>
        database.Execute(
            $"""
            CREATE TABLE {Records(destination)} (
                position INTEGER PRIMARY KEY AUTOINCREMENT, lane INTEGER NOT NULL, key TEXT NOT NULL UNIQUE, epoch INTEGER NOT NULL,
                revision INTEGER NOT NULL, operation INTEGER NOT NULL, causes TEXT, codec TEXT NOT NULL, schema BLOB NOT NULL, content BLOB,
                captured_at INTEGER NOT NULL, lease_id BLOB NOT NULL, lane_number INTEGER NOT NULL, trace_parent TEXT, trace_state TEXT, body BLOB
            )
            """
        );
}
