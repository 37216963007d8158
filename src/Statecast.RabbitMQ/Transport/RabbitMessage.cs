using System.Globalization;
using System.Text;
using RabbitMQ.Client;
using Statecast.Events;
using Statecast.Serialization.Avro.Registry;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>Events as messages: CloudEvents in structured or binary mode (<c>docs/wire.md</c>).</summary>
/// <param name="options">The settings.</param>
/// <param name="bodies">The data.</param>
internal sealed class RabbitMessage(RabbitMQOptions options, RabbitBodies bodies)
{
    private const string Structured = "application/cloudevents";
    private const string StructuredJson = "application/cloudevents+json";
    private const string WrittenType = $"{StructuredJson}; charset=utf-8";

    // All that are in use on AMQP.
    private static readonly string[] Prefixes = ["cloudEvents_", "cloudEvents:", "ce-"];

    // What is written, then what is read besides.
    private static readonly (string Codec, string ContentType)[] Codecs =
    [
        ("json", "application/json"),
        ("avro", "application/avro"),
        ("avro", "avro/binary"),
    ];

    /// <summary>The message of an event whose data is ready.</summary>
    /// <param name="e">The event.</param>
    /// <param name="writer">Writes it, if it is to be structured.</param>
    public (BasicProperties Properties, ReadOnlyMemory<byte> Body) Write(StateEvent e, StructuredWriter writer)
    {
        // A mark is JSON, whatever the states beside it are.
        var codec = e.IsMark ? Codecs[0].Codec : e.Codec;
        var contentType = ContentTypeOf(codec);
        var data = e.IsMark ? e.Body : bodies.Write(e);
        var properties = new BasicProperties
        {
            DeliveryMode = DeliveryModes.Persistent,
            Type = SnapshotLane.LiveOf(e.Lane).Destination,
            AppId = e.Source,
        };
        if (options.ModeOf(codec) == RabbitMQContentMode.Structured)
        {
            properties.ContentType = WrittenType;
            (properties.MessageId, var body) = writer.Write(e, contentType, data, isJson: codec == Codecs[0].Codec);
            return (properties, body);
        }
        if (!e.IsDelete)
            properties.ContentType = contentType;
        var headers = new Dictionary<string, object?>(24);
        foreach (var (name, value) in CloudEventAttributes.Of(e, contentType))
            if (name == "id")
                headers[options.BinaryPrefix + name] = properties.MessageId = value;
            else if (name != "datacontenttype")
                headers[options.BinaryPrefix + name] = value;
        properties.Headers = headers;
        return (properties, data);
    }

    /// <summary>Reads the event of a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="lane">Where it was received.</param>
    /// <param name="contract">The contract's name.</param>
    /// <param name="repeats">What was decoded of earlier events.</param>
    /// <param name="received">The event; one that cannot be an event comes with its defect.</param>
    /// <returns>False if the registry must be asked first.</returns>
    public bool TryRead(RabbitDelivery message, LaneId lane, string contract, CloudEventRepeats repeats, out ReceivedEvent received)
    {
        var attributes = new CloudEventReader(repeats);
        var isRead = false;
        try
        {
            var data = ReadParts(message, ref attributes);
            isRead = true;
            var codec = CodecOf(message, attributes);
            var e = attributes.Read(lane, contract, codec, data ?? default);
            if (codec == "avro" && !e.IsDelete)
            {
                if (!bodies.TryRead(data ?? default, message.Properties, out var framed))
                {
                    received = null!;
                    return false;
                }
                e = e with { Body = framed.Body, Schema = framed.Schema };
            }
            if (FindDefect(e, data is null, lane, message) is { } defect)
                throw new FormatException(defect);
            received = new(e, 0);
        }
        catch (FormatException error)
        {
            var key = isRead && !attributes.Subject.IsEmpty ? Encoding.UTF8.GetString(attributes.Subject) : null;
            received = Bad(message, lane, key, error.Message);
        }
        return true;
    }

    /// <summary>Asks for the schema of a message's data.</summary>
    public Task AskAsync(RabbitDelivery message, CancellationToken ct)
    {
        var attributes = new CloudEventReader(new());
        return bodies.AskAsync(ReadParts(message, ref attributes) ?? default, message.Properties, ct);
    }

    /// <summary>The event as it is received by those that it is no business of.</summary>
    public static ReceivedEvent Refuse(RabbitDelivery message, string? key, string reason) => new(null, 0, key, reason, message.Body);

    private static ReceivedEvent Bad(RabbitDelivery message, LaneId lane, string? key, string defect) =>
        // Without a key it is parked under what tells it from others.
        Refuse(message, key, $"A message of lane {lane.Number} of '{lane.Destination}' is no event: {defect}");

    private static string? FindDefect(StateEvent e, bool isEmpty, LaneId lane, RabbitDelivery message)
    {
        if (SnapshotLane.LiveOf(e.Lane).Destination != lane.Destination)
            return $"its type is '{e.Lane.Destination}'.";
        // An answer to another target, or to all, says nothing about this one's numbers.
        if (SnapshotLane.TryParse(e.Lane, out _, out var replyTo) && !(message.IsDirect && replyTo == message.Queue))
            return $"it answers the queue '{replyTo}', and came by '{message.Queue}'{(message.IsDirect ? "" : " from the exchange")}.";
        return !e.IsDelete && isEmpty ? "its state is missing." : null;
    }

    private static string ContentTypeOf(string codec)
    {
        foreach (var known in Codecs)
            if (known.Codec == codec)
                return known.ContentType;
        throw new NotSupportedException($"The RabbitMQ carrier does not know the codec '{codec}'.");
    }

    private static string CodecOf(RabbitDelivery message, CloudEventReader attributes)
    {
        var contentType =
            !IsStructured(message) ? message.Properties.ContentType
            // Most are.
            : attributes.ContentType.SequenceEqual("application/json"u8) ? Codecs[0].ContentType
            : Encoding.UTF8.GetString(attributes.ContentType);
        if (string.IsNullOrEmpty(contentType))
            return Codecs[0].Codec;
        foreach (var (codec, known) in Codecs)
            if (IsType(contentType, known))
                return codec;
        throw new FormatException(
            $"its content type is '{contentType}'; {StructuredJson}, {string.Join(", ", Codecs.Select(c => c.ContentType))} are read."
        );
    }

    // A parameter after the media type (a charset) changes nothing for us.
    private static bool IsType(string contentType, string known) =>
        contentType.StartsWith(known, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == known.Length || contentType[known.Length] == ';');

    private static bool IsStructured(RabbitDelivery message) =>
        message.Properties.ContentType?.StartsWith(Structured, StringComparison.OrdinalIgnoreCase) == true;

    // The attributes in whichever mode; and the data, null if there is none.
    private static ReadOnlyMemory<byte>? ReadParts(RabbitDelivery message, ref CloudEventReader attributes)
    {
        if (!IsStructured(message))
        {
            ReadHeaders(message.Properties.Headers, ref attributes);
            return message.Body.IsEmpty ? null : message.Body;
        }
        return IsType(message.Properties.ContentType!, StructuredJson)
            ? StructuredEvent.Read(message.Body, ref attributes)
            : throw new FormatException($"its content type is '{message.Properties.ContentType}'; {StructuredJson} is read.");
    }

    private static void ReadHeaders(IDictionary<string, object?>? headers, ref CloudEventReader attributes)
    {
        if (headers is null)
            return;
        foreach (var (name, value) in headers)
        foreach (var prefix in Prefixes)
            if (name.StartsWith(prefix, StringComparison.Ordinal) && BytesOf(value) is { } bytes)
                attributes.Take(Encoding.UTF8.GetBytes(name[prefix.Length..]), bytes);
    }

    private static byte[]? BytesOf(object? value) =>
        value switch
        {
            byte[] bytes => bytes,
            string text => Encoding.UTF8.GetBytes(text),
            bool flag => flag ? "true"u8.ToArray() : "false"u8.ToArray(),
            AmqpTimestamp time => Encoding.UTF8.GetBytes(
                DateTimeOffset.FromUnixTimeSeconds(time.UnixTime).ToString("O", CultureInfo.InvariantCulture)
            ),
            IFormattable number => Encoding.UTF8.GetBytes(number.ToString(null, CultureInfo.InvariantCulture)),
            _ => null,
        };
}

/// <summary>A message that arrived.</summary>
/// <param name="Lane">The lane of the queue that it came by.</param>
/// <param name="Tag">What it is acknowledged by.</param>
/// <param name="Queue">That queue.</param>
/// <param name="IsDirect">Whether it was sent to the queue itself, not by the exchange.</param>
/// <param name="Properties">Its properties.</param>
/// <param name="Body">Its body, in memory of its own.</param>
internal sealed record RabbitDelivery(
    int Lane,
    ulong Tag,
    string Queue,
    bool IsDirect,
    IReadOnlyBasicProperties Properties,
    ReadOnlyMemory<byte> Body
);
