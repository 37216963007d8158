using System.Globalization;
using Microsoft.Extensions.Logging;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Serialization.Avro.Registry;

/// <summary>
/// Schemas on disk, one folder a registry: <c>id-7.avsc</c>, <c>guid-….avsc</c>, and <c>sent/&lt;subject&gt;/&lt;fingerprint&gt;</c> with the id that a source's schema
/// has. What an id means never changes, so nothing here grows old. It only spares questions: where it fails, the registry is asked.
/// </summary>
/// <param name="directory">The folder; null keeps nothing.</param>
/// <param name="logger">Told of what cannot be read or written.</param>
internal sealed class SchemaCache(string? directory, ILogger logger)
{
    private const string Suffix = ".avsc";

    /// <summary>Everything that is kept, read once at start.</summary>
    public IEnumerable<RegisteredSchema> Load(int most)
    {
        if (directory is null || !Directory.Exists(directory))
            yield break;
        foreach (var file in Directory.EnumerateFiles(directory, $"*{Suffix}").Take(most))
            if (Read(file) is { } schema)
                yield return schema;
    }

    public void Keep(RegisteredSchema schema)
    {
        if (directory is not null)
            Write(Path.Combine(directory, NameOf(schema.Id)), schema.Text);
    }

    /// <summary>The id that a source's schema has under a subject; null if it is not kept.</summary>
    public int? FindSent(string subject, Fingerprint schema)
    {
        if (directory is null)
            return null;
        var file = SentFile(subject, schema);
        try
        {
            return
                File.Exists(file)
                && int.TryParse(File.ReadAllText(file), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && id > 0
                ? id
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            RegistryLog.CacheFailing(logger, e, file);
            return null;
        }
    }

    public void KeepSent(string subject, Fingerprint schema, int id)
    {
        if (directory is not null)
            Write(SentFile(subject, schema), id.ToString(CultureInfo.InvariantCulture));
    }

    private RegisteredSchema? Read(string file)
    {
        try
        {
            return IdOf(Path.GetFileNameWithoutExtension(file)) is { } id ? RegisteredSchema.Of(id, File.ReadAllText(file)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or AvroSchemaException)
        {
            RegistryLog.CacheFailing(logger, e, file);
            return null;
        }
    }

    // Whole or not at all: several processes read while one writes.
    private void Write(string file, string content)
    {
        try
        {
            AtomicFile.Write(file, content, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            RegistryLog.CacheFailing(logger, e, file);
        }
    }

    private string SentFile(string subject, Fingerprint schema) =>
        Path.Combine(directory!, "sent", Uri.EscapeDataString(subject), schema.ToString());

    private static string NameOf(SchemaId id) => id.IsGuid ? $"guid-{id.Guid:N}{Suffix}" : $"id-{id.Number}{Suffix}";

    private static SchemaId? IdOf(string name) =>
        name.StartsWith("id-", StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number > 0
            ? SchemaId.Of(number)
        : name.StartsWith("guid-", StringComparison.Ordinal) && Guid.TryParseExact(name.AsSpan(5), "N", out var guid) ? SchemaId.Of(guid)
        : null;
}
