using System.Text;
using Statecast.Codecs.Tests.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Compatibility;
using Statecast.Serialization.Json.Schema;

namespace Statecast.Codecs.Tests.Resolution;

/// <summary>A writer's JSON Schema, the contract that reads what was written by it, and what became of bodies that cover the schema.</summary>
/// <param name="Writer">The writer's schema.</param>
/// <param name="Reader">The reader's.</param>
/// <param name="Report">What the checker says.</param>
/// <param name="Bodies">Bodies by the writer's schema.</param>
/// <param name="Refusals">For each body why the contract's generated reader refuses it; null if it reads.</param>
internal sealed record JsonPair(
    string Writer,
    string Reader,
    CompatibilityReport Report,
    IReadOnlyList<byte[]> Bodies,
    IReadOnlyList<string?> Refusals
)
{
    public static JsonPair Of(string writer, CompiledContract reader)
    {
        var schema = reader.Contract.JsonSchema;
        var report = SchemaCompatibility.Check(CompatibilityMode.Backward, JsonStateSchema.Parse(schema), [JsonStateSchema.Parse(writer)]);
        var bodies = JsonCoveringBodies.Of(writer);
        return new(writer, schema, report, bodies, [.. bodies.Select(b => Refusal(reader, b))]);
    }

    public override string ToString() =>
        new StringBuilder()
            .AppendLine($"writer {Writer}")
            .AppendLine($"reader {Reader}")
            .AppendLine($"says {Report}")
            .AppendJoin('\n', Bodies.Select((b, i) => $"{Encoding.UTF8.GetString(b)} → {Refusals[i] ?? "read"}"))
            .ToString();

    private static string? Refusal(CompiledContract reader, byte[] body)
    {
        try
        {
            reader.FromJson(body);
            return null;
        }
        catch (StateFormatException refused)
        {
            return refused.Message;
        }
    }
}
