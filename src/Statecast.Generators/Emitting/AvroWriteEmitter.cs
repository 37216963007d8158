using Statecast.Generators.Shapes;

namespace Statecast.Generators.Emitting;

/// <summary>Emits the straight-line Avro writer: one method per record, list, set and map.</summary>
internal sealed class AvroWriteEmitter(CodeWriter code)
{
    private const string Writer = "ref " + Code.Serialization + ".Avro.AvroWriter writer";

    private readonly Queue<(string Method, ValueShape Shape, string Path)> _collections = new();
    private int _collectionCount;
    private int _localCount;

    public void Emit(RecordShape record)
    {
        code.Open($"private static void WriteAvro{Code.Suffix(record.SchemaName)}({Writer}, {record.Type} value)");
        foreach (var property in record.Properties)
            Write(property.Value, Code.Access("value", property.Name), $"{record.Name}.{property.Name}");
        code.Close();
        code.Line();
        EmitCollections();
    }

    /// <summary>A method that writes one value by itself.</summary>
    public void EmitValue(string header, ValueShape shape, string path)
    {
        code.Open($"{header}({Writer}, {shape.Type} value)");
        Write(shape, "value", path);
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
        code.Open(
            $"private static void WriteAvroCase{Code.Suffix(hierarchy.Name)}({Writer}, {hierarchy.Type} value, int first, string path)"
        );
        code.Open("switch (value)");
        for (var i = 0; i < hierarchy.Cases.Count; i++)
        {
            var record = hierarchy.Cases[i];
            code.Line($"case {record.Type} one:");
            code.Line($"    writer.WriteInt(first + {i});");
            code.Line($"    WriteAvro{Code.Suffix(record.SchemaName)}(ref writer, one);");
            code.Line("    break;");
        }
        code.Line("default:");
        code.Line($"    throw {Code.Domain}.NoCase(path, {Code.Quote(hierarchy.Name)}, value);");
        code.Close();
        code.Close();
        code.Line();
    }

    /// <param name="shape">The value's shape.</param>
    /// <param name="value">The value, as C#.</param>
    /// <param name="path">Its path in messages.</param>
    /// <param name="first">The index of a hierarchy's first branch: 1 where null is a branch too.</param>
    private void Write(ValueShape shape, string value, string path, int first = 0)
    {
        switch (shape)
        {
            case ScalarShape scalar:
                code.Line($"writer.{ScalarCall(scalar, value, Code.Quote(path))};");
                break;
            case EnumShape symbols:
                code.Line($"writer.WriteInt(Index{Code.Suffix(symbols.Name)}({value}, {Code.Quote(path)}));");
                break;
            case WrapperShape wrapper:
                Write(wrapper.Inner, Code.Access(value, wrapper.Property), path, first);
                break;
            case NullableShape nullable:
                var local = $"v{_localCount++}";
                code.Open($"if ({value} is {{ }} {local})");
                if (nullable.Inner.Travelling is not HierarchyShape)
                    code.Line("writer.WriteInt(1);");
                Write(nullable.Inner, local, path, first: 1);
                code.Close();
                code.Line("else");
                code.Line("    writer.WriteInt(0);");
                break;
            case RecordShape record:
                code.Line($"WriteAvro{Code.Suffix(record.SchemaName)}(ref writer, {Code.Present(record, value, path)});");
                break;
            case HierarchyShape hierarchy:
                var at = Code.Quote(path);
                code.Line($"WriteAvroCase{Code.Suffix(hierarchy.Name)}(ref writer, {Code.Domain}.Present({value}, {at}), {first}, {at});");
                break;
            default:
                var collection = $"WriteAvroItems{_collectionCount++}";
                _collections.Enqueue((collection, shape, path + "[]"));
                code.Line($"{collection}(ref writer, {value});");
                break;
        }
    }

    private static string ScalarCall(ScalarShape shape, string value, string at) =>
        shape.Scalar switch
        {
            Scalar.Boolean => $"WriteBoolean({value})",
            Scalar.UInt32 or Scalar.Int64 => $"WriteLong({value})",
            Scalar.UInt64 => $"WriteDecimal({value})",
            Scalar.Single => $"WriteFloat({Code.Domain}.Finite({value}, {at}))",
            Scalar.Double => $"WriteDouble({Code.Domain}.Finite({value}, {at}))",
            Scalar.String => $"WriteText({value}, {at})",
            Scalar.Decimal => $"WriteDecimal({value}, {shape.Precision}, {shape.Scale}, {at})",
            Scalar.Guid => $"WriteUuid({value})",
            Scalar.DateTimeOffset => $"WriteLong({Code.Domain}.Micros({value}))",
            Scalar.DateTime => $"WriteLong({Code.Domain}.Micros({value}, {at}))",
            Scalar.DateOnly => $"WriteInt({Code.Domain}.Days({value}))",
            Scalar.TimeOnly or Scalar.TimeSpan => $"WriteLong({Code.Domain}.Micros({value}))",
            Scalar.Bytes => $"WriteBytes({value}.AsSpan())",
            _ => $"WriteInt({value})",
        };

    private void EmitList(string method, ListShape list, string path)
    {
        code.Open($"private static void {method}({Writer}, {list.Type} value)");
        code.Line(list.IsArray ? "var items = value.AsSpan();" : $"var items = {Code.Domain}.Present(value, {Code.Quote(path)});");
        var count = list.IsArray ? "items.Length" : "items.Count";
        // An array is blocks, each after its count, and a block of none at the end.
        code.Open($"if ({count} > 0)");
        code.Line($"writer.WriteLong({count});");
        code.Open(list.IsArray ? "foreach (ref readonly var item in items)" : "foreach (var item in items)");
        Write(list.Item, "item", path);
        code.Close();
        code.Close();
        code.Line("writer.WriteLong(0);");
        code.Close();
        code.Line();
    }

    private void EmitSet(string method, SetShape set, string path)
    {
        code.Open($"private static void {method}({Writer}, {set.Type} value)");
        var item = SetItems.Collect(code, set, path);
        code.Open($"if ({SetItems.Span}.Length > 0)");
        code.Line($"writer.WriteLong({SetItems.Span}.Length);");
        code.Open($"foreach (ref readonly var item in {SetItems.Span})");
        if (item is null)
            code.Line("writer.WriteInt(item);");
        else
            Write(item, "item", path);
        code.Close();
        code.Close();
        code.Line("writer.WriteLong(0);");
        SetItems.Release(code);
        code.Close();
        code.Line();
    }

    private void EmitMap(string method, MapShape map, string path)
    {
        code.Open($"private static void {method}({Writer}, {map.Type} value)");
        code.Line($"using var entries = new {Code.Serialization}.MapEntries<{map.Value.Type}>(value, {Code.Quote(path)});");
        code.Open("if (entries.Span.Length > 0)");
        code.Line("writer.WriteLong(entries.Span.Length);");
        code.Open("foreach (ref readonly var entry in entries.Span)");
        code.Line("writer.WriteString(entry.Key);");
        Write(map.Value, "entry.Value", path);
        code.Close();
        code.Close();
        code.Line("writer.WriteLong(0);");
        code.Close();
        code.Line();
    }
}
