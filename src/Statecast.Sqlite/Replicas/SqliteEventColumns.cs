using Statecast.Events;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Replicas;

/// <summary>An event's columns but its key, wherever a whole event is kept.</summary>
internal static class SqliteEventColumns
{
    /// <summary>Their names, in the order of <see cref="Bind"/> and <see cref="Map"/>.</summary>
    public const string Names =
        "contract, destination, lane, epoch, revision, operation, base, causes, codec, schema, content, captured_at, source, lease_id, "
        + "lane_number, trace_parent, trace_state, body";

    /// <summary>How many there are.</summary>
    public const int Count = 18;

    /// <summary>So many parameters in a row.</summary>
    public static string Parameters(int count) => string.Join(", ", Enumerable.Range(1, count).Select(n => $"?{n}"));

    /// <summary>Binds an event from a parameter on.</summary>
    public static SqliteStatement Bind(SqliteStatement statement, int first, StateEvent e) =>
        statement
            .Bind(first, e.Contract)
            .Bind(first + 1, e.Lane.Destination)
            .Bind(first + 2, e.Lane.Number)
            .Bind(first + 3, e.Revision.Epoch)
            .Bind(first + 4, e.Revision.Number)
            .Bind(first + 5, (long)e.Operation)
            .Bind(first + 6, e.Base)
            .Bind(first + 7, e.Causes)
            .Bind(first + 8, e.Codec)
            .Bind(first + 9, e.Schema)
            .Bind(first + 10, e.Content)
            .Bind(first + 11, e.CapturedAt)
            .Bind(first + 12, e.Source)
            .Bind(first + 13, e.LeaseId)
            .Bind(first + 14, e.LaneNumber)
            .Bind(first + 15, e.TraceParent)
            .Bind(first + 16, e.TraceState)
            .Bind(first + 17, e.Body.Span);

    /// <summary>The event that stands from a column on.</summary>
    public static StateEvent Map(SqliteStatement statement, string key, int first) =>
        new()
        {
            Key = key,
            Contract = statement.Text(first),
            Lane = new(statement.Text(first + 1), statement.Int32(first + 2)),
            Revision = statement.Revision(first + 3, first + 4),
            Operation = (StateOperation)statement.Int32(first + 5),
            Base = statement.Int64(first + 6),
            Causes = statement.TextOrNull(first + 7),
            Codec = SqliteText.Codec(statement.Span(first + 8)),
            Schema = statement.Fingerprint(first + 9),
            Content = statement.FingerprintOrNull(first + 10),
            CapturedAt = statement.Time(first + 11),
            Source = statement.Text(first + 12),
            LeaseId = statement.Guid(first + 13),
            LaneNumber = statement.Int64(first + 14),
            TraceParent = statement.TextOrNull(first + 15),
            TraceState = statement.TextOrNull(first + 16),
            Body = statement.Bytes(first + 17),
        };
}
