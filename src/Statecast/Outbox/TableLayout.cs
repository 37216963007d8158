namespace Statecast.Outbox;

/// <summary>A primitive column type; every provider and the EF model map it to a type of their own.</summary>
public enum ColumnType
{
    /// <summary>Text, UTF-8.</summary>
    Text,

    /// <summary>A 32-bit integer.</summary>
    Int32,

    /// <summary>A 64-bit integer.</summary>
    Int64,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>Bytes.</summary>
    Bytes,
}

/// <summary>One column of the layout.</summary>
/// <param name="Name">The column's name.</param>
/// <param name="Type">Its primitive type.</param>
/// <param name="Nullable">Whether it may be null.</param>
/// <param name="Generated">Whether the database numbers it, rising and never re-used.</param>
public sealed record TableColumn(string Name, ColumnType Type, bool Nullable = false, bool Generated = false);

/// <summary>One further index of a table.</summary>
/// <param name="Columns">Its columns, in order.</param>
/// <param name="Filter">Which rows are in it, in SQL that every provider understands; null for all.</param>
public sealed record TableIndex(IReadOnlyList<string> Columns, string? Filter = null);

/// <summary>One table of the layout.</summary>
/// <param name="Name">The table's name.</param>
/// <param name="Key">The primary key's columns.</param>
/// <param name="Columns">All columns, in order.</param>
/// <param name="Indexes">Further indexes.</param>
public sealed record TableDefinition(
    string Name,
    IReadOnlyList<string> Key,
    IReadOnlyList<TableColumn> Columns,
    IReadOnlyList<TableIndex> Indexes
)
{
    /// <summary>The name of one of its indexes.</summary>
    public string NameOf(TableIndex index)
    {
        ArgumentNullException.ThrowIfNull(index);
        return $"IX_{Name}_{string.Join('_', index.Columns)}";
    }
}

/// <summary>The one layout of the tables beside a source's own. The EF model and the SQL scripts are renderings of it.</summary>
public static class TableLayout
{
    /// <summary>Raised with every change of the layout; stored in <see cref="Source"/>.</summary>
    public const int Version = 1;

    /// <summary>One row: the incarnation of this database.</summary>
    public static TableDefinition Source { get; } =
        new("statecast_source", ["id"], [new("id", ColumnType.Int32), new("epoch", ColumnType.Int64), new("layout", ColumnType.Int32)], []);

    /// <summary>The newest captured revision of every key ever published; a deleted key keeps its row for ever.</summary>
    public static TableDefinition Head { get; } =
        new(
            "statecast_head",
            ["contract", "key"],
            [
                new("contract", ColumnType.Text),
                new("key", ColumnType.Text),
                new("bucket", ColumnType.Int32),
                new("revision", ColumnType.Int64),
                new("deleted", ColumnType.Boolean),
                new("schema", ColumnType.Bytes, Nullable: true),
                new("content", ColumnType.Bytes, Nullable: true),
                new("operation_id", ColumnType.Bytes, Nullable: true),
                // For publications with patches only: how many went out since the last full state, when that was captured, and the last body in Avro.
                new("patches", ColumnType.Int32, Nullable: true),
                new("full_at", ColumnType.Int64, Nullable: true),
                new("body", ColumnType.Bytes, Nullable: true),
            ],
            // Keys whose last word was a patch: the longest without a full state first. Then the keys of a bucket range: a target asks for one after the other.
            [new(["contract", "full_at", "key"], "patches > 0"), new(["contract", "bucket", "key"])]
        );

    /// <summary>Events that are captured and not yet confirmed, one row per destination. Lane number and epoch are null until claimed.</summary>
    public static TableDefinition Outbox { get; } =
        new(
            "statecast_outbox",
            ["sequence"],
            [
                new("sequence", ColumnType.Int64, Generated: true),
                new("carrier", ColumnType.Text),
                new("destination", ColumnType.Text),
                new("lane", ColumnType.Int32),
                new("lane_number", ColumnType.Int64, Nullable: true),
                new("contract", ColumnType.Text),
                new("key", ColumnType.Text),
                new("epoch", ColumnType.Int64, Nullable: true),
                new("revision", ColumnType.Int64),
                new("operation", ColumnType.Int32),
                new("causes", ColumnType.Text, Nullable: true),
                new("codec", ColumnType.Text),
                new("schema", ColumnType.Bytes),
                new("content", ColumnType.Bytes, Nullable: true),
                new("trace_parent", ColumnType.Text, Nullable: true),
                new("trace_state", ColumnType.Text, Nullable: true),
                new("captured_at", ColumnType.Int64),
                new("keep_each", ColumnType.Boolean),
                // The revision that a patch was made from; null for all else.
                new("base", ColumnType.Int64, Nullable: true),
                // Last: a body fills pages of its own, and what stands behind it is only found through them.
                new("body", ColumnType.Bytes, Nullable: true),
            ],
            []
        );

    /// <summary>The lease of every shard: its holder, until when, and the counter that a copy of the database would not know.</summary>
    public static TableDefinition Lease { get; } =
        new(
            "statecast_lease",
            ["shard"],
            [
                new("shard", ColumnType.Text),
                new("holder", ColumnType.Text, Nullable: true),
                new("lease_id", ColumnType.Bytes, Nullable: true),
                new("fencing", ColumnType.Int64),
                new("expires_at", ColumnType.Int64),
                new("counter", ColumnType.Int64),
            ],
            []
        );

    /// <summary>The counters of every lane: the next number to hand out, and the position up to which a log was verified.</summary>
    public static TableDefinition Lane { get; } =
        new(
            "statecast_lane",
            ["carrier", "destination", "lane"],
            [
                new("carrier", ColumnType.Text),
                new("destination", ColumnType.Text),
                new("lane", ColumnType.Int32),
                new("next_number", ColumnType.Int64),
                new("incarnation", ColumnType.Int64),
                new("verified", ColumnType.Int64),
            ],
            []
        );

    /// <summary>The line of (lease id, first number) per lane: which numbers were handed out under which lease.</summary>
    public static TableDefinition Line { get; } =
        new(
            "statecast_line",
            ["carrier", "destination", "lane", "lease_id"],
            [
                new("carrier", ColumnType.Text),
                new("destination", ColumnType.Text),
                new("lane", ColumnType.Int32),
                new("lease_id", ColumnType.Bytes),
                new("first_number", ColumnType.Int64),
            ],
            []
        );

    /// <summary>What the republisher still has to do. A null key means the whole bucket range.</summary>
    public static TableDefinition Republish { get; } =
        new(
            "statecast_republish",
            ["id"],
            [
                new("id", ColumnType.Int64, Generated: true),
                new("contract", ColumnType.Text),
                new("key", ColumnType.Text, Nullable: true),
                new("first_bucket", ColumnType.Int32),
                new("last_bucket", ColumnType.Int32),
                new("destination", ColumnType.Text, Nullable: true),
                new("reason", ColumnType.Text),
                new("cursor", ColumnType.Text, Nullable: true),
            ],
            []
        );

    /// <summary>What was published last time, to find a changed contract or a new carrier at start, and whether the first republish has ended.</summary>
    public static TableDefinition Publication { get; } =
        new(
            "statecast_publication",
            ["carrier", "destination"],
            [
                new("carrier", ColumnType.Text),
                new("destination", ColumnType.Text),
                new("contract", ColumnType.Text),
                new("source", ColumnType.Text),
                new("schema", ColumnType.Bytes),
                new("first_republish_ended", ColumnType.Boolean),
            ],
            []
        );

    /// <summary>All tables, in an order in which they can be created.</summary>
    public static IReadOnlyList<TableDefinition> Tables { get; } = [Source, Head, Outbox, Lease, Lane, Line, Republish, Publication];
}
