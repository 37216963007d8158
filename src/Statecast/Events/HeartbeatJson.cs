using System.Text.Json;
using System.Text.Json.Serialization;

namespace Statecast.Events;

/// <summary>Heartbeats as JSON, for carriers that carry bytes (<c>docs/wire.md</c>). Unknown members are ignored.</summary>
public static class HeartbeatJson
{
    // Readers reckon with multiples of it: far beyond any source's, and far below what a span of time holds.
    private static readonly TimeSpan MaxInterval = TimeSpan.FromDays(366);

    /// <summary>Writes a heartbeat.</summary>
    public static byte[] Write(Heartbeat heartbeat) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new Word(
                heartbeat.Source,
                heartbeat.Destination,
                heartbeat.Epoch,
                heartbeat.LeaseId,
                heartbeat.Clock,
                (long)heartbeat.Interval.TotalMilliseconds,
                heartbeat.FirstRepublishEnded,
                [
                    .. heartbeat.Ends.Select(e => new End(
                        e.Lane.Number,
                        e.Incarnation,
                        e.Position,
                        e.Number,
                        e.Floor.Epoch,
                        e.Floor.Number,
                        e.Line is null ? null : [.. e.Line.Select(l => new Numbers(l.LeaseId, l.First))]
                    )),
                ]
            ),
            WordContext.Default.Word
        );

    /// <summary>Reads a heartbeat.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static Heartbeat Read(ReadOnlySpan<byte> json)
    {
        Word word;
        try
        {
            word = JsonSerializer.Deserialize(json, WordContext.Default.Word) ?? throw new FormatException("it is null.");
        }
        catch (JsonException e)
        {
            throw new FormatException($"it is no heartbeat: {e.Message}", e);
        }
        if (word.IntervalMs <= 0 || word.IntervalMs > MaxInterval.TotalMilliseconds)
            throw new FormatException($"it is no heartbeat: its interval must be from 1 ms to {MaxInterval.TotalDays} days.");
        // An item may be null, whatever its type says: the platform looks at members alone.
        if (word.Epoch < 0 || word.Ends.Any(e => e is null || e.Lane < 0 || e.Number < 0 || e.FloorEpoch < 0 || e.FloorNumber < 0))
            throw new FormatException(
                "it is no heartbeat: its epoch, and its lanes with their numbers and floors, must be there and not negative."
            );
        return new()
        {
            Source = word.Source,
            Destination = word.Destination,
            Epoch = word.Epoch,
            LeaseId = word.Lease,
            Clock = word.Clock,
            Interval = TimeSpan.FromMilliseconds(word.IntervalMs),
            FirstRepublishEnded = word.FirstRepublishEnded,
            Ends =
            [
                .. word.Ends.Select(e => new LaneEnd(
                    new(word.Destination, e.Lane),
                    e.Incarnation,
                    e.Position,
                    e.Number,
                    new(e.FloorEpoch, e.FloorNumber)
                )
                {
                    Line = e.Line is null ? null : [.. e.Line.Select(l => new LeaseNumbers(l.Lease, l.First))],
                }),
            ],
        };
    }

    internal sealed record Word(
        string Source,
        string Destination,
        long Epoch,
        Guid Lease,
        DateTimeOffset Clock,
        long IntervalMs,
        bool FirstRepublishEnded,
        IReadOnlyList<End> Ends
    );

    internal sealed record End(
        int Lane,
        long Incarnation,
        long Position,
        long Number,
        long FloorEpoch,
        long FloorNumber,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<Numbers>? Line = null
    );

    internal readonly record struct Numbers(Guid Lease, long First);
}

/// <summary>How heartbeats are read and written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(HeartbeatJson.Word))]
internal sealed partial class WordContext : JsonSerializerContext;
