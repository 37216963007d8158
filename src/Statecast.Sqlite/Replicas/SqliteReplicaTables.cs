using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Replicas;

/// <summary>
/// The tables of a replica file. Rows and index entries have tables of their own per replica, named after it; everything small is shared.
/// Rows are keyed by the key's text in an ordinary table: WITHOUT ROWID was measured slower, since bodies then travel through the key's tree.
/// </summary>
internal static class SqliteReplicaTables
{
    /// <summary>Raised with every change of these tables.</summary>
    public const int Layout = 5;

    private static readonly string[] Numbers = ["live_number INTEGER NOT NULL DEFAULT 0", "own_number INTEGER NOT NULL DEFAULT 0"];

    private const string Shared = """
        CREATE TABLE IF NOT EXISTS statecast_replica_store (id BLOB NOT NULL);
        INSERT INTO statecast_replica_store SELECT randomblob(16) WHERE NOT EXISTS (SELECT 1 FROM statecast_replica_store);
        CREATE TABLE IF NOT EXISTS statecast_replica (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, layout INTEGER NOT NULL, hash BLOB, was_live INTEGER NOT NULL DEFAULT 0,
            received INTEGER NOT NULL DEFAULT 0, applied INTEGER NOT NULL DEFAULT 0, superseded INTEGER NOT NULL DEFAULT 0,
            dropped INTEGER NOT NULL DEFAULT 0, keys INTEGER NOT NULL DEFAULT 0, floor_epoch INTEGER NOT NULL DEFAULT 0, target TEXT,
            source TEXT
        );
        CREATE TABLE IF NOT EXISTS statecast_replica_name (
            replica INTEGER NOT NULL, kind INTEGER NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL,
            PRIMARY KEY (replica, kind, name), UNIQUE (replica, kind, number)
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS statecast_replica_position (
            replica INTEGER NOT NULL, destination TEXT NOT NULL, lane INTEGER NOT NULL, incarnation INTEGER NOT NULL, next INTEGER NOT NULL,
            floor_epoch INTEGER NOT NULL, counted BLOB,
            PRIMARY KEY (replica, destination, lane)
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS statecast_replica_parked (
            id INTEGER PRIMARY KEY, replica INTEGER NOT NULL, key TEXT NOT NULL, reason TEXT NOT NULL, parked_at INTEGER NOT NULL, raw BLOB,
            contract TEXT, destination TEXT, lane INTEGER, epoch INTEGER, revision INTEGER, operation INTEGER, causes TEXT, codec TEXT,
            schema BLOB, content BLOB, captured_at INTEGER, source TEXT, lease_id BLOB, lane_number INTEGER, trace_parent TEXT,
            trace_state TEXT, base INTEGER, body BLOB,
            UNIQUE (replica, key)
        );
        CREATE TABLE IF NOT EXISTS statecast_replica_waiting (
            id INTEGER PRIMARY KEY, replica INTEGER NOT NULL, key TEXT NOT NULL, epoch INTEGER NOT NULL, revision INTEGER NOT NULL,
            base INTEGER NOT NULL, contract TEXT NOT NULL, destination TEXT NOT NULL, lane INTEGER NOT NULL, operation INTEGER NOT NULL,
            causes TEXT, codec TEXT NOT NULL, schema BLOB NOT NULL, content BLOB, captured_at INTEGER NOT NULL, source TEXT NOT NULL,
            lease_id BLOB NOT NULL, lane_number INTEGER NOT NULL, trace_parent TEXT, trace_state TEXT, body BLOB,
            UNIQUE (replica, key, epoch, revision)
        );
        CREATE TABLE IF NOT EXISTS statecast_replica_pending (
            id INTEGER PRIMARY KEY, replica INTEGER NOT NULL, handler INTEGER NOT NULL, key TEXT NOT NULL, epoch INTEGER NOT NULL,
            revision INTEGER NOT NULL, operation INTEGER NOT NULL, causes TEXT, steps TEXT, captured_at INTEGER NOT NULL, trace_parent TEXT,
            attempts INTEGER NOT NULL, next_try INTEGER, reason TEXT, codec TEXT, schema BLOB, major INTEGER, previous_codec TEXT, previous_schema BLOB,
            previous_major INTEGER, body BLOB, previous_body BLOB,
            UNIQUE (replica, key, handler)
        );
        DROP INDEX IF EXISTS statecast_replica_pending_due;
        CREATE INDEX IF NOT EXISTS statecast_replica_pending_next ON statecast_replica_pending (replica, next_try) WHERE next_try IS NOT NULL;
        CREATE INDEX IF NOT EXISTS statecast_replica_pending_stalled ON statecast_replica_pending (replica) WHERE next_try IS NULL;
        """;

    /// <summary>The quoted name of a replica's rows.</summary>
    public static string Rows(string replica) => SqliteTableName.Quote("statecast_rows", replica);

    /// <summary>The quoted name of a replica's index entries.</summary>
    public static string Entries(string replica) => SqliteTableName.Quote("statecast_entries", replica);

    /// <summary>Makes the tables that all replicas share, within the caller's write transaction.</summary>
    public static void EnsureShared(SqliteDatabase database) => database.ExecuteScript(Shared);

    /// <summary>Gives a replica's own tables another replica's name.</summary>
    public static void Rename(SqliteDatabase database, string from, string to) =>
        database.ExecuteScript($"ALTER TABLE {Rows(from)} RENAME TO {Rows(to)}; ALTER TABLE {Entries(from)} RENAME TO {Entries(to)};");

    /// <summary>Makes a replica's own tables where they are missing.</summary>
    /// <param name="database">The file.</param>
    /// <param name="replica">The replica's name.</param>
    /// <param name="numbered">Whether its rows have a queue's two numbers: a log's would only read past them.</param>
    public static void Ensure(SqliteDatabase database, string replica, bool numbered)
    {
        database.ExecuteScript(
            $"""
            CREATE TABLE IF NOT EXISTS {Rows(replica)} (
                key TEXT NOT NULL PRIMARY KEY, epoch INTEGER NOT NULL, revision INTEGER NOT NULL, deleted INTEGER NOT NULL,
                operation INTEGER NOT NULL, codec TEXT NOT NULL, schema BLOB NOT NULL, content BLOB, captured_at INTEGER NOT NULL,
                seen INTEGER NOT NULL, writes INTEGER NOT NULL, major INTEGER NOT NULL,{(
                numbered ? $" {Numbers[0]}, {Numbers[1]}," : ""
            )} entries BLOB, body BLOB
            );
            CREATE TABLE IF NOT EXISTS {Entries(replica)} (
                number INTEGER NOT NULL, value TEXT NOT NULL, key TEXT NOT NULL,
                PRIMARY KEY (number, value, key)
            ) WITHOUT ROWID;
            """
        );
        // The replica of a log, whose service now reads from a queue.
        if (numbered && !HasNumbers(database, replica))
            database.ExecuteScript(
                $"ALTER TABLE {Rows(replica)} ADD COLUMN {Numbers[0]}; ALTER TABLE {Rows(replica)} ADD COLUMN {Numbers[1]};"
            );
    }

    private static bool HasNumbers(SqliteDatabase database, string replica)
    {
        var statement = database.Prepare("SELECT 1 FROM pragma_table_info(?1) WHERE name = 'own_number'").Bind(1, Rows(replica).Trim('"'));
        var found = statement.Step();
        statement.Reset();
        return found;
    }
}
