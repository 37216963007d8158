using System.Text;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Serialization;

namespace Statecast.Conformance.Replicas;

/// <summary>Rows, changes and events for the suites; times have the stored precision of microseconds.</summary>
public static class ReplicaSamples
{
    public static readonly DateTimeOffset Time = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero).AddMicroseconds(123_456);

    public static readonly Fingerprint Schema = Fingerprint.Of("schema"u8);

    public static ReplicaLayout Layout(
        string name = "probe.item.v1",
        string[]? indexes = null,
        string[]? handlers = null,
        bool retained = true
    ) => new(name, indexes ?? [], handlers ?? [], Fingerprint.Of("layout"u8), retained);

    public static byte[] Body(string text) => Encoding.UTF8.GetBytes($"{{\"value\":\"{text}\"}}");

    public static ReplicaRow Row(string key, long revision, string text, params IndexEntry[] entries) =>
        new()
        {
            Key = key,
            Revision = new(7, revision),
            Deleted = false,
            Operation = StateOperation.Upsert,
            Codec = "json",
            Schema = Schema,
            Content = Fingerprint.Of(Body(text)),
            Body = Body(text),
            CapturedAt = Time,
            Writes = revision,
            Entries = entries,
        };

    public static ReplicaRow Tombstone(string key, long revision) =>
        new()
        {
            Key = key,
            Revision = new(7, revision),
            Deleted = true,
            Operation = StateOperation.Delete,
            Codec = "json",
            Schema = Schema,
            CapturedAt = Time,
            Writes = revision,
        };

    public static StoredBody Stored(string text) => new("json", Schema, Body(text));

    public static PendingChange Change(
        string key,
        long revision,
        string? current,
        string? previous = null,
        string? causes = null,
        string handler = "first",
        DateTimeOffset? due = null
    ) =>
        new()
        {
            Handler = handler,
            Key = key,
            Revision = new(7, revision),
            Operation = current is null ? StateOperation.Delete : StateOperation.Upsert,
            Causes = causes,
            Current = current is null ? null : Stored(current),
            Previous = previous is null ? null : Stored(previous),
            CapturedAt = Time,
            TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            NextTry = due ?? Time,
        };

    public static StateEvent Event(string key, long revision, string? text) =>
        new()
        {
            Contract = "probe.item",
            Lane = new("probe.item.v1", 3),
            Key = key,
            Revision = new(7, revision),
            Operation = text is null ? StateOperation.Delete : StateOperation.Upsert,
            Causes = "Created,Renamed",
            Codec = "json",
            Schema = Schema,
            Content = text is null ? null : Fingerprint.Of(Body(text)),
            Body = text is null ? default : Body(text),
            CapturedAt = Time,
            Source = "probes",
            LeaseId = new("11111111-2222-3333-4444-555555555555"),
            LaneNumber = 42,
            TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            TraceState = "vendor=1",
        };

    public static ParkedEvent Parked(string key, string reason, StateEvent? stateEvent, byte[]? raw = null) =>
        new()
        {
            Key = key,
            Reason = reason,
            Event = stateEvent,
            Raw = raw ?? [],
            ParkedAt = Time,
        };

    public static string Text(ReadOnlyMemory<byte> body) => Encoding.UTF8.GetString(body.Span);

    public static string? Text(StoredBody? body) => body is null ? null : Text(body.Body);
}
