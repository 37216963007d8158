using System.Globalization;
using System.Text;
using Statecast.Generators.Shapes;

namespace Statecast.Generators.Emitting;

/// <summary>
/// The contract's JSON Schema (2020-12), minified and in a fixed order: what our JSON codec writes, and what it must find to read. Its own words begin
/// with <c>x-</c>, so that validators pass over them and compatibility can be judged from the document alone.
/// </summary>
internal sealed class JsonSchemaEmitter
{
    private readonly StringBuilder _json = new();
    private readonly List<ValueShape> _named = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    private JsonSchemaEmitter() { }

    public static string Emit(ContractShape contract)
    {
        var emitter = new JsonSchemaEmitter();
        emitter.Root(contract);
        return emitter._json.ToString();
    }

    private void Root(ContractShape contract)
    {
        _json.Append("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":");
        _json.Append(Code.QuoteJson($"{contract.Name}.v{contract.Major.ToString(CultureInfo.InvariantCulture)}"));
        _json.Append(",\"x-key\":[").Append(string.Join(",", contract.Keys.Select(k => Code.QuoteJson(k.WireName)))).Append("],");
        Object(contract.State);
        // Named types are met while others are written.
        for (var i = 0; i < _named.Count; i++)
        {
            _json.Append(i == 0 ? ",\"$defs\":{" : ",").Append(Code.QuoteJson(NameOf(_named[i]))).Append(":{");
            if (_named[i] is EnumShape symbols)
                Enum(symbols);
            else
                Object((RecordShape)_named[i]);
            _json.Append('}');
        }
        _json.Append(_named.Count > 0 ? "}}" : "}");
    }

    private void Object(RecordShape record)
    {
        _json.Append("\"type\":\"object\"");
        Names("x-aliases", record.Aliases);
        _json.Append(",\"properties\":{");
        if (record.CaseName is { } name)
            _json.Append("\"$type\":{\"const\":").Append(Code.QuoteJson(name)).Append('}');
        for (var i = 0; i < record.Properties.Count; i++)
        {
            _json.Append(record.FirstName + i > 0 ? "," : "");
            Property(record.Properties[i]);
        }
        _json.Append('}');
        var required = record.Properties.Where(p => p.IsRequired).Select(p => p.WireName);
        Names("required", [.. record.CaseName is null ? required : required.Prepend("$type")]);
    }

    private void Property(PropertyShape property)
    {
        _json.Append(Code.QuoteJson(property.WireName)).Append(":{");
        Value(property.Value);
        if (property.Value is NullableShape)
            _json.Append(",\"default\":null");
        else if (property.Default is { } byDefault)
            _json.Append(",\"default\":").Append(byDefault.Plain ?? byDefault.Json);
        Names("x-aliases", property.Aliases);
        _json.Append('}');
    }

    private void Enum(EnumShape shape)
    {
        _json.Append("\"type\":\"string\"");
        Names("enum", shape.Symbols);
        if (shape.DefaultSymbol is { } unknown)
            _json.Append(",\"x-unknown\":").Append(Code.QuoteJson(unknown));
    }

    // The inside of an object, so that a property can say more beside it.
    private void Value(ValueShape shape)
    {
        switch (shape)
        {
            case ScalarShape scalar:
                _json.Append(Scalar(scalar));
                break;
            case NullableShape nullable:
                _json.Append("\"anyOf\":[{\"type\":\"null\"},");
                Inner(nullable.Inner);
                _json.Append(']');
                break;
            case WrapperShape wrapper:
                Value(wrapper.Inner);
                break;
            case HierarchyShape hierarchy:
                _json.Append("\"oneOf\":[");
                for (var i = 0; i < hierarchy.Cases.Count; i++)
                {
                    _json.Append(i > 0 ? "," : "");
                    Inner(hierarchy.Cases[i]);
                }
                _json.Append(']');
                break;
            case ListShape list:
                _json.Append("\"type\":\"array\",\"items\":");
                Inner(list.Item);
                break;
            case SetShape set:
                _json.Append("\"type\":\"array\",\"uniqueItems\":true,\"items\":");
                Inner(set.Item);
                break;
            case MapShape map:
                _json.Append("\"type\":\"object\",\"additionalProperties\":");
                Inner(map.Value);
                break;
            case EnumShape or RecordShape:
                Reference(shape);
                break;
            default:
                throw new InvalidOperationException($"The shape {shape.GetType().Name} has no JSON Schema.");
        }
    }

    private void Inner(ValueShape shape)
    {
        _json.Append('{');
        Value(shape);
        _json.Append('}');
    }

    private void Reference(ValueShape shape)
    {
        var name = NameOf(shape);
        if (_seen.Add(name))
            _named.Add(shape);
        _json.Append("\"$ref\":\"#/$defs/").Append(name).Append('"');
    }

    private static string NameOf(ValueShape shape) => shape is RecordShape record ? record.SchemaName : ((EnumShape)shape).Name;

    private void Names(string keyword, IReadOnlyCollection<string> names)
    {
        if (names.Count > 0)
            _json.Append($",\"{keyword}\":[").Append(string.Join(",", names.Select(Code.QuoteJson))).Append(']');
    }

    private static string Scalar(ScalarShape shape) =>
        shape.Scalar switch
        {
            Shapes.Scalar.Boolean => "\"type\":\"boolean\"",
            Shapes.Scalar.SByte => Integer("-128", "127"),
            Shapes.Scalar.Byte => Integer("0", "255"),
            Shapes.Scalar.Int16 => Integer("-32768", "32767"),
            Shapes.Scalar.UInt16 => Integer("0", "65535"),
            Shapes.Scalar.Int32 => Integer("-2147483648", "2147483647"),
            Shapes.Scalar.UInt32 => Integer("0", "4294967295"),
            Shapes.Scalar.Int64 => Integer("-9223372036854775808", "9223372036854775807"),
            Shapes.Scalar.UInt64 => Integer("0", "18446744073709551615"),
            Shapes.Scalar.Single => Floating("float", "3.4028235E+38"),
            Shapes.Scalar.Double => Floating("double", "1.7976931348623157E+308"),
            Shapes.Scalar.String => "\"type\":\"string\"",
            Shapes.Scalar.Decimal => Decimal(shape.Precision, shape.Scale),
            Shapes.Scalar.Guid => Text("uuid"),
            Shapes.Scalar.DateTime or Shapes.Scalar.DateTimeOffset => Text("date-time"),
            Shapes.Scalar.DateOnly => Text("date"),
            // What JSON Schema calls a time has an offset, and its duration neither a sign nor a fraction.
            Shapes.Scalar.TimeOnly => Pattern("time", @"^([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,6})?$"),
            Shapes.Scalar.TimeSpan => Pattern("duration", @"^-?P(?=\\d|T)(\\d+D)?(T(?=\\d)(\\d+H)?(\\d+M)?(\\d+(\\.\\d{1,6})?S)?)?$"),
            Shapes.Scalar.Bytes => "\"type\":\"string\",\"contentEncoding\":\"base64\"",
            _ => throw new InvalidOperationException($"The scalar {shape.Scalar} has no JSON Schema."),
        };

    private static string Integer(string min, string max) => $"\"type\":\"integer\",\"minimum\":{min},\"maximum\":{max}";

    private static string Floating(string format, string max) =>
        $"\"type\":\"number\",\"format\":\"{format}\",\"minimum\":-{max},\"maximum\":{max}";

    private static string Text(string format) => $"\"type\":\"string\",\"format\":\"{format}\"";

    private static string Pattern(string text, string pattern) => $"\"type\":\"string\",\"pattern\":\"{pattern}\",\"x-text\":\"{text}\"";

    private static string Decimal(int precision, int scale)
    {
        var step = scale == 0 ? "1" : "0." + new string('0', scale - 1) + "1";
        var whole = precision == scale ? "0" : new string('9', precision - scale);
        var max = scale == 0 ? whole : whole + "." + new string('9', scale);
        return $"\"type\":\"number\",\"multipleOf\":{step},\"minimum\":-{max},\"maximum\":{max},\"x-precision\":{precision},\"x-scale\":{scale}";
    }
}
