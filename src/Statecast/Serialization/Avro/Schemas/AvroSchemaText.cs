using System;
using System.Collections.Generic;
using System.Text;

namespace Statecast.Serialization.Avro.Schemas;

/// <summary>A schema as minified JSON: what its printed form and its canonical form have in common. A named type stands once in full, afterwards by its name.</summary>
internal abstract class AvroSchemaText
{
    private readonly HashSet<string> _declared = new(StringComparer.Ordinal);

    protected StringBuilder Json { get; } = new();

    protected abstract void WriteNamed(AvroNamedSchema named);

    protected virtual void WritePrimitive(AvroSchema schema) => Text(NameOf(schema.Type));

    protected void Write(AvroSchema schema)
    {
        switch (schema)
        {
            case AvroNamedSchema named when !_declared.Add(named.Name.Full):
                Text(named.Name.Full);
                break;
            case AvroNamedSchema named:
                WriteNamed(named);
                break;
            case AvroArray array:
                Json.Append("{\"type\":\"array\",\"items\":");
                Write(array.Items);
                Json.Append('}');
                break;
            case AvroMap map:
                Json.Append("{\"type\":\"map\",\"values\":");
                Write(map.Values);
                Json.Append('}');
                break;
            case AvroUnion union:
                Items(union.Branches, Write);
                break;
            default:
                WritePrimitive(schema);
                break;
        }
    }

    /// <summary>A JSON array.</summary>
    protected void Items<T>(IReadOnlyList<T> items, Action<T> write)
    {
        Json.Append('[');
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
                Json.Append(',');
            write(items[i]);
        }
        Json.Append(']');
    }

    protected void Text(string text) => SchemaJson.WriteText(Json, text);

    protected static string NameOf(AvroType type) => type.ToString().ToLowerInvariant();
}
