using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis.Text;
using Statecast.Contracts.Locks;
using Statecast.Serialization.Avro.Schemas;
using Statecast.Serialization.Json.Schema;

namespace Statecast.Generators.Locks;

/// <summary>A lock's text, read once as long as it stays the same: in an editor it outlives many compilations.</summary>
internal sealed class LockText
{
    private static readonly ConditionalWeakTable<SourceText, LockText> Read = new();

    private LockText(string? minified, string? defect, int offset)
    {
        Minified = minified;
        Defect = defect;
        Offset = offset;
    }

    /// <summary>The schema without blanks; null if it is none.</summary>
    public string? Minified { get; }

    /// <summary>Why it is none.</summary>
    public string? Defect { get; }

    /// <summary>Where in the text that shows.</summary>
    public int Offset { get; }

    public static LockText Of(SourceText text, bool isAvro)
    {
        if (Read.TryGetValue(text, out var known))
            return known;
        return Read.GetValue(text, t => Make(t.ToString(), isAvro));
    }

    private static LockText Make(string text, bool isAvro)
    {
        try
        {
            if (isAvro)
                AvroSchema.Parse(text);
            else
                JsonStateSchema.Parse(text);
            return new(LockFile.Minify(text), null, 0);
        }
        catch (AvroSchemaException defect)
        {
            return new(null, defect.Reason, defect.Offset);
        }
        catch (JsonStateSchemaException defect)
        {
            return new(null, defect.Message, defect.Offset);
        }
    }
}
