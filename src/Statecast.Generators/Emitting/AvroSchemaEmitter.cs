using System.Security.Cryptography;
using System.Text;
using Statecast.Generators.Shapes;

namespace Statecast.Generators.Emitting;

/// <summary>The contract's Avro schema: minified JSON with a fixed order of attributes, so that equal contracts have equal text.</summary>
internal sealed class AvroSchemaEmitter
{
    private readonly StringBuilder _json = new();
    private readonly HashSet<string> _named = new(StringComparer.Ordinal);

    private AvroSchemaEmitter() { }

    public static string Emit(ContractShape contract)
    {
        var emitter = new AvroSchemaEmitter();
        // Hyphens are no part of Avro's names, underscores none of a contract's: the two stay one to one.
        emitter.Record(contract.State, contract.Name.Replace('-', '_'));
        return emitter._json.ToString();
    }

    /// <summary>SHA-256 cut to 128 bits, as two halves.</summary>
    public static (ulong High, ulong Low) Fingerprint(string schema)
    {
        using var sha = SHA256.Create();
        var hash = sha.ComputeHash(Encoding.UTF8.GetBytes(schema));
        return (Half(hash, 0), Half(hash, 8));
    }

    private static ulong Half(byte[] hash, int start)
    {
        var half = 0UL;
        for (var i = start; i < start + 8; i++)
            half = half << 8 | hash[i];
        return half;
    }

    private void Type(ValueShape shape)
    {
        switch (shape)
        {
            case ScalarShape scalar:
                _json.Append(ScalarType(scalar));
                break;
            case NullableShape nullable:
                _json.Append("[\"null\",");
                // Avro's unions do not nest: null is one more branch.
                if (nullable.Inner.Travelling is HierarchyShape cases)
                    Branches(cases);
                else
                    Type(nullable.Inner);
                _json.Append(']');
                break;
            case HierarchyShape hierarchy:
                _json.Append('[');
                Branches(hierarchy);
                _json.Append(']');
                break;
            case WrapperShape wrapper:
                Type(wrapper.Inner);
                break;
            case ListShape list:
                _json.Append("{\"type\":\"array\",\"items\":");
                Type(list.Item);
                _json.Append('}');
                break;
            case SetShape set:
                // Marked, since the same items in a list would have another order, so another fingerprint.
                _json.Append("{\"type\":\"array\",\"items\":");
                Type(set.Item);
                _json.Append(",\"ecst\":\"set\"}");
                break;
            case MapShape map:
                _json.Append("{\"type\":\"map\",\"values\":");
                Type(map.Value);
                _json.Append('}');
                break;
            case EnumShape symbols:
                Enum(symbols);
                break;
            case RecordShape record:
                Record(record, null);
                break;
            default:
                throw new InvalidOperationException($"The shape {shape.GetType().Name} has no schema.");
        }
    }

    private void Branches(HierarchyShape hierarchy)
    {
        for (var i = 0; i < hierarchy.Cases.Count; i++)
        {
            _json.Append(i > 0 ? "," : "");
            Record(hierarchy.Cases[i], null);
        }
    }

    private void Record(RecordShape record, string? ns)
    {
        if (!Named(record.SchemaName))
            return;
        _json.Append("{\"type\":\"record\",\"name\":\"").Append(record.SchemaName).Append('"');
        if (ns is not null)
            _json.Append(",\"namespace\":\"").Append(ns).Append('"');
        Aliases(record.Aliases);
        _json.Append(",\"fields\":[");
        for (var i = 0; i < record.Properties.Count; i++)
        {
            var property = record.Properties[i];
            _json.Append(i > 0 ? "," : "").Append("{\"name\":\"").Append(property.WireName).Append("\",\"type\":");
            Type(property.Value);
            if (property.Value is NullableShape)
                _json.Append(",\"default\":null");
            else if (property.Default is { } byDefault)
                _json.Append(",\"default\":").Append(byDefault.Json);
            Aliases(property.Aliases);
            _json.Append('}');
        }
        _json.Append("]}");
    }

    private void Enum(EnumShape shape)
    {
        if (!Named(shape.Name))
            return;
        _json.Append("{\"type\":\"enum\",\"name\":\"").Append(shape.Name).Append('"');
        Aliases(shape.Aliases);
        _json.Append(",\"symbols\":[").Append(string.Join(",", shape.Symbols.Select(s => $"\"{s}\""))).Append(']');
        if (shape.DefaultSymbol is { } symbol)
            _json.Append(",\"default\":\"").Append(symbol).Append('"');
        _json.Append('}');
    }

    // A named type stands once in full, afterwards by its name.
    private bool Named(string name)
    {
        var first = _named.Add(name);
        if (!first)
            _json.Append('"').Append(name).Append('"');
        return first;
    }

    private void Aliases(EquatableArray<string> aliases)
    {
        if (aliases.Count > 0)
            _json.Append(",\"aliases\":[").Append(string.Join(",", aliases.Select(a => $"\"{a}\""))).Append(']');
    }

    private static string ScalarType(ScalarShape shape) =>
        shape.Scalar switch
        {
            Scalar.Boolean => "\"boolean\"",
            Scalar.SByte or Scalar.Byte or Scalar.Int16 or Scalar.UInt16 or Scalar.Int32 => "\"int\"",
            Scalar.UInt32 or Scalar.Int64 => "\"long\"",
            Scalar.UInt64 => Decimal(20, 0),
            Scalar.Single => "\"float\"",
            Scalar.Double => "\"double\"",
            Scalar.String => "\"string\"",
            Scalar.Decimal => Decimal(shape.Precision, shape.Scale),
            Scalar.Guid => "{\"type\":\"string\",\"logicalType\":\"uuid\"}",
            Scalar.DateTime or Scalar.DateTimeOffset => "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}",
            Scalar.DateOnly => "{\"type\":\"int\",\"logicalType\":\"date\"}",
            Scalar.TimeOnly => "{\"type\":\"long\",\"logicalType\":\"time-micros\"}",
            // Avro's own duration counts months: a property of ours, which readers that do not know it ignore.
            Scalar.TimeSpan => "{\"type\":\"long\",\"ecst\":\"duration-micros\"}",
            Scalar.Bytes => "\"bytes\"",
            _ => throw new InvalidOperationException($"The scalar {shape.Scalar} has no schema."),
        };

    private static string Decimal(int precision, int scale) =>
        $"{{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":{precision},\"scale\":{scale}}}";
}
