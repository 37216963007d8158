using Statecast.Events;
using Statecast.Serialization;

namespace Statecast.Replicas;

/// <summary>One key's row; a deleted key keeps its row without a body.</summary>
public sealed record ReplicaRow
{
    // Written by Fill as well: a batch's rows are used again where the store keeps none of them.
    private string _key = "";
    private StateRevision _revision;
    private bool _deleted;
    private StateOperation _operation;
    private string _codec = "";
    private Fingerprint _schema;
    private Fingerprint? _content;
    private ReadOnlyMemory<byte> _body;
    private object? _state;
    private DateTimeOffset _capturedAt;
    private long _seen;
    private long _writes;
    private IReadOnlyList<IndexEntry> _entries = [];
    private int _major;
    private long _liveNumber;
    private long _ownNumber;

    /// <summary>The text form of the key.</summary>
    public required string Key
    {
        get => _key;
        init => _key = value;
    }

    /// <summary>Epoch and revision.</summary>
    public required StateRevision Revision
    {
        get => _revision;
        init => _revision = value;
    }

    /// <summary>Whether the row is a tombstone.</summary>
    public required bool Deleted
    {
        get => _deleted;
        init => _deleted = value;
    }

    /// <summary>The operation that wrote the row: what a Snapshot wrote, an equal change may still announce to handlers.</summary>
    public required StateOperation Operation
    {
        get => _operation;
        init => _operation = value;
    }

    /// <summary>The body's codec.</summary>
    public required string Codec
    {
        get => _codec;
        init => _codec = value;
    }

    /// <summary>The body's schema.</summary>
    public required Fingerprint Schema
    {
        get => _schema;
        init => _schema = value;
    }

    /// <summary>The major of the contract that the state is of; 0 for the one that the replica reads. A replica that moved on still holds rows of older ones.</summary>
    public int Major
    {
        get => _major;
        init => _major = value;
    }

    /// <summary>The state's fingerprint; null for a tombstone.</summary>
    public Fingerprint? Content
    {
        get => _content;
        init => _content = value;
    }

    /// <summary>The body as received; empty for a tombstone.</summary>
    public ReadOnlyMemory<byte> Body
    {
        get => _body;
        init => _body = value;
    }

    /// <summary>The state as it was handed along or decoded; null for a tombstone, and from a store that keeps bytes.</summary>
    public object? State
    {
        get => _state;
        init => _state = value;
    }

    /// <summary>When the source captured the state.</summary>
    public required DateTimeOffset CapturedAt
    {
        get => _capturedAt;
        init => _capturedAt = value;
    }

    /// <summary>A bit per handler, in the layout's order: whether it has finished with a state of this key.</summary>
    public long Seen
    {
        get => _seen;
        init => _seen = value;
    }

    /// <summary>How often this row was written: equals the distinct revisions applied, or an event was applied twice.</summary>
    public long Writes
    {
        get => _writes;
        init => _writes = value;
    }

    /// <summary>On a queue: the highest number of the live lane that wrote the row; else 0.</summary>
    public long LiveNumber
    {
        get => _liveNumber;
        init => _liveNumber = value;
    }

    /// <summary>On a queue: the highest number among what was sent to this target alone that wrote the row; else 0.</summary>
    public long OwnNumber
    {
        get => _ownNumber;
        init => _ownNumber = value;
    }

    /// <summary>The row's entries in declared indexes. Written, never read back.</summary>
    public IReadOnlyList<IndexEntry> Entries
    {
        get => _entries;
        init => _entries = value;
    }

    /// <summary>Makes this the row that an event writes.</summary>
    internal ReplicaRow Fill(
        StateEvent said,
        int major,
        StateOperation operation,
        long seen,
        long writes,
        IReadOnlyList<IndexEntry> entries,
        object? state
    )
    {
        (_key, _revision, _deleted, _operation) = (said.Key, said.Revision, said.IsDelete, operation);
        (_codec, _schema, _content, _body, _capturedAt) = (said.Codec, said.Schema, said.Content, said.Body, said.CapturedAt);
        (_seen, _writes, _entries, _state, _major) = (seen, writes, entries, state, major);
        (_liveNumber, _ownNumber) = (0, 0);
        return this;
    }

    /// <summary>Makes this another row than it was.</summary>
    internal ReplicaRow Fill(
        string key,
        StateRevision revision,
        bool deleted,
        StateOperation operation,
        string codec,
        Fingerprint schema,
        Fingerprint? content,
        ReadOnlyMemory<byte> body,
        DateTimeOffset capturedAt,
        long seen,
        long writes
    )
    {
        (_key, _revision, _deleted, _operation) = (key, revision, deleted, operation);
        (_codec, _schema, _content, _body, _capturedAt) = (codec, schema, content, body, capturedAt);
        (_seen, _writes, _entries, _state, _major) = (seen, writes, [], null, 0);
        (_liveNumber, _ownNumber) = (0, 0);
        return this;
    }

    /// <summary>Notes the numbers that wrote it.</summary>
    internal ReplicaRow Number(long live, long own)
    {
        (_liveNumber, _ownNumber) = (live, own);
        return this;
    }

    /// <summary>Takes over from the row that this one replaces what no event says: what handlers have seen, and the higher numbers. It was written once more.</summary>
    internal void Follow(long seen, long writes, long live, long own) =>
        (_seen, _writes, _liveNumber, _ownNumber) = (seen, writes + 1, Math.Max(live, _liveNumber), Math.Max(own, _ownNumber));

    /// <summary>Keeps nothing alive any more: the object waits for its next use.</summary>
    internal void Forget() => (_key, _body, _entries, _state) = ("", default, [], null);

    /// <summary>A row that <see cref="Fill(StateEvent, int, StateOperation, long, long, IReadOnlyList{IndexEntry}, object?)"/> makes one.</summary>
    internal static ReplicaRow Blank() =>
        new()
        {
            Key = "",
            Revision = default,
            Deleted = false,
            Operation = default,
            Codec = "",
            Schema = default,
            CapturedAt = default,
        };
}
