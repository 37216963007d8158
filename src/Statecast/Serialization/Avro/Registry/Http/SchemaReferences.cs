using System.Text.Json;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Serialization.Avro.Registry.Http;

/// <summary>
/// Schemas may name types that stand in other subjects. They are brought together in one union, whose branches know each other's names; the last is the schema
/// itself, written out.
/// </summary>
/// <param name="get">Asks the registry.</param>
/// <param name="most">The most references in all.</param>
internal sealed class SchemaReferences(Func<string, CancellationToken, ValueTask<RegistryAnswer>> get, int most)
{
    private readonly HashSet<(string Subject, int Version)> _seen = [];
    private readonly List<string> _texts = [];

    /// <summary>What an answer refers to.</summary>
    public static IReadOnlyList<(string Subject, int Version)> Of(JsonElement json) =>
        json.TryGetProperty("references", out var references) && references.ValueKind == JsonValueKind.Array
            ?
            [
                .. references
                    .EnumerateArray()
                    .Select(r => (r.GetProperty("subject").GetString() ?? "", r.GetProperty("version").GetInt32())),
            ]
            : [];

    public async ValueTask<string> InlineAsync(string schema, IReadOnlyList<(string, int)> references, CancellationToken ct)
    {
        await CollectAsync(references, 0, ct).ConfigureAwait(false);
        // Read before it is joined: a text that is no one value by itself must not become one here.
        _texts.Add(schema);
        var union = $"[{string.Join(',', _texts.Select(t => SchemaJsonReader.Read(t, AvroSchemaLimits.Default).ToString()))}]";
        return ((AvroUnion)AvroSchema.Parse(union)).Branches[^1].ToJson();
    }

    // What a reference refers to stands before it.
    private async ValueTask CollectAsync(IReadOnlyList<(string Subject, int Version)> references, int depth, CancellationToken ct)
    {
        foreach (var reference in references)
        {
            if (!_seen.Add(reference))
                continue;
            if (_seen.Count > most || depth > most)
                throw new SchemaRegistryException(SchemaRegistryFault.Unusable, $"A schema has more than {most} references.");
            var answer = await get($"subjects/{HttpSchemaRegistry.Escape(reference.Subject)}/versions/{reference.Version}", ct)
                .ConfigureAwait(false);
            if (!answer.IsOk)
                throw new SchemaRegistryException(
                    SchemaRegistryFault.Unusable,
                    $"A schema refers to version {reference.Version} of '{reference.Subject}', which the registry does not have."
                );
            var (text, further) = answer.Read(json => (json.GetProperty("schema").GetString() ?? "", Of(json)));
            await CollectAsync(further, depth + 1, ct).ConfigureAwait(false);
            _texts.Add(text);
        }
    }
}
