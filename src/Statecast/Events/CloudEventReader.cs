using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Statecast.Serialization;

namespace Statecast.Events;

/// <summary>Makes an event of its attributes, as bytes: what any language may send. Unknown attributes are ignored, of several of one name the last counts.</summary>
/// <param name="repeats">What was decoded of earlier events.</param>
public ref struct CloudEventReader(CloudEventRepeats repeats)
{
    private ReadOnlySpan<byte> _specVersion;
    private ReadOnlySpan<byte> _source;
    private ReadOnlySpan<byte> _type;
    private ReadOnlySpan<byte> _time;
    private ReadOnlySpan<byte> _schema;
    private ReadOnlySpan<byte> _operation;
    private ReadOnlySpan<byte> _epoch;
    private ReadOnlySpan<byte> _revision;
    private ReadOnlySpan<byte> _base;
    private ReadOnlySpan<byte> _content;
    private ReadOnlySpan<byte> _causes;
    private ReadOnlySpan<byte> _lease;
    private ReadOnlySpan<byte> _laneNumber;
    private ReadOnlySpan<byte> _replyTo;
    private ReadOnlySpan<byte> _traceParent;
    private ReadOnlySpan<byte> _traceState;

    /// <summary>The key's text form as it was said; empty if it was not.</summary>
    public ReadOnlySpan<byte> Subject { get; private set; }

    /// <summary>The body's media type; empty if it was not said.</summary>
    public ReadOnlySpan<byte> ContentType { get; private set; }

    /// <summary>Takes an attribute.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value in UTF-8; it must stay where it is until the event is read. An empty one counts as absent.</param>
    public void Take(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        switch (name.Length)
        {
            case 4 when name.SequenceEqual("type"u8):
                _type = value;
                break;
            case 4 when name.SequenceEqual("time"u8):
                _time = value;
                break;
            case 6 when name.SequenceEqual("source"u8):
                _source = value;
                break;
            case 6 when name.SequenceEqual("ecstop"u8):
                _operation = value;
                break;
            case 7 when name.SequenceEqual("subject"u8):
                Subject = value;
                break;
            case 7 when name.SequenceEqual("ecstseq"u8):
                _laneNumber = value;
                break;
            case 8 when name.SequenceEqual("ecstbase"u8):
                _base = value;
                break;
            case 9 when name.SequenceEqual("ecstepoch"u8):
                _epoch = value;
                break;
            case 9 when name.SequenceEqual("ecstlease"u8):
                _lease = value;
                break;
            case 9 when name.SequenceEqual("ecstreply"u8):
                _replyTo = value;
                break;
            case 9 when name.SequenceEqual("ecstcause"u8):
                _causes = value;
                break;
            case 10 when name.SequenceEqual("dataschema"u8):
                _schema = value;
                break;
            case 10 when name.SequenceEqual("tracestate"u8):
                _traceState = value;
                break;
            case 11 when name.SequenceEqual("traceparent"u8):
                _traceParent = value;
                break;
            case 11 when name.SequenceEqual("specversion"u8):
                _specVersion = value;
                break;
            case 12 when name.SequenceEqual("ecstrevision"u8):
                _revision = value;
                break;
            case 15 when name.SequenceEqual("ecstfingerprint"u8):
                _content = value;
                break;
            case 15 when name.SequenceEqual("datacontenttype"u8):
                ContentType = value;
                break;
        }
    }

    /// <summary>The event.</summary>
    /// <param name="lane">Where it was received.</param>
    /// <param name="contract">The contract's name that the receiver expects at that destination.</param>
    /// <param name="codec">The name of the codec that reads the body.</param>
    /// <param name="body">The body.</param>
    /// <exception cref="FormatException">A required attribute is missing or malformed; the message names it. The event is then parked.</exception>
    public readonly StateEvent Read(LaneId lane, string contract, string codec, ReadOnlyMemory<byte> body)
    {
        if (!Required(_specVersion, "specversion").SequenceEqual("1.0"u8))
            throw new FormatException($"specversion is '{Text(_specVersion)}'; 1.0 is read.");
        var operation = OperationOf(Required(_operation, "ecstop"));
        var type = repeats.Type(Required(_type, "type"));
        return new()
        {
            Contract = contract,
            Lane = LaneOf(type == lane.Destination ? lane : new(type, lane.Number)),
            Key = Text(Required(Subject, "subject")),
            Revision = new(Number(_epoch, "ecstepoch"), Number(_revision, "ecstrevision")),
            Operation = operation,
            Base = operation == StateOperation.Patch ? Base() : 0,
            Causes = _causes.IsEmpty ? null : repeats.Causes(_causes),
            Codec = codec,
            // A foreign sender need not know our fingerprints: without them equal revisions count as equal, and the body is read as it is.
            Schema = _schema.IsEmpty ? default : repeats.Schema(_schema),
            Content = operation == StateOperation.Delete || _content.IsEmpty ? null : Fingerprint.Parse(_content),
            Body = operation == StateOperation.Delete ? default : body,
            CapturedAt = Time(),
            Source = repeats.Source(Required(_source, "source")),
            LeaseId = _lease.IsEmpty ? default : repeats.Lease(_lease),
            LaneNumber = _laneNumber.IsEmpty ? 0 : Number(_laneNumber, "ecstseq"),
            TraceParent = _traceParent.IsEmpty ? null : Text(_traceParent),
            TraceState = _traceState.IsEmpty ? null : Text(_traceState),
        };
    }

    private static StateOperation OperationOf(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("upsert"u8) ? StateOperation.Upsert
        : name.SequenceEqual("snapshot"u8) ? StateOperation.Snapshot
        : name.SequenceEqual("delete"u8) ? StateOperation.Delete
        : name.SequenceEqual("patch"u8) ? StateOperation.Patch
        : name.SequenceEqual("rangebegin"u8) ? StateOperation.RangeBegin
        : name.SequenceEqual("rangeend"u8) ? StateOperation.RangeEnd
        : throw new FormatException(
            $"ecstop is '{Text(name)}'; upsert, delete, patch, snapshot and a run's rangebegin and rangeend are read."
        );

    private readonly LaneId LaneOf(LaneId live)
    {
        if (_replyTo.IsEmpty)
            return live;
        return SnapshotLane.Is(live)
            ? throw new FormatException($"the CloudEvents attribute 'type' is '{live.Destination}', which is no destination.")
            : SnapshotLane.Of(live, Text(_replyTo));
    }

    // A patch that names no earlier revision could be applied to any: it is none.
    private readonly long Base() =>
        Number(_base, "ecstbase") is >= 1 and var number && number < Number(_revision, "ecstrevision")
            ? number
            : throw new FormatException(
                $"the CloudEvents attribute 'ecstbase' is '{Text(_base)}'; an earlier revision than {Text(_revision)} is expected."
            );

    private static ReadOnlySpan<byte> Required(ReadOnlySpan<byte> value, string name) =>
        value.IsEmpty ? throw new FormatException($"the CloudEvents attribute '{name}' is missing.") : value;

    private static long Number(ReadOnlySpan<byte> value, string name) =>
        long.TryParse(Required(value, name), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"the CloudEvents attribute '{name}' is '{Text(value)}'; a decimal number from 0 is expected.");

    // Shown only, never used for order: a sender without a clock is welcome.
    private readonly DateTimeOffset Time()
    {
        if (_time.IsEmpty)
            return DateTimeOffset.UnixEpoch;
        if (TryOwnTime(_time, out var own))
            return own;
        return DateTimeOffset.TryParse(
            Text(_time),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var time
        )
            ? time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond))
            : throw new FormatException($"the CloudEvents attribute 'time' is '{Text(_time)}'; RFC 3339 is expected.");
    }

    // The form that is written here, which needs one digit more to be one that the platform reads fast.
    private static bool TryOwnTime(ReadOnlySpan<byte> value, out DateTimeOffset time)
    {
        const int length = 27;
        time = default;
        if (value.Length != length || value[^1] != (byte)'Z')
            return false;
        Span<byte> full = stackalloc byte[length + 1];
        value.CopyTo(full);
        "0Z"u8.CopyTo(full[^2..]);
        return Utf8Parser.TryParse(full, out time, out var read, 'O') && read == full.Length;
    }

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
