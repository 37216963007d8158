using Statecast.Generators.Shapes;

namespace Statecast.Generators.Emitting;

/// <summary>Emits the straight-line JSON writer: one method per record, list, set and map.</summary>
internal sealed class JsonWriteEmitter(CodeWriter code)
{
    private const string Writer = "global::System.Text.Json.Utf8JsonWriter writer";

    private readonly Queue<(string Method, ValueShape Shape, string Path)> _collections = new();
    private int _collectionCount;
    private int _localCount;

    public void Emit(RecordShape record)
    {
        var names = "Names" + Code.Suffix(record.SchemaName);
        if (record.CaseName is not null)
        {
            code.Line(
                $"private static readonly {Code.JsonText} Case{Code.Suffix(record.SchemaName)} = {Code.JsonText}.Encode({Code.Quote(record.CaseName)});"
            );
            code.Line();
        }
        code.Open($"private static void WriteJson{Code.Suffix(record.SchemaName)}({Writer}, {record.Type} value)");
        code.Line("writer.WriteStartObject();");
        if (record.CaseName is not null)
            code.Line($"writer.WriteString({names}[0], Case{Code.Suffix(record.SchemaName)});");
        for (var i = 0; i < record.Properties.Count; i++)
        {
            var property = record.Properties[i];
            Write(
                property.Value,
                Code.Access("value", property.Name),
                $"{names}[{record.FirstName + i}]",
                $"{record.Name}.{property.Name}"
            );
        }
        code.Line("writer.WriteEndObject();");
        code.Close();
        code.Line();
        EmitCollections();
    }

    /// <summary>A method that writes one value by itself.</summary>
    public void EmitValue(string header, ValueShape shape, string path)
    {
        code.Open($"{header}({Writer}, {shape.Type} value)");
        Write(shape, "value", null, path);
        code.Close();
        code.Line();
        EmitCollections();
    }

    private void EmitCollections()
    {
        while (_collections.Count > 0)
        {
            var (method, shape, path) = _collections.Dequeue();
            if (shape is ListShape list)
                EmitList(method, list, path);
            else if (shape is SetShape set)
                EmitSet(method, set, path);
            else
                EmitMap(method, (MapShape)shape, path);
        }
    }

    public void Emit(HierarchyShape hierarchy)
    {
        code.Open($"private static void WriteJsonCase{Code.Suffix(hierarchy.Name)}({Writer}, {hierarchy.Type} value, string path)");
        code.Open("switch (value)");
        foreach (var record in hierarchy.Cases)
        {
            code.Line($"case {record.Type} one:");
            code.Line($"    WriteJson{Code.Suffix(record.SchemaName)}(writer, one);");
            code.Line("    break;");
        }
        code.Line("default:");
        code.Line($"    throw {Code.Domain}.NoCase(path, {Code.Quote(hierarchy.Name)}, value);");
        code.Close();
        code.Close();
        code.Line();
    }

    private void Write(ValueShape shape, string value, string? name, string path)
    {
        switch (shape)
        {
            case ScalarShape { Scalar: Scalar.DateOnly or Scalar.TimeOnly or Scalar.TimeSpan } time:
                Name(name);
                code.Line($"{Code.Serialization}.Json.JsonStateWriter.{TimeMethod(time.Scalar)}(writer, {value});");
                break;
            case ScalarShape { Scalar: Scalar.Decimal } number:
                Name(name);
                code.Line(
                    $"{Code.Serialization}.Json.JsonStateWriter.WriteDecimal(writer, {value}, {number.Precision}, {number.Scale}, {Code.Quote(path)});"
                );
                break;
            case ScalarShape scalar:
                var (method, argument) = ScalarCall(scalar, value, path);
                Call(method, name, argument);
                break;
            case EnumShape symbols:
                Call("String", name, $"Symbols{Code.Suffix(symbols.Name)}[Index{Code.Suffix(symbols.Name)}({value}, {Code.Quote(path)})]");
                break;
            case WrapperShape wrapper:
                Write(wrapper.Inner, Code.Access(value, wrapper.Property), name, path);
                break;
            case NullableShape nullable:
                var local = $"v{_localCount++}";
                code.Open($"if ({value} is {{ }} {local})");
                Write(nullable.Inner, local, name, path);
                code.Close();
                code.Line("else");
                code.Line(name is null ? "    writer.WriteNullValue();" : $"    writer.WriteNull({name});");
                break;
            case RecordShape record:
                Name(name);
                code.Line($"WriteJson{Code.Suffix(record.SchemaName)}(writer, {Code.Present(record, value, path)});");
                break;
            case HierarchyShape hierarchy:
                Name(name);
                var at = Code.Quote(path);
                code.Line($"WriteJsonCase{Code.Suffix(hierarchy.Name)}(writer, {Code.Domain}.Present({value}, {at}), {at});");
                break;
            default:
                var collection = $"WriteJsonItems{_collectionCount++}";
                _collections.Enqueue((collection, shape, path + "[]"));
                Name(name);
                code.Line($"{collection}(writer, {value});");
                break;
        }
    }

    private static string TimeMethod(Scalar scalar) =>
        scalar switch
        {
            Scalar.DateOnly => "WriteDate",
            Scalar.TimeOnly => "WriteTime",
            _ => "WriteDuration",
        };

    private void Name(string? name)
    {
        if (name is not null)
            code.Line($"writer.WritePropertyName({name});");
    }

    private void Call(string method, string? name, string argument) =>
        code.Line(name is null ? $"writer.Write{method}Value({argument});" : $"writer.Write{method}({name}, {argument});");

    private static (string Method, string Argument) ScalarCall(ScalarShape shape, string value, string path)
    {
        var at = Code.Quote(path);
        return shape.Scalar switch
        {
            Scalar.Boolean => ("Boolean", value),
            Scalar.Single or Scalar.Double => ("Number", $"{Code.Domain}.Finite({value}, {at})"),
            Scalar.String => ("String", $"{Code.Domain}.Text({value}, {at})"),
            Scalar.Guid => ("String", value),
            Scalar.DateTimeOffset => ("String", $"{Code.Domain}.Instant({value})"),
            Scalar.DateTime => ("String", $"{Code.Domain}.Instant({value}, {at})"),
            Scalar.Bytes => ("Base64String", $"{value}.AsSpan()"),
            _ => ("Number", value),
        };
    }

    private void EmitList(string method, ListShape list, string path)
    {
        code.Open($"private static void {method}({Writer}, {list.Type} value)");
        code.Line("writer.WriteStartArray();");
        code.Open(
            list.IsArray
                ? "foreach (ref readonly var item in value.AsSpan())"
                : $"foreach (var item in {Code.Domain}.Present(value, {Code.Quote(path)}))"
        );
        Write(list.Item, "item", null, path);
        code.Close();
        code.Line("writer.WriteEndArray();");
        code.Close();
        code.Line();
    }

    private void EmitSet(string method, SetShape set, string path)
    {
        code.Open($"private static void {method}({Writer}, {set.Type} value)");
        var item = SetItems.Collect(code, set, path);
        code.Line("writer.WriteStartArray();");
        code.Open($"foreach (ref readonly var item in {SetItems.Span})");
        if (item is null)
            Call("String", null, $"Symbols{Code.Suffix(SetItems.EnumOf(set).Name)}[item]");
        else
            Write(item, "item", null, path);
        code.Close();
        code.Line("writer.WriteEndArray();");
        SetItems.Release(code);
        code.Close();
        code.Line();
    }

    private void EmitMap(string method, MapShape map, string path)
    {
        code.Open($"private static void {method}({Writer}, {map.Type} value)");
        code.Line($"using var entries = new {Code.Serialization}.MapEntries<{map.Value.Type}>(value, {Code.Quote(path)});");
        code.Line("writer.WriteStartObject();");
        code.Open("foreach (ref readonly var entry in entries.Span)");
        code.Line("writer.WritePropertyName(entry.Key);");
        Write(map.Value, "entry.Value", null, path);
        code.Close();
        code.Line("writer.WriteEndObject();");
        code.Close();
        code.Line();
    }
}
