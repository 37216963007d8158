using System.Text;
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
internal sealed record SchemaPair(
    string Writer,
    string Reader,
    bool IsCompatible,
    string Mismatches,
    IReadOnlyList<byte[]> Bodies,
    IReadOnlyList<byte[]?> Read
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
        return new(
            writer,
            reader.Contract.AvroSchema,
            resolution.ReadsAll,
            string.Join("; ", resolution.Mismatches),
            bodies,
            [.. bodies.Select(b => Reading(codec, fingerprint, reader, b))]
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

    private static byte[]? Reading(AvroStateCodec codec, Fingerprint schema, CompiledContract reader, byte[] body)
    {
        try
        {
            return reader.ToAvro(reader.FromAvro(codec, schema, body));
        }
        catch (StateFormatException)
        {
            return null;
        }
    }
}
