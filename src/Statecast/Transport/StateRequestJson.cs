using System.Text.Json;
using System.Text.Json.Serialization;
using Statecast.Contracts;

namespace Statecast.Transport;

/// <summary>Requests as JSON, for carriers that carry bytes (<c>docs/wire.md</c>). Unknown members are ignored.</summary>
public static class StateRequestJson
{
    /// <summary>The most bytes of a request.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>The most keys of a request, and the most ranges.</summary>
    public const int MaxParts = KeyText.Buckets;

    private const int MaxText = 1_024;

    /// <summary>Writes a request.</summary>
    /// <exception cref="ArgumentException">It asks for more than a request may.</exception>
    public static byte[] Write(StateRequest request)
    {
        if (request.Keys.Count > MaxParts || request.Ranges.Count > MaxParts)
            throw new ArgumentException(
                $"A request asks for at most {MaxParts} keys and {MaxParts} ranges; this one for {request.Keys.Count} and {request.Ranges.Count}. Ask in parts.",
                nameof(request)
            );
        return JsonSerializer.SerializeToUtf8Bytes(
            new Question(
                request.Destination,
                request.Keys,
                request.Target,
                request.ReplyTo,
                request.Lane,
                request.Run,
                [.. request.Ranges.Select(r => new Part(r.First, r.Last))],
                request.Reason
            ),
            QuestionContext.Default.Question
        );
    }

    /// <summary>Reads a request.</summary>
    /// <exception cref="FormatException">It is none, or asks for more than a request may.</exception>
    public static StateRequest Read(ReadOnlySpan<byte> json)
    {
        if (json.Length > MaxBytes)
            throw new FormatException($"it is no request: it has {json.Length} bytes, and a request at most {MaxBytes}.");
        try
        {
            var question =
                JsonSerializer.Deserialize(json, QuestionContext.Default.Question)
                ?? throw new FormatException("it is no request: it is null.");
            return Checked(question);
        }
        catch (Exception e) when (e is JsonException or ArgumentOutOfRangeException)
        {
            throw new FormatException($"it is no request: {e.Message}", e);
        }
    }

    private static StateRequest Checked(Question question)
    {
        var (keys, ranges) = (question.Keys ?? [], question.Ranges ?? []);
        if (keys.Count > MaxParts || ranges.Count > MaxParts)
            throw new FormatException($"it asks for {keys.Count} keys and {ranges.Count} ranges; at most {MaxParts} of each are answered.");
        if (question.Destination is not { Length: > 0 and <= MaxText })
            throw new FormatException("it is no request: its destination is missing or too long.");
        if (question.ReplyTo?.Length > MaxText || question.Target?.Length > MaxText || question.Reason?.Length > MaxText)
            throw new FormatException($"it is no request: target, replyTo and reason have at most {MaxText} characters.");
        if (keys.Any(k => k is not { Length: > 0 and <= KeyText.MaxBytes }))
            throw new FormatException($"it is no request: a key has 1 to {KeyText.MaxBytes} characters.");
        if (ranges.Count > 0 && (string.IsNullOrEmpty(question.ReplyTo) || question.Run == default || question.Lane < 0))
            throw new FormatException("it is no request: ranges need a run, a lane and an address to reply to.");
        return new(question.Destination, keys)
        {
            Target = question.Target,
            ReplyTo = question.ReplyTo is { Length: > 0 } address ? address : null,
            Lane = question.Lane,
            Run = question.Run,
            Ranges = [.. ranges.Select(r => new Publishing.BucketRange(r.First, r.Last))],
            Reason = question.Reason,
        };
    }

    internal sealed record Question(
        string Destination,
        IReadOnlyList<string>? Keys = null,
        string? Target = null,
        string? ReplyTo = null,
        int Lane = 0,
        Guid Run = default,
        IReadOnlyList<Part>? Ranges = null,
        string? Reason = null
    );

    internal readonly record struct Part(int First, int Last);
}

/// <summary>How requests are read and written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectRequiredConstructorParameters = true
)]
[JsonSerializable(typeof(StateRequestJson.Question))]
internal sealed partial class QuestionContext : JsonSerializerContext;
