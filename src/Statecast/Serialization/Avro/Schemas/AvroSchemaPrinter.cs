using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Statecast.Serialization.Avro.Schemas;

/// <summary>A schema as minified JSON. Parsed again it is the same schema.</summary>
internal sealed class AvroSchemaPrinter
{
    private readonly StringBuilder _json = new();
    private readonly HashSet<string> _declared = new(System.StringComparer.Ordinal);

    private AvroSchemaPrinter() { }

    public static string Print(AvroSchema schema)
    {
        var printer = new AvroSchemaPrinter();
        printer.Write(schema);
        return printer._json.ToString();
    }

    private void Write(AvroSchema schema)
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
            case { Logical: null }:
                Text(Name(schema.Type));
                break;
            default:
                _json.Append("{\"type\":");
                Text(Name(schema.Type));
                WriteLogical(schema.Logical!);
                _json.Append('}');
                break;
        }
    }

    private void WriteNamed(AvroNamedSchema named)
    {
        _json.Append("{\"type\":");
        Text(Name(named.Type));
        _json.Append(",\"name\":");
        Text(named.Name.Simple);
        // Also where it is empty: what is declared inside another namespace would inherit that.
        _json.Append(",\"namespace\":");
        Text(named.Name.Namespace);
        Names(
            "aliases",
            named.Aliases,
            alias => alias.Namespace.Length == 0 && named.Name.Namespace.Length > 0 ? "." + alias.Simple : alias.Full
        );
        switch (named)
        {
            case AvroRecord record:
                WriteFields(record);
                break;
            case AvroEnum symbols:
                _json.Append(",\"symbols\":[");
                for (var i = 0; i < symbols.Symbols.Count; i++)
                {
                    if (i > 0)
                        _json.Append(',');
                    Text(symbols.Symbols[i]);
                }
                _json.Append(']');
                if (symbols.Default is { } value)
                {
                    _json.Append(",\"default\":");
                    Text(value);
                }
                break;
            case AvroFixed bytes:
                _json.Append(",\"size\":").Append(bytes.Size.ToString(CultureInfo.InvariantCulture));
                break;
        }
        if (named.Logical is { } logical)
            WriteLogical(logical);
        _json.Append('}');
    }

    private void WriteFields(AvroRecord record)
    {
        _json.Append(",\"fields\":[");
        for (var i = 0; i < record.Fields.Count; i++)
        {
            var field = record.Fields[i];
            _json.Append(i == 0 ? "{\"name\":" : ",{\"name\":");
            Text(field.Name);
            _json.Append(",\"type\":");
            Write(field.Schema);
            if (field.Default is { } value)
            {
                _json.Append(",\"default\":");
                value.Write(_json);
            }
            Names("aliases", field.Aliases, alias => alias);
            _json.Append('}');
        }
        _json.Append(']');
    }

    private void Names<T>(string attribute, IReadOnlyList<T> names, System.Func<T, string> write)
    {
        if (names.Count == 0)
            return;
        _json.Append(",\"").Append(attribute).Append("\":[");
        for (var i = 0; i < names.Count; i++)
        {
            if (i > 0)
                _json.Append(',');
            Text(write(names[i]));
        }
        _json.Append(']');
    }

    private void WriteLogical(AvroLogicalType logical)
    {
        _json.Append(",\"logicalType\":");
        Text(logical.Name);
        if (logical.Precision > 0)
            _json
                .Append(",\"precision\":")
                .Append(logical.Precision.ToString(CultureInfo.InvariantCulture))
                .Append(",\"scale\":")
                .Append(logical.Scale.ToString(CultureInfo.InvariantCulture));
    }

    internal static string Name(AvroType type) => type.ToString().ToLowerInvariant();

    private void Text(string text) => SchemaJson.WriteText(_json, text);
}
