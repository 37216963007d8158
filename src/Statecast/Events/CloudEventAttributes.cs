using System.Globalization;
using Statecast.Serialization;

namespace Statecast.Events;

/// <summary>
/// The envelope as CloudEvents 1.0 attributes and our extensions (<c>docs/wire.md</c>), for carriers that speak them: headers in binary mode, members in structured mode.
/// Names are lower-case letters and digits, values are text.
/// </summary>
public static class CloudEventAttributes
{
    /// <summary>The attributes of an event, in a fixed order. <c>datacontenttype</c> is absent for an event without a body.</summary>
    /// <param name="stateEvent">The event.</param>
    /// <param name="contentType">The codec's media type.</param>
    public static IEnumerable<KeyValuePair<string, string>> Of(StateEvent stateEvent, string contentType)
    {
        yield return new("specversion", "1.0");
        yield return new("id", EventId.For(stateEvent).ToString());
        yield return new("source", stateEvent.Source);
        yield return new("type", stateEvent.Lane.Destination);
        yield return new("subject", stateEvent.Key);
        yield return new("partitionkey", stateEvent.Key);
        yield return new(
            "time",
            stateEvent.CapturedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture)
        );
        yield return new("dataschema", stateEvent.Schema.ToString());
        if (!stateEvent.IsDelete)
            yield return new("datacontenttype", contentType);
        yield return new("ecstop", NameOf(stateEvent.Operation));
        yield return new("ecstepoch", stateEvent.Revision.Epoch.ToString(CultureInfo.InvariantCulture));
        yield return new("ecstrevision", stateEvent.Revision.Number.ToString(CultureInfo.InvariantCulture));
        if (stateEvent.Operation == StateOperation.Patch)
            yield return new("ecstbase", stateEvent.Base.ToString(CultureInfo.InvariantCulture));
        if (stateEvent.Content is { } content)
            yield return new("ecstfingerprint", content.ToString());
        if (stateEvent.Causes is { } causes)
            yield return new("ecstcause", causes);
        yield return new("ecstlease", stateEvent.LeaseId.ToString("N"));
        yield return new("ecstseq", stateEvent.LaneNumber.ToString(CultureInfo.InvariantCulture));
        if (stateEvent.TraceParent is { } parent)
            yield return new("traceparent", parent);
        if (stateEvent.TraceState is { } state)
            yield return new("tracestate", state);
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
        if (Required(find, "specversion") is not "1.0" and var version)
            throw new FormatException($"specversion is '{version}'; 1.0 is read.");
        var operation = OperationOf(Required(find, "ecstop"));
        return new()
        {
            Contract = contract,
            Lane = new(Required(find, "type"), lane.Number),
            Key = Required(find, "subject"),
            Revision = new(Number(find, "ecstepoch"), Number(find, "ecstrevision")),
            Operation = operation,
            Base = operation == StateOperation.Patch ? Base(find) : 0,
            Causes = find("ecstcause"),
            Codec = codec,
            // A foreign sender need not know our fingerprints: without them equal revisions count as equal, and the body is read as it is.
            Schema = find("dataschema") is { } schema ? Fingerprint.Parse(schema) : default,
            Content = operation == StateOperation.Delete || find("ecstfingerprint") is not { } content ? null : Fingerprint.Parse(content),
            Body = operation == StateOperation.Delete ? default : body,
            CapturedAt = Time(find("time")),
            Source = Required(find, "source"),
            LeaseId = Guid.TryParse(find("ecstlease"), out var lease) ? lease : default,
            LaneNumber = find("ecstseq") is null ? 0 : Number(find, "ecstseq"),
            TraceParent = find("traceparent"),
            TraceState = find("tracestate"),
        };
    }

    private static string NameOf(StateOperation operation) =>
        operation switch
        {
            StateOperation.Upsert => "upsert",
            StateOperation.Delete => "delete",
            StateOperation.Patch => "patch",
            StateOperation.Snapshot => "snapshot",
            _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "No such operation."),
        };

    private static StateOperation OperationOf(string name) =>
        name switch
        {
            "upsert" => StateOperation.Upsert,
            "delete" => StateOperation.Delete,
            "patch" => StateOperation.Patch,
            "snapshot" => StateOperation.Snapshot,
            _ => throw new FormatException($"ecstop is '{name}'; upsert, delete, patch and snapshot are read."),
        };

    // A patch that names no earlier revision could be applied to any: it is none.
    private static long Base(Func<string, string?> find) =>
        Number(find, "ecstbase") is >= 1 and var number && number < Number(find, "ecstrevision")
            ? number
            : throw new FormatException(
                $"the CloudEvents attribute 'ecstbase' is '{find("ecstbase")}'; an earlier revision than {find("ecstrevision")} is expected."
            );

    private static string Required(Func<string, string?> find, string name) =>
        find(name) is { Length: > 0 } value ? value : throw new FormatException($"the CloudEvents attribute '{name}' is missing.");

    private static long Number(Func<string, string?> find, string name) =>
        long.TryParse(Required(find, name), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"the CloudEvents attribute '{name}' is '{find(name)}'; a decimal number from 0 is expected.");

    // Shown only, never used for order: a sender without a clock is welcome.
    private static DateTimeOffset Time(string? text)
    {
        if (text is null)
            return DateTimeOffset.UnixEpoch;
        return DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var time
        )
            ? time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond))
            : throw new FormatException($"the CloudEvents attribute 'time' is '{text}'; RFC 3339 is expected.");
    }
}
