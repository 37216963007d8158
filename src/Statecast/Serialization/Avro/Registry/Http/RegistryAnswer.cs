using System.Net;
using System.Text;
using System.Text.Json;

namespace Statecast.Serialization.Avro.Registry.Http;

/// <summary>What a registry answered, within the bounds that it may have.</summary>
/// <param name="Asked">The request, for messages.</param>
/// <param name="Status">The status.</param>
/// <param name="Body">The body.</param>
internal sealed record RegistryAnswer(string Asked, HttpStatusCode Status, byte[] Body)
{
    private const int MaxShown = 300;

    // Confluent's codes: the status, then two digits. A path that is not there has the bare status, or no body at all.
    private const int SubjectMissing = 40401;
    private const int VersionMissing = 40402;
    private const int SchemaMissing = 40403;

    public bool IsOk => Status == HttpStatusCode.OK;

    /// <summary>Whether the registry says that it does not have what was asked for; else a 404 comes from something that is no registry.</summary>
    public bool IsMissing => Status == HttpStatusCode.NotFound && Error()?.Code is SubjectMissing or VersionMissing or SchemaMissing;

    /// <summary>The registry's own words on what went wrong, short and printable; empty if it has none.</summary>
    public string Words => Error()?.Message is { } message ? Printable(message) : "";

    /// <summary>Reads the body.</summary>
    /// <exception cref="SchemaRegistryException">It is no JSON, or without what belongs there.</exception>
    public T Read<T>(Func<JsonElement, T> read)
    {
        try
        {
            using var json = JsonDocument.Parse(Body);
            return read(json.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new SchemaRegistryException(
                SchemaRegistryFault.Protocol,
                $"{Asked} was answered with something else than a schema registry's JSON ({Body.Length} bytes): check that Urls names a registry with Confluent's API, with its full path.",
                e
            );
        }
    }

    private (int Code, string? Message)? Error()
    {
        try
        {
            using var json = JsonDocument.Parse(Body);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("error_code", out var code)
                ? (
                    code.TryGetInt32(out var number) ? number : 0,
                    json.RootElement.TryGetProperty("message", out var message) && message.ValueKind == JsonValueKind.String
                        ? message.GetString()
                        : null
                )
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string Printable(string text)
    {
        var shown = new StringBuilder();
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, MaxShown)))
            shown.Append(char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c);
        return text.Length > MaxShown ? $"{shown}…" : shown.ToString();
    }
}
