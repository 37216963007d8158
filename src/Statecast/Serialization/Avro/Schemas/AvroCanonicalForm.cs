using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Statecast.Serialization.Avro.Schemas;

/// <summary>
/// The Parsing Canonical Form (Avro 1.12): primitives by name, full names, only the attributes that matter to a parser, in a fixed order, without blanks.
/// Schemas that read the same data the same way have the same form.
/// </summary>
internal sealed class AvroCanonicalForm
{
    private readonly StringBuilder _json = new();
    private readonly HashSet<string> _declared = new(System.StringComparer.Ordinal);

    private AvroCanonicalForm() { }

    public static string Of(AvroSchema schema)
    {
        var form = new AvroCanonicalForm();
        form.Write(schema);
        return form._json.ToString();
    }

    private void Write(AvroSchema schema)
    {
        switch (schema)
        {
            case AvroNamedSchema named when !_declared.Add(named.Name.Full):
                Quoted(named.Name.Full);
                break;
            case AvroRecord record:
                Begin(record);
                _json.Append(",\"fields\":[");
                for (var i = 0; i < record.Fields.Count; i++)
                {
                    _json.Append(i == 0 ? "{\"name\":" : ",{\"name\":");
                    Quoted(record.Fields[i].Name);
                    _json.Append(",\"type\":");
                    Write(record.Fields[i].Schema);
                    _json.Append('}');
                }
                _json.Append("]}");
                break;
            case AvroEnum symbols:
                Begin(symbols);
                _json.Append(",\"symbols\":[");
                for (var i = 0; i < symbols.Symbols.Count; i++)
                {
                    if (i > 0)
                        _json.Append(',');
                    Quoted(symbols.Symbols[i]);
                }
                _json.Append("]}");
                break;
            case AvroFixed bytes:
                Begin(bytes);
                _json.Append(",\"size\":").Append(bytes.Size.ToString(CultureInfo.InvariantCulture)).Append('}');
                break;
            case AvroArray array:
                _json.Append("{\"type\":\"array\",\"items\":");
                Write(array.Items);
                _json.Append('}');
                break;
            case AvroMap map:
                _json.Append("{\"type\":\"map\",\"values\":");
                Write(map.Values);
                _json.Append('}');
                break;
            case AvroUnion union:
                _json.Append('[');
                for (var i = 0; i < union.Branches.Count; i++)
                {
                    if (i > 0)
                        _json.Append(',');
                    Write(union.Branches[i]);
                }
                _json.Append(']');
                break;
            default:
                Quoted(AvroSchemaPrinter.Name(schema.Type));
                break;
        }
    }

    private void Begin(AvroNamedSchema named)
    {
        _json.Append("{\"name\":");
        Quoted(named.Name.Full);
        _json.Append(",\"type\":");
        Quoted(AvroSchemaPrinter.Name(named.Type));
    }

    // Names have no character that JSON would escape.
    private void Quoted(string name) => _json.Append('"').Append(name).Append('"');
}
