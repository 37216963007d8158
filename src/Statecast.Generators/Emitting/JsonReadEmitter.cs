using Statecast.Generators.Shapes;

namespace Statecast.Generators.Emitting;

/// <summary>Emits the JSON reader: the property expected next is tried first, so that what we wrote ourselves is read in a straight line.</summary>
internal sealed class JsonReadEmitter(CodeWriter code)
{
    private const string Reader = "ref global::System.Text.Json.Utf8JsonReader reader";
    private const int BitsPerWord = 64;

    private readonly Queue<(string Method, ValueShape Shape)> _collections = new();
    private int _collectionCount;

    public void Emit(RecordShape record)
    {
        EmitNames(record);
        var first = record.FirstName;
        var last = first + record.Properties.Count - 1;
        code.Open($"private static {record.Type} ReadJson{Code.Suffix(record.SchemaName)}({Reader})");
        code.Line($"{Code.JsonReader}.BeginObject(ref reader);");
        for (var i = 0; i < record.Properties.Count; i++)
            code.Line($"{record.Properties[i].Value.Type} p{i} = default!;");
        for (var word = 0; word <= last / BitsPerWord; word++)
            code.Line($"var seen{word} = 0UL;");
        code.Line($"var unknown = default({Code.Serialization}.Json.JsonUnknownFields);");
        code.Open($"for (var next = 0; {Code.JsonReader}.NextProperty(ref reader);)");
        code.Line($"var index = {Code.JsonReader}.IndexOf(ref reader, Names{Code.Suffix(record.SchemaName)}, next);");
        EmitAliases(record);
        code.Open("switch (index)");
        for (var i = 0; i <= last; i++)
        {
            code.Line($"case {i}:");
            code.Line($"    {Code.JsonReader}.Value(ref reader, ref seen{i / BitsPerWord}, {i % BitsPerWord});");
            // The name of the case, where there is one, was looked at before: it led here.
            if (i >= first)
                code.Line($"    p{i - first} = {Read(record.Properties[i - first].Value)};");
            code.Line("    break;");
        }
        code.Line("default:");
        code.Line("    unknown.Skip(ref reader);");
        code.Line("    continue;");
        code.Close();
        code.Line("next = index + 1;");
        code.Close();
        EmitMissing(record);
        code.Line($"return {Code.Construct(record)};");
        code.Close();
        code.Line();
        EmitCollections();
    }

    public void Emit(EnumShape shape)
    {
        code.Open($"private static {shape.Type} ReadJson{Code.Suffix(shape.Name)}({Reader})");
        code.Open("if (reader.TokenType == global::System.Text.Json.JsonTokenType.String)");
        foreach (var symbol in shape.Symbols)
        {
            code.Line($"if (reader.ValueTextEquals({Code.Quote(symbol)}u8))");
            code.Line($"    return {Code.Member(shape, symbol)};");
        }
        if (shape.DefaultSymbol is { } byDefault)
            code.Line($"return {Code.Member(shape, byDefault)};");
        code.Close();
        code.Line($"throw {Code.JsonReader}.UnknownSymbol(ref reader, {Code.Quote(shape.Name)});");
        code.Close();
        code.Line();
    }

    public void Emit(HierarchyShape hierarchy)
    {
        var cases = hierarchy.Cases.SelectMany(c => c.Aliases.Prepend(c.SchemaName), (one, name) => (one.SchemaName, Name: name)).ToList();
        EmitTexts("Cases" + Code.Suffix(hierarchy.Name), cases.Select(c => c.Name));
        code.Open($"private static {hierarchy.Type} ReadJsonCase{Code.Suffix(hierarchy.Name)}({Reader})");
        var find = $"{Code.Serialization}.Json.JsonCaseReader.Find";
        code.Open($"switch ({find}(ref reader, Cases{Code.Suffix(hierarchy.Name)}, {Code.Quote(hierarchy.Name)}))");
        for (var i = 0; i < cases.Count; i++)
        {
            // What is none of them was refused.
            code.Line(i == cases.Count - 1 ? "default:" : $"case {i}:");
            code.Line($"    return ReadJson{Code.Suffix(cases[i].SchemaName)}(ref reader);");
        }
        code.Close();
        code.Close();
        code.Line();
    }

    /// <summary>A method that reads one value by itself.</summary>
    public void EmitValue(string header, ValueShape shape)
    {
        code.Line($"{header}({Reader}) => {Read(shape)};");
        code.Line();
        EmitCollections();
    }

    /// <summary>A method that reads one field by itself, and says whether it is there.</summary>
    /// <param name="header">Its beginning.</param>
    /// <param name="shape">The field's shape.</param>
    /// <param name="value">The same without its nullability.</param>
    public void EmitField(string header, ValueShape shape, ValueShape value)
    {
        code.Open($"{header}({Reader}, out {value.Type} value)");
        if (shape is NullableShape)
            FieldEmitter.EmitNull(code, $"{Code.JsonReader}.IsNull(ref reader)");
        code.Line($"value = {Read(value)};");
        code.Line("return true;");
        code.Close();
        code.Line();
    }

    private void EmitNames(RecordShape record)
    {
        var names = record.Properties.Select(p => p.WireName);
        EmitTexts("Names" + Code.Suffix(record.SchemaName), record.CaseName is null ? names : names.Prepend("$type"));
    }

    private void EmitTexts(string name, IEnumerable<string> texts)
    {
        code.Line($"private static readonly {Code.JsonText}[] {name} =");
        code.Line("[");
        foreach (var text in texts)
            code.Line($"    {Code.JsonText}.Encode({Code.Quote(text)}),");
        code.Line("];");
        code.Line();
    }

    private void EmitAliases(RecordShape record)
    {
        for (var i = 0; i < record.Properties.Count; i++)
            foreach (var alias in record.Properties[i].Aliases)
            {
                code.Line($"if (index < 0 && reader.ValueTextEquals({Code.Quote(alias)}u8))");
                code.Line($"    index = {record.FirstName + i};");
            }
    }

    private void EmitMissing(RecordShape record)
    {
        var names = record.FirstName + record.Properties.Count;
        for (var first = 0; first < names; first += BitsPerWord)
        {
            var count = Math.Min(BitsPerWord, names - first);
            var required = 0UL;
            for (var i = 0; i < count; i++)
                if (first + i >= record.FirstName && record.Properties[first + i - record.FirstName].IsRequired)
                    required |= 1UL << i;
            if (required == 0)
                continue;
            var array = "Names" + Code.Suffix(record.SchemaName);
            // Only a wide record needs a part of its names, and a range of an array would be a copy.
            if (names > BitsPerWord)
                array = $"new global::System.ReadOnlySpan<{Code.JsonText}>({array}, {first}, {count})";
            code.Line($"{Code.JsonReader}.Require(ref reader, {array}, seen{first / BitsPerWord}, 0x{required:x}UL);");
        }
        for (var i = 0; i < record.Properties.Count; i++)
            if (record.Properties[i].Default is { } byDefault)
            {
                var bit = record.FirstName + i;
                code.Line($"if ((seen{bit / BitsPerWord} & (1UL << {bit % BitsPerWord})) == 0)");
                code.Line($"    p{i} = {byDefault.CSharp};");
            }
    }

    private string Read(ValueShape shape)
    {
        switch (shape)
        {
            case ScalarShape { Scalar: Scalar.String }:
                return $"{Code.JsonReader}.ReadString(ref reader)";
            case ScalarShape { Scalar: Scalar.Bytes }:
                return $"{Code.JsonReader}.ReadBytes(ref reader)";
            case ScalarShape { Scalar: Scalar.Decimal } d:
                return $"{Code.JsonScalar}.ReadDecimal(ref reader, {d.Precision}, {d.Scale})";
            case ScalarShape scalar:
                return $"{Code.JsonScalar}.Read{scalar.Scalar}(ref reader)";
            case NullableShape nullable:
                return $"{Code.JsonReader}.IsNull(ref reader) ? null : ({nullable.Type}){Read(nullable.Inner)}";
            case WrapperShape wrapper:
                return Code.Construct(wrapper, Read(wrapper.Inner));
            case EnumShape symbols:
                return $"ReadJson{Code.Suffix(symbols.Name)}(ref reader)";
            case RecordShape record:
                return $"ReadJson{Code.Suffix(record.SchemaName)}(ref reader)";
            case HierarchyShape hierarchy:
                return $"ReadJsonCase{Code.Suffix(hierarchy.Name)}(ref reader)";
            default:
                var method = $"ReadJsonItems{_collectionCount++}";
                _collections.Enqueue((method, shape));
                return $"{method}(ref reader)";
        }
    }

    private void EmitCollections()
    {
        while (_collections.Count > 0)
        {
            var (method, shape) = _collections.Dequeue();
            code.Open($"private static {shape.Type} {method}({Reader})");
            if (shape is ListShape list)
                EmitList(list);
            else if (shape is SetShape set)
                EmitSet(set);
            else
                EmitMap((MapShape)shape);
            code.Close();
            code.Line();
        }
    }

    private void EmitList(ListShape list)
    {
        code.Line($"{Code.JsonReader}.BeginArray(ref reader);");
        code.Line($"var items = global::System.Collections.Immutable.{list.Factory}.CreateBuilder<{list.Item.Type}>();");
        code.Line($"while ({Code.JsonReader}.NextItem(ref reader, items.Count))");
        code.Line($"    items.Add({Read(list.Item)});");
        code.Line(list.IsArray ? "return items.DrainToImmutable();" : "return items.ToImmutable();");
    }

    private void EmitSet(SetShape set)
    {
        var comparer = set.IsOrdinal ? Code.Ordinal : "";
        code.Line($"{Code.JsonReader}.BeginArray(ref reader);");
        code.Line($"var items = global::System.Collections.Immutable.{set.Factory}.CreateBuilder<{set.Item.Type}>({comparer});");
        // Counted by themselves: an item given again, or an unknown symbol's stand-in, adds nothing.
        code.Line($"for (var count = 0; {Code.JsonReader}.NextItem(ref reader, count); count++)");
        code.Line($"    items.Add({Read(set.Item)});");
        code.Line("return items.ToImmutable();");
    }

    private void EmitMap(MapShape map)
    {
        code.Line($"{Code.JsonReader}.BeginObject(ref reader);");
        code.Line(
            $"var entries = global::System.Collections.Immutable.{map.Factory}.CreateBuilder<string, {map.Value.Type}>({Code.Ordinal});"
        );
        code.Open($"while ({Code.JsonReader}.NextProperty(ref reader))");
        code.Line("var start = reader;");
        code.Line($"var key = {Code.JsonReader}.ReadMapKey(ref reader, entries.Count);");
        code.Line("if (entries.ContainsKey(key))");
        code.Line($"    throw {Code.JsonReader}.DuplicateKey(ref start, key);");
        code.Line($"entries.Add(key, {Read(map.Value)});");
        code.Close();
        code.Line("return entries.ToImmutable();");
    }
}
