using System.Globalization;
using Statecast.Serialization.Avro.Schemas;
using Statecast.Serialization.Compatibility;

namespace Statecast.Serialization.Avro.Registry.Files;

/// <summary>
/// A registry in a directory, for work without a server: <c>&lt;subject&gt;/&lt;version&gt;.avsc</c>, to be kept in version control like any source. An id follows from the
/// schema alone (31 bits of SHA-256 over its minified form), so whoever registers in whatever order gets the same.
/// </summary>
/// <param name="directory">The directory; made when something is registered.</param>
/// <param name="compatibility">What a new schema must be to those before it; null for anything.</param>
public sealed class FileSchemaRegistry(string directory, CompatibilityMode? compatibility = CompatibilityMode.BackwardTransitive)
    : ISchemaRegistry
{
    private const string Suffix = ".avsc";

    private readonly string _directory = Path.GetFullPath(directory);

    /// <inheritdoc/>
    public string Name => $"in {_directory}";

    /// <inheritdoc/>
    public ValueTask<RegisteredSchema?> FindAsync(SchemaId id, CancellationToken ct)
    {
        RegisteredSchema? found = null;
        foreach (var schema in Subjects().SelectMany(History))
        {
            if (id.IsGuid ? GuidOf(schema) != id.Guid : schema.Id != id)
                continue;
            if (found is not null && found.Normal != schema.Normal)
                throw Twice(schema);
            found ??= schema.As(id);
        }
        return new(found);
    }

    /// <inheritdoc/>
    public ValueTask<RegisteredSchema?> FindAsync(string subject, string schema, CancellationToken ct)
    {
        var normal = AvroSchema.Parse(schema).ToJson();
        return new(History(subject).Find(s => s.Normal == normal));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RegisteredSchema>> HistoryAsync(string subject, CancellationToken ct) => new(History(subject));

    /// <inheritdoc/>
    public ValueTask<string?> FindObjectionAsync(string subject, string schema, CancellationToken ct) =>
        new(Objection(History(subject), AvroSchema.Parse(schema)));

    /// <inheritdoc/>
    public async ValueTask<RegisteredSchema> RegisterAsync(string subject, string schema, CancellationToken ct)
    {
        var made = Of(schema);
        while (true)
        {
            var history = History(subject);
            if (history.Find(s => s.Normal == made.Normal) is { } known)
                return known;
            if (Objection(history, made.Schema) is { } objection)
                throw new SchemaRegistryException(
                    SchemaRegistryFault.Incompatible,
                    $"The registry {Name} does not take the schema under '{subject}', because of an earlier one: {objection}"
                );
            if (await FindAsync(made.Id, ct).ConfigureAwait(false) is { } other && other.Normal != made.Normal)
                throw Twice(made);
            var file = FileOf(subject, Versions(subject).DefaultIfEmpty().Max() + 1);
            try
            {
                AtomicFile.Write(file, schema, overwrite: false);
                return made;
            }
            catch (IOException) when (File.Exists(file))
            {
                // Another process registered meanwhile: what it registered counts.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new SchemaRegistryException(
                    SchemaRegistryFault.Unavailable,
                    $"'{file}' cannot be written: {e.Message} Give the service the right to write there, or register the schema from elsewhere.",
                    e
                );
            }
        }
    }

    private string? Objection(List<RegisteredSchema> history, AvroSchema schema)
    {
        if (compatibility is not { } mode)
            return null;
        var report = SchemaCompatibility.Check(mode, schema, [.. history.Select(h => h.Schema)]);
        return report.IsCompatible ? null : report.ToString();
    }

    private IEnumerable<string> Subjects() =>
        Directory.Exists(_directory)
            ? Directory
                .EnumerateDirectories(_directory)
                .Select(d => Uri.UnescapeDataString(Path.GetFileName(d)))
                .Order(StringComparer.Ordinal)
            : [];

    private List<RegisteredSchema> History(string subject) => [.. Versions(subject).Order().Select(v => Read(FileOf(subject, v)))];

    private IEnumerable<int> Versions(string subject)
    {
        var folder = FolderOf(subject);
        return Directory.Exists(folder)
            ? Directory
                .EnumerateFiles(folder, $"*{Suffix}")
                .Select(f =>
                    int.TryParse(Path.GetFileNameWithoutExtension(f), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
                        ? version
                        : 0
                )
                .Where(v => v > 0)
            : [];
    }

    private static RegisteredSchema Read(string file)
    {
        try
        {
            return Of(File.ReadAllText(file));
        }
        catch (AvroSchemaException e)
        {
            throw new SchemaRegistryException(
                SchemaRegistryFault.Unusable,
                $"'{file}' of the schema registry cannot be used: {e.Message}",
                e
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SchemaRegistryException(
                SchemaRegistryFault.Unavailable,
                $"'{file}' of the schema registry cannot be read: {e.Message}",
                e
            );
        }
    }

    private static RegisteredSchema Of(string text)
    {
        var schema = RegisteredSchema.Of(SchemaId.Of(int.MaxValue), text);
        var number = (int)(NormalHash(schema).Value >> 97);
        return schema.As(SchemaId.Of(Math.Max(number, 1)));
    }

    private static Guid GuidOf(RegisteredSchema schema) => new(NormalHash(schema).ToArray(), bigEndian: true);

    private static Fingerprint NormalHash(RegisteredSchema schema) => Fingerprint.Of(System.Text.Encoding.UTF8.GetBytes(schema.Normal));

    private SchemaRegistryException Twice(RegisteredSchema schema) =>
        new(
            SchemaRegistryFault.Unusable,
            $"Two schemas of the registry {Name} have {schema.Id}, which happens once in a thousand million pairs: change the newer one, for example by an alias."
        );

    private string FolderOf(string subject) => Path.Combine(_directory, Uri.EscapeDataString(subject));

    private string FileOf(string subject, int version) => Path.Combine(FolderOf(subject), $"{version}{Suffix}");
}
