using Statecast.Generators.Shapes;

namespace Statecast.Generators.Emitting;

/// <summary>Emits how one value of a patch is written and read whole, and gives, as C#, what edits it.</summary>
internal sealed class PatchValueEmitter(
    CodeWriter code,
    JsonReadEmitter readJson,
    JsonWriteEmitter writeJson,
    AvroReadEmitter readAvro,
    AvroWriteEmitter writeAvro
)
{
    private int _classCount;

    /// <summary>What edits a record or a hierarchy, by its name in the schema.</summary>
    public static string EditOf(string name) => $"Edit{Code.Suffix(name)}.Instance";

    /// <summary>Emits what a field needs; gives its <c>PatchValue</c>.</summary>
    public string Emit(ValueShape shape, string path)
    {
        var codec = EmitCodec(shape, path);
        return EmitEdit(shape, path) is { } edit ? $"new({codec}, {edit})" : $"new({codec})";
    }

    private string EmitCodec(ValueShape shape, string path)
    {
        var name = $"Value{_classCount++}";
        code.Open($"private sealed class {name} : {Code.Patches}.PatchCodec<{shape.Type}>");
        writeJson.EmitValue("public override void WriteJson", shape, path);
        readJson.EmitValue($"public override {shape.Type} ReadJson", shape);
        writeAvro.EmitValue("public override void WriteAvro", shape, path);
        readAvro.EmitValue($"public override {shape.Type} ReadAvro", shape);
        code.Close();
        code.Line();
        return $"new {name}()";
    }

    private string? EmitEdit(ValueShape shape, string path)
    {
        switch (shape)
        {
            case NullableShape nullable when EmitEdit(nullable.Inner, path) is { } inner:
                return IsReference(nullable.Inner)
                    ? inner
                    : $"new {Code.Patches}.ConvertedEdit<{nullable.Type}, {nullable.Inner.Type}>({inner}, static v => v!.Value, static v => v)";
            case WrapperShape wrapper when EmitEdit(wrapper.Inner, path) is { } inner:
                return $"new {Code.Patches}.ConvertedEdit<{wrapper.Type}, {wrapper.Inner.Type}>({inner}, static v => {Code.Access("v", wrapper.Property)}, static v => {Code.Construct(wrapper, "v")})";
            case RecordShape record:
                return EditOf(record.SchemaName);
            case HierarchyShape hierarchy:
                return EditOf(hierarchy.Name);
            case ListShape list:
                return $"new {Code.Patches}.{(list.IsArray ? "ArrayEdit" : "ListEdit")}<{list.Item.Type}>({EmitCodec(list.Item, path + "[]")})";
            case MapShape map:
                return $"new {Code.Patches}.MapEdit<{map.Type}, {map.Value.Type}>({EmitCodec(map.Value, path + "[]")}, {Code.Quote(path + "[]")})";
            case SetShape set:
                return EmitSet(set, path + "[]");
            default:
                return null;
        }
    }

    private static bool IsReference(ValueShape shape) =>
        shape is RecordShape { IsStruct: false } or HierarchyShape or SetShape or MapShape or ListShape { IsArray: false };

    private string EmitSet(SetShape set, string path)
    {
        var name = $"Items{_classCount++}";
        var type = SetItems.TypeOf(set);
        code.Open($"private sealed class {name} : {Code.Patches}.SetEdit<{set.Type}, {set.Item.Type}, {type}>");
        code.Open($"public override {Code.Serialization}.SetItems<{type}> Collect({set.Type} value)");
        var item = SetItems.Collect(code, set, path);
        code.Line("return items;");
        code.Close();
        code.Line();
        if (item is null)
        {
            EmitSymbols(set);
        }
        else
        {
            writeJson.EmitValue("public override void WriteJson", item, path);
            writeAvro.EmitValue("public override void WriteAvro", item, path);
            readJson.EmitValue($"public override {set.Item.Type} ReadJson", set.Item);
        }
        readAvro.EmitValue($"public override {set.Item.Type} ReadAvro", set.Item);
        code.Close();
        code.Line();
        return $"new {name}()";
    }

    // An item is its symbol's index. One that is not known is refused, whatever default the enum has: that is for reading, and here it is looked up.
    private void EmitSymbols(SetShape set)
    {
        var symbols = SetItems.EnumOf(set);
        var suffix = Code.Suffix(symbols.Name);
        code.Line(
            $"public override void WriteJson(global::System.Text.Json.Utf8JsonWriter writer, int value) => writer.WriteStringValue(Symbols{suffix}[value]);"
        );
        code.Line();
        code.Line($"public override void WriteAvro(ref {Code.Serialization}.Avro.AvroWriter writer, int value) => writer.WriteInt(value);");
        code.Line();
        code.Open($"public override {set.Item.Type} ReadJson(ref global::System.Text.Json.Utf8JsonReader reader)");
        code.Line(
            $"var index = reader.TokenType == global::System.Text.Json.JsonTokenType.String ? {Code.JsonReader}.IndexOf(ref reader, Symbols{suffix}, 0) : -1;"
        );
        code.Line("if (index < 0)");
        code.Line($"    throw UnknownSymbol(ref reader, {Code.Quote(symbols.Name)});");
        code.Line($"return {Construct(set.Item, $"FromIndex{suffix}(index)")};");
        code.Close();
        code.Line();
    }

    private static string Construct(ValueShape shape, string value) =>
        shape is WrapperShape wrapper ? Code.Construct(wrapper, Construct(wrapper.Inner, value)) : value;
}
