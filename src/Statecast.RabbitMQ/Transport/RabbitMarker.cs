using System.Text.Json;
using System.Text.Json.Serialization;
using Statecast.Events;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>A source's word on what it is about to send, confirmed before it is sent: what the broker remembers of a source (protocol section 6).</summary>
/// <param name="Source">Whose destination it is.</param>
/// <param name="Lanes">How many lanes it has.</param>
/// <param name="Marks">The highest numbers.</param>
internal sealed record RabbitMarker(string Source, int Lanes, IReadOnlyList<SentMark> Marks)
{
    /// <summary>The marker as JSON (<c>docs/wire.md</c>).</summary>
    public byte[] Write() =>
        JsonSerializer.SerializeToUtf8Bytes(
            new Text(
                Source,
                Lanes,
                [.. Marks.Select(m => new Mark(m.Lane.Number, m.Epoch, m.LeaseId, m.Number) { Destination = m.Lane.Destination })]
            ),
            RabbitJson.Default.Text
        );

    /// <summary>Reads a marker.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static RabbitMarker Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var text = JsonSerializer.Deserialize(json, RabbitJson.Default.Text) ?? throw new FormatException("it is null.");
            // An item may be null, whatever its type says: the platform looks at members alone.
            if (text.Marks.Any(m => m is null || m.Lane < 0))
                throw new FormatException("it is no marker: a mark is missing, or its lane is negative.");
            return new(
                text.Source,
                text.Lanes,
                [.. text.Marks.Select(m => new SentMark(new(m.Destination, m.Lane), m.Epoch, m.Lease, m.Number))]
            );
        }
        catch (JsonException e)
        {
            throw new FormatException($"it is no marker: {e.Message}", e);
        }
    }

    internal sealed record Text(string Source, int Lanes, IReadOnlyList<Mark> Marks);

    internal sealed record Mark(int Lane, long Epoch, Guid Lease, long Number)
    {
        public required string Destination { get; init; }
    }
}

/// <summary>Which queues a target has, said to the source: before it changes its lanes it looks whether they ran empty.</summary>
/// <param name="Target">The target's service name.</param>
/// <param name="Queues">Its queues.</param>
internal sealed record RabbitTargetWord(string Target, IReadOnlyList<string> Queues);

/// <summary>How many lanes a destination has, said by its source.</summary>
/// <param name="Source">The source's service name.</param>
/// <param name="Lanes">The count.</param>
internal sealed record RabbitLanesWord(string Source, int Lanes)
{
    /// <summary>Whether targets are to say which queues they have.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Queues { get; init; }
}

/// <summary>How the carrier's own messages are read and written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(RabbitMarker.Text))]
[JsonSerializable(typeof(RabbitTargetWord))]
[JsonSerializable(typeof(RabbitLanesWord))]
internal sealed partial class RabbitJson : JsonSerializerContext;
