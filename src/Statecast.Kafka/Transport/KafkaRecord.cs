using System.Text;
using Statecast.Events;
using Statecast.Serialization.Avro.Registry;
using Statecast.Transport;

namespace Statecast.Kafka.Transport;

/// <summary>Records as events: CloudEvents in binary mode, the key's text form as record key, no value for a delete (<c>docs/wire.md</c>).</summary>
internal static class KafkaRecord
{
    // What is written, then what is read besides.
    private static readonly (string Codec, string ContentType)[] Codecs =
    [
        ("json", "application/json"),
        ("avro", "application/avro"),
        ("avro", "avro/binary"),
    ];

    /// <summary>The media type that is written for a codec.</summary>
    public static string ContentTypeOf(string codec)
    {
        foreach (var known in Codecs)
            if (known.Codec == codec)
                return known.ContentType;
        throw new NotSupportedException($"The Kafka carrier does not know the codec '{codec}'.");
    }

    /// <summary>Whether a record's value is framed Avro: it says so, or says nothing and begins as such.</summary>
    public static bool IsAvro(in KafkaEnvelope envelope, ReadOnlySpan<byte> value) =>
        envelope.Attributes.ContentType is { IsEmpty: false } contentType
            ? FindCodec(contentType) == "avro"
            : value is [0, _, _, _, _, ..] || !envelope.Schema.IsEmpty;

    /// <summary>The event of a record; one that cannot be an event comes with its defect.</summary>
    /// <param name="message">The record.</param>
    /// <param name="envelope">Its headers.</param>
    /// <param name="value">Its value; null if it has none.</param>
    /// <param name="lane">Its lane.</param>
    /// <param name="contract">The contract's name.</param>
    /// <param name="framed">The parts of its value, if it is framed.</param>
    public static ReceivedEvent Read(
        KafkaMessage message,
        in KafkaEnvelope envelope,
        byte[]? value,
        LaneId lane,
        string contract,
        FramedBody? framed
    )
    {
        try
        {
            var codec = framed is null ? CodecOf(envelope.Attributes.ContentType) : "avro";
            var e = envelope.Attributes.Read(lane, contract, codec, framed?.Body ?? value);
            if (FindDefect(e, message, envelope, lane) is { } defect)
                return Bad(message, value, lane, defect);
            return new(framed is { } parts && !e.IsDelete ? e with { Schema = parts.Schema } : e, message.Offset);
        }
        catch (FormatException error)
        {
            return Bad(message, value, lane, error.Message);
        }
    }

    /// <summary>The event as it is received by those that it is no business of.</summary>
    public static ReceivedEvent Refuse(KafkaMessage message, byte[]? value, string reason) =>
        new(null, message.Offset, message.KeyText, reason, value);

    /// <summary>A record that is no event.</summary>
    public static ReceivedEvent Bad(KafkaMessage message, byte[]? value, LaneId lane, string defect) =>
        Refuse(message, value, $"The record {message.Offset} of partition {lane.Number} of '{lane.Destination}' is no event: {defect}");

    private static string? FindDefect(StateEvent e, KafkaMessage message, in KafkaEnvelope envelope, LaneId lane)
    {
        if (e.Lane.Destination != lane.Destination)
            return $"its type is '{e.Lane.Destination}'.";
        // The topic is compacted by the record's key: under another one it would outlive, or remove, another key's states.
        if (!message.Key.SequenceEqual(envelope.Attributes.Subject))
            return $"its record key is '{message.KeyText}', its subject '{e.Key}'.";
        return !e.IsDelete && !message.HasValue ? "its state is missing." : null;
    }

    private static string CodecOf(ReadOnlySpan<byte> contentType) =>
        contentType.IsEmpty
            ? Codecs[0].Codec
            : FindCodec(contentType)
                ?? throw new FormatException(
                    $"its content-type is '{Encoding.UTF8.GetString(contentType)}'; {string.Join(", ", Codecs.Select(c => c.ContentType))} are read."
                );

    // A parameter after the media type (a charset) changes nothing for us.
    private static string? FindCodec(ReadOnlySpan<byte> contentType)
    {
        foreach (var (codec, known) in Codecs)
            if (
                contentType.Length >= known.Length
                && Ascii.EqualsIgnoreCase(contentType[..known.Length], known)
                && (contentType.Length == known.Length || contentType[known.Length] == (byte)';')
            )
                return codec;
        return null;
    }
}
