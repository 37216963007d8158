using SQLitePCL;
using Statecast.Events;
using Statecast.Sqlite.Files;
using Statecast.Transport;

namespace Statecast.Sqlite.Transport;

/// <summary>Events as records of a destination's table.</summary>
internal static class SqliteLogRecord
{
    /// <summary>Binds all columns but the position, from parameter 1.</summary>
    public static SqliteStatement Bind(SqliteStatement insert, StateEvent e)
    {
        insert
            .Bind(1, e.Lane.Number)
            .Bind(2, e.Key)
            .Bind(3, e.Revision.Epoch)
            .Bind(4, e.Revision.Number)
            .Bind(5, (long)e.Operation)
            .Bind(6, e.Causes)
            .Bind(7, e.Codec)
            .Bind(8, e.Schema)
            .Bind(9, e.Content)
            .Bind(10, e.CapturedAt)
            .Bind(11, e.LeaseId)
            .Bind(12, e.LaneNumber)
            .Bind(13, e.TraceParent)
            .Bind(14, e.TraceState);
        return e.Body.IsEmpty ? insert.BindNull(15) : insert.Bind(15, e.Body.Span);
    }

    /// <summary>The record that a statement over the position and <see cref="SqliteLogTables.RecordColumns"/> stands on; one that cannot be an event comes with its defect.</summary>
    public static ReceivedEvent Map(SqliteStatement record, SqliteLogDestination destination, string source)
    {
        var position = record.Int64(0);
        if (FindDefect(record, destination) is { } defect)
        {
            var key = record.IsOfType(2, raw.SQLITE_TEXT) ? record.Text(2) : null;
            return new(null, position, key, $"The record {position} of '{destination.Name}' is no event: {defect}.", record.Bytes(15));
        }
        return new(
            new()
            {
                Contract = destination.Contract,
                Lane = destination.Lanes[record.Int32(1)],
                Key = record.Text(2),
                Revision = record.Revision(3, 4),
                Operation = (StateOperation)record.Int32(5),
                Causes = record.TextOrNull(6),
                Codec = SqliteText.Codec(record.Span(7)),
                Schema = record.Fingerprint(8),
                Content = record.FingerprintOrNull(9),
                CapturedAt = record.Time(10),
                Source = source,
                LeaseId = record.Guid(11),
                LaneNumber = record.Int64(12),
                TraceParent = record.TextOrNull(13),
                TraceState = record.TextOrNull(14),
                Body = record.Bytes(15),
            },
            position
        );
    }

    /// <summary>The lane that a record names; 0 if it names none of the destination's, so that its defect is reported somewhere.</summary>
    public static int LaneOf(SqliteStatement record, SqliteLogDestination destination)
    {
        var lane = record.Int64(1);
        return lane >= 0 && lane < destination.Lanes.Length ? (int)lane : 0;
    }

    // SQLite keeps whatever type was written, and damage need not show as damage: what does not fit the layout is no event.
    private static string? FindDefect(SqliteStatement record, SqliteLogDestination destination)
    {
        if (!record.IsOfType(2, raw.SQLITE_TEXT))
            return "its key is no text";
        if (!record.IsOfType(1, raw.SQLITE_INTEGER) || record.Int64(1) < 0 || record.Int64(1) >= destination.Lanes.Length)
            return $"its lane is none of {destination.Lanes.Length}";
        if (!record.IsOfType(3, raw.SQLITE_INTEGER) || !record.IsOfType(4, raw.SQLITE_INTEGER))
            return "its epoch or revision is no number";
        if (record.Int64(5) is < (long)StateOperation.Upsert or > (long)StateOperation.Snapshot)
            return $"operation {record.Int64(5)} is unknown";
        if (!record.IsOfType(7, raw.SQLITE_TEXT) || !IsFingerprint(record, 8) || !(record.IsNull(9) || IsFingerprint(record, 9)))
            return "its codec or a fingerprint is missing";
        if (!IsFingerprint(record, 11))
            return "its lease id is missing";
        if (record.Int64(10) is < MinTime or > MaxTime)
            return "its time is out of range";
        return record.Int64(5) != (long)StateOperation.Delete && record.IsNull(15) ? "its state is missing" : null;
    }

    private const long MinTime = -62_135_596_800_000_000;
    private const long MaxTime = 253_402_300_799_999_999;

    private static bool IsFingerprint(SqliteStatement record, int column) =>
        record.IsOfType(column, raw.SQLITE_BLOB) && record.Span(column).Length == Serialization.Fingerprint.Size;
}
