using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Statecast.Publishing;

namespace Statecast.Events;

/// <summary>
/// What begins or ends a range of a run (protocol section 7): the body of an event whose operation is <see cref="StateOperation.RangeBegin"/> or
/// <see cref="StateOperation.RangeEnd"/>. Both of a range say the same.
/// </summary>
/// <param name="Run">The run.</param>
/// <param name="Range">The range.</param>
/// <param name="Cut">The live lane's counter in the source's database before the range was read: every change up to this number is in what was read.</param>
public sealed record RangeMark(Guid Run, BucketRange Range, long Cut)
{
    /// <summary>The most bytes that a mark may have.</summary>
    public const int MaxBytes = 1_024;

    /// <summary>A text for the event's key: no key of a contract has a space.</summary>
    public string KeyOf(StateOperation operation) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(operation == StateOperation.RangeBegin ? "begin" : "end")} {Range.First}-{Range.Last} of {Run:N}"
        );

    /// <summary>Writes a mark as JSON.</summary>
    public byte[] Write() =>
        JsonSerializer.SerializeToUtf8Bytes(new RangeMarkJson(Run, Range.First, Range.Last, Cut), RangeMarkContext.Default.RangeMarkJson);

    /// <summary>Reads a mark.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static RangeMark Read(ReadOnlySpan<byte> json)
    {
        if (json.Length > MaxBytes)
            throw new FormatException($"it is no range mark: it has {json.Length} bytes, and a mark at most {MaxBytes}.");
        try
        {
            var mark =
                JsonSerializer.Deserialize(json, RangeMarkContext.Default.RangeMarkJson)
                ?? throw new FormatException("it is no range mark: it is null.");
            if (mark.Cut < 0)
                throw new FormatException($"it is no range mark: its cut is {mark.Cut}, and a cut is not negative.");
            return new(mark.Run, new(mark.First, mark.Last), mark.Cut);
        }
        catch (Exception e) when (e is JsonException or ArgumentOutOfRangeException)
        {
            throw new FormatException($"it is no range mark: {e.Message}", e);
        }
    }
}

/// <summary>A mark as it travels. Unknown members are ignored.</summary>
internal sealed record RangeMarkJson(Guid Run, int First, int Last, long Cut);

/// <summary>How marks are read and written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RangeMarkJson))]
internal sealed partial class RangeMarkContext : JsonSerializerContext;
