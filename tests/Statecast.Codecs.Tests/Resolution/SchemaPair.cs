using System.Text;
using System.Text.Json.Nodes;
using Statecast.Codecs.Tests.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Resolving;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Codecs.Tests.Resolution;

/// <summary>A writer's schema, the contract that reads it, and what became of bodies that cover the schema.</summary>
/// <param name="Writer">The writer's schema.</param>
/// <param name="Reader">The reader's.</param>
/// <param name="IsCompatible">What the resolution says: every value reads.</param>
/// <param name="Mismatches">Why not.</param>
/// <param name="Bodies">Bodies by the writer's schema.</param>
/// <param name="Read">For each body what it reads as, written in the reader's schema; null if it is refused.</param>
/// <param name="Refusals">For each body that is refused, why; null if it is read.</param>
internal sealed record SchemaPair(
    string Writer,
    string Reader,
    bool IsCompatible,
    string Mismatches,
    IReadOnlyList<byte[]> Bodies,
    IReadOnlyList<byte[]?> Read,
    IReadOnlyList<Refusal?> Refusals
)
{
    public static SchemaPair Of(string writer, CompiledContract reader)
    {
        var schemas = new AvroSchemaSet();
        var fingerprint = schemas.Add(writer);
        var codec = new AvroStateCodec(schemas);
        var written = AvroSchema.Parse(writer);
        var resolution = AvroResolution.Of(written, AvroSchema.Parse(reader.Contract.AvroSchema));
        var bodies = CoveringBodies.Of(written);
        var unmeant = schemas.Add(WithoutMeaning(writer));
        var read = bodies.Select(b => Reading(codec, fingerprint, reader, b)).ToList();
        return new(
            writer,
            reader.Contract.AvroSchema,
            resolution.ReadsAll,
            string.Join("; ", resolution.Mismatches),
            bodies,
            [.. read.Select(r => r.State)],
            [
                .. read.Zip(
                    bodies,
                    (r, b) => r.Refusal is null ? null : Because(resolution, r.Refusal, Reading(codec, unmeant, reader, b).State)
                ),
            ]
        );
    }

    public override string ToString() =>
        new StringBuilder()
            .AppendLine($"writer {Writer}")
            .AppendLine($"reader {Reader}")
            .AppendLine($"mismatches: {Mismatches}")
            .AppendLine(
                string.Join(
                    ' ',
                    Bodies.Select(
                        (b, i) => $"{Convert.ToHexStringLower(b)} → {(Read[i] is { } r ? Convert.ToHexStringLower(r) : "refused")}"
                    )
                )
            )
            .ToString();

    private static (byte[]? State, string? Refusal) Reading(AvroStateCodec codec, Fingerprint schema, CompiledContract reader, byte[] body)
    {
        try
        {
            return (reader.ToAvro(reader.FromAvro(codec, schema, body)), null);
        }
        catch (StateFormatException refused)
        {
            return (null, refused.Reason);
        }
    }

    // Where the same bytes are read as soon as the writer says nothing of their meaning, it is the meaning alone that is in the way. Else what the refusal names
    // of all that is; a symbol is refused in words of its own when it comes.
    private static Refusal Because(AvroResolution resolution, string refusal, byte[]? unmeant)
    {
        var met = resolution
            .Mismatches.Where(m =>
                refusal.Contains(m.Reason, StringComparison.Ordinal)
                || (
                    m.Rule == AvroMismatchRule.EnumSymbol
                    && refusal.Contains("is no symbol that the reader knows", StringComparison.Ordinal)
                )
            )
            .Select(m => m.Rule.ToString())
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ToList();
        if (unmeant is null)
            return new(met.Count > 0 ? string.Join(" and ", met) : $"no rule: {refusal}", null);
        var isDecimal = resolution.Mismatches.Any(m => m.Reason.Contains("decimal", StringComparison.Ordinal));
        return new(isDecimal ? KnownFaults.Digits : "another logical type", unmeant);
    }

    private static string WithoutMeaning(string schema)
    {
        var root = JsonNode.Parse(schema)!;
        Strip(root);
        return root.ToJsonString();
    }

    private static void Strip(JsonNode? node)
    {
        if (node is JsonObject o)
        {
            foreach (var said in (string[])["logicalType", "precision", "scale"])
                o.Remove(said);
            foreach (var (_, inner) in o)
                Strip(inner);
        }
        if (node is JsonArray a)
            foreach (var inner in a)
                Strip(inner);
    }
}

/// <summary>Why a body is refused.</summary>
/// <param name="Rule">By which rule.</param>
/// <param name="Unmeant">What it would be if the writer's logical types were not looked at; null if it would be refused all the same.</param>
internal sealed record Refusal(string Rule, byte[]? Unmeant);
