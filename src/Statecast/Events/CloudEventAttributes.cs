using System.Globalization;
using System.Text;
using Statecast.Serialization;

namespace Statecast.Events;

/// <summary>
/// The envelope as CloudEvents 1.0 attributes and our extensions (<c>docs/wire.md</c>), for carriers that speak them: headers in binary mode, members in structured mode.
/// Names are lower-case letters and digits, values are text.
/// </summary>
public static class CloudEventAttributes
{
    private const int LongestNumber = 20;

    // All that are read; partitionkey and id say nothing that is not said elsewhere.
    private static readonly string[] Known =
    [
        "specversion",
        "source",
        "type",
        "subject",
        "time",
        "dataschema",
        "datacontenttype",
        "ecstop",
        "ecstepoch",
        "ecstrevision",
        "ecstbase",
        "ecstfingerprint",
        "ecstcause",
        "ecstlease",
        "ecstseq",
        "ecstreply",
        "traceparent",
        "tracestate",
    ];

    /// <summary>The attributes of an event, in a fixed order. <c>datacontenttype</c> is absent for an event without a body.</summary>
    /// <param name="stateEvent">The event.</param>
    /// <param name="contentType">The codec's media type.</param>
    public static IEnumerable<KeyValuePair<string, string>> Of(StateEvent stateEvent, string contentType)
    {
        var texts = new Texts();
        Write(stateEvent, contentType, texts);
        return texts.Attributes;
    }

    /// <summary>Hands the same attributes over as bytes, in the same order.</summary>
    /// <param name="stateEvent">The event.</param>
    /// <param name="contentType">The codec's media type.</param>
    /// <param name="sink">What takes them.</param>
    public static void Write<TSink>(StateEvent stateEvent, string contentType, TSink sink)
        where TSink : ICloudEventSink
    {
        ArgumentNullException.ThrowIfNull(stateEvent);
        var isAnswer = SnapshotLane.TryParse(stateEvent.Lane, out var live, out var replyTo);
        sink.Add("specversion"u8, "1.0"u8);
        Add(sink, "id"u8, EventId.For(stateEvent), "D");
        sink.Add("source"u8, stateEvent.Source);
        sink.Add("type"u8, live.Destination);
        sink.Add("subject"u8, stateEvent.Key);
        sink.Add("partitionkey"u8, stateEvent.Key);
        AddTime(sink, stateEvent.CapturedAt);
        AddFingerprint(sink, "dataschema"u8, stateEvent.Schema);
        if (!stateEvent.IsDelete)
            sink.Add("datacontenttype"u8, contentType);
        sink.Add("ecstop"u8, NameOf(stateEvent.Operation));
        Add(sink, "ecstepoch"u8, stateEvent.Revision.Epoch);
        Add(sink, "ecstrevision"u8, stateEvent.Revision.Number);
        if (stateEvent.Operation == StateOperation.Patch)
            Add(sink, "ecstbase"u8, stateEvent.Base);
        if (stateEvent.Content is { } content)
            AddFingerprint(sink, "ecstfingerprint"u8, content);
        if (stateEvent.Causes is { } causes)
            sink.Add("ecstcause"u8, causes);
        Add(sink, "ecstlease"u8, stateEvent.LeaseId, "N");
        Add(sink, "ecstseq"u8, stateEvent.LaneNumber);
        if (isAnswer)
            sink.Add("ecstreply"u8, replyTo!);
        if (stateEvent.TraceParent is { } parent)
            sink.Add("traceparent"u8, parent);
        if (stateEvent.TraceState is { } state)
            sink.Add("tracestate"u8, state);
    }

    /// <summary>Reads an event from its attributes: what any language may send. Unknown attributes are ignored.</summary>
    /// <param name="find">Finds an attribute's value by name; null if it is absent.</param>
    /// <param name="lane">Where it was received.</param>
    /// <param name="contract">The contract's name that the receiver expects at that destination.</param>
    /// <param name="codec">The name of the codec that reads the body.</param>
    /// <param name="body">The body.</param>
    /// <exception cref="FormatException">A required attribute is missing or malformed; the message names it. The event is then parked.</exception>
    public static StateEvent Read(Func<string, string?> find, LaneId lane, string contract, string codec, ReadOnlyMemory<byte> body)
    {
        var reader = new CloudEventReader(new());
        foreach (var name in Known)
            if (find(name) is { } value)
                reader.Take(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));
        return reader.Read(lane, contract, codec, body);
    }

    private static void Add<TSink>(TSink sink, ReadOnlySpan<byte> name, long number)
        where TSink : ICloudEventSink
    {
        Span<byte> text = stackalloc byte[LongestNumber];
        number.TryFormat(text, out var written, provider: CultureInfo.InvariantCulture);
        sink.Add(name, text[..written]);
    }

    private static void Add<TSink>(TSink sink, ReadOnlySpan<byte> name, Guid id, string format)
        where TSink : ICloudEventSink
    {
        Span<byte> text = stackalloc byte[36];
        id.TryFormat(text, out var written, format);
        sink.Add(name, text[..written]);
    }

    private static void AddFingerprint<TSink>(TSink sink, ReadOnlySpan<byte> name, Fingerprint fingerprint)
        where TSink : ICloudEventSink
    {
        Span<byte> text = stackalloc byte[2 * Fingerprint.Size];
        fingerprint.Format(text);
        sink.Add(name, text);
    }

    // To microseconds: the platform's fast form has one digit more, which is 0.
    private static void AddTime<TSink>(TSink sink, DateTimeOffset time)
        where TSink : ICloudEventSink
    {
        Span<byte> text = stackalloc byte[28];
        time.UtcDateTime.TryFormat(text, out _, "O", CultureInfo.InvariantCulture);
        text[^2] = (byte)'Z';
        sink.Add("time"u8, text[..^1]);
    }

    private static ReadOnlySpan<byte> NameOf(StateOperation operation) =>
        operation switch
        {
            StateOperation.Upsert => "upsert"u8,
            StateOperation.Delete => "delete"u8,
            StateOperation.Patch => "patch"u8,
            StateOperation.Snapshot => "snapshot"u8,
            StateOperation.RangeBegin => "rangebegin"u8,
            StateOperation.RangeEnd => "rangeend"u8,
            _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "No such operation."),
        };

    private sealed class Texts : ICloudEventSink
    {
        public List<KeyValuePair<string, string>> Attributes { get; } = [];

        public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Add(name, Encoding.UTF8.GetString(value));

        public void Add(ReadOnlySpan<byte> name, string value) => Attributes.Add(new(Encoding.UTF8.GetString(name), value));
    }
}
