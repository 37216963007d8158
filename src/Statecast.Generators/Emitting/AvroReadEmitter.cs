using Statecast.Generators.Shapes;

namespace Statecast.Generators.Emitting;

/// <summary>
/// Emits the Avro readers: for each record, list, set, map and hierarchy one that reads the contract's own schema in a straight line, and one that
/// follows the plan of another writer's.
/// </summary>
internal sealed class AvroReadEmitter(CodeWriter code)
{
    private const string Reader = "ref " + Code.Serialization + ".Avro.Reading.AvroReader reader";
    private const string Plan = Code.Serialization + ".Avro.Resolving.AvroPlan plan";
    private const string Scalars = Code.Serialization + ".Avro.Reading.AvroScalarReader";

    private readonly Queue<(string Method, ValueShape Shape)> _collections = new();
    private readonly Dictionary<ValueShape, string> _methods = new(ReferenceComparer.Instance);
    private int _localCount;

    public void Emit(RecordShape record)
    {
        EmitStraight(record);
        EmitResolved(record);
        EmitCollections();
    }

    /// <summary>A method that reads one value, written in the contract's own schema, by itself.</summary>
    public void EmitValue(string header, ValueShape shape)
    {
        code.Line($"{header}({Reader}) => {Read(shape, null)};");
        code.Line();
        EmitCollections();
    }

    /// <summary>A method that reads one field by its plan, and says whether it is there.</summary>
    /// <param name="header">Its beginning.</param>
    /// <param name="shape">The field's shape.</param>
    /// <param name="value">The same without its nullability.</param>
    public void EmitField(string header, ValueShape shape, ValueShape value)
    {
        code.Open($"{header}({Reader}, {Plan}, out {value.Type} value)");
        if (shape is NullableShape)
            FieldEmitter.EmitNull(code, "reader.Choose(plan) is not { IsNull: false } present");
        code.Line($"value = {Read(value, shape is NullableShape ? "present" : "plan")};");
        code.Line("return true;");
        code.Close();
        code.Line();
    }

    private void EmitCollections()
    {
        while (_collections.Count > 0)
        {
            var (method, shape) = _collections.Dequeue();
            EmitItems(method, shape, planned: false);
            EmitItems(method, shape, planned: true);
        }
    }

    public void Emit(EnumShape shape)
    {
        code.Open($"private static {shape.Type} FromIndex{Code.Suffix(shape.Name)}(int index) => index switch");
        for (var i = 0; i < shape.Symbols.Count; i++)
            code.Line($"{(i < shape.Symbols.Count - 1 ? i.ToString() : "_")} => {Code.Member(shape, shape.Symbols[i])},");
        code.Close(";");
        code.Line();
    }

    public void Emit(HierarchyShape hierarchy)
    {
        var name = $"private static {hierarchy.Type} ReadAvroCase{Code.Suffix(hierarchy.Name)}({Reader}";
        EmitCases(hierarchy, $"{name}, int index)", "index", "");
        EmitCases(hierarchy, $"{name}, {Plan}, int first)", "plan.Branch - first", ", plan");
    }

    private void EmitCases(HierarchyShape hierarchy, string header, string index, string argument)
    {
        code.Open(header);
        code.Open($"switch ({index})");
        for (var i = 0; i < hierarchy.Cases.Count; i++)
        {
            // The index was looked at before: there is no other.
            code.Line(i == hierarchy.Cases.Count - 1 ? "default:" : $"case {i}:");
            code.Line($"    return ReadAvro{Code.Suffix(hierarchy.Cases[i].SchemaName)}(ref reader{argument});");
        }
        code.Close();
        code.Close();
        code.Line();
    }

    private void EmitStraight(RecordShape record)
    {
        code.Open($"private static {record.Type} ReadAvro{Code.Suffix(record.SchemaName)}({Reader})");
        for (var i = 0; i < record.Properties.Count; i++)
            code.Line($"{record.Properties[i].Value.Type} p{i} = {Read(record.Properties[i].Value, null)};");
        code.Line($"return {Code.Construct(record)};");
        code.Close();
        code.Line();
    }

    private void EmitResolved(RecordShape record)
    {
        code.Open($"private static {record.Type} ReadAvro{Code.Suffix(record.SchemaName)}({Reader}, {Plan})");
        code.Open("if (plan.BeginsAlike)");
        code.Line($"var straight = ReadAvro{Code.Suffix(record.SchemaName)}(ref reader);");
        code.Line($"reader.SkipBehind(plan, {record.Properties.Count});");
        code.Line("return straight;");
        code.Close();
        for (var i = 0; i < record.Properties.Count; i++)
            code.Line($"{record.Properties[i].Value.Type} p{i} = {record.Properties[i].Default?.CSharp ?? "default!"};");
        code.Open("foreach (var step in plan.Steps)");
        code.Open("switch (step.Field)");
        for (var i = 0; i < record.Properties.Count; i++)
        {
            code.Line($"case {i}:");
            code.Line($"    p{i} = {Read(record.Properties[i].Value, "step.Plan")};");
            code.Line("    break;");
        }
        code.Line("default:");
        code.Line("    reader.Skip(step.Plan);");
        code.Line("    break;");
        code.Close();
        code.Close();
        code.Line($"return {Code.Construct(record)};");
        code.Close();
        code.Line();
    }

    /// <summary>Reads a value, as C#.</summary>
    /// <param name="shape">The value's shape.</param>
    /// <param name="plan">Its plan, as C#; null where it is written in the contract's own schema.</param>
    private string Read(ValueShape shape, string? plan)
    {
        var chosen = plan is null ? "" : $", reader.Choose({plan})";
        switch (shape)
        {
            case ScalarShape scalar:
                return ReadScalar(scalar, plan);
            case NullableShape { Inner.Travelling: HierarchyShape hierarchy } nullable when plan is null:
                var index = $"v{_localCount++}";
                return $"reader.ReadIndex({hierarchy.Cases.Count + 1}) is > 0 and var {index} ? {Wrap(nullable.Inner, $"ReadAvroCase{Code.Suffix(hierarchy.Name)}(ref reader, {index} - 1)")} : null";
            case NullableShape nullable when plan is null:
                return $"reader.ReadIndex(2) == 0 ? null : ({nullable.Type}){Read(nullable.Inner, null)}";
            case NullableShape nullable:
                var local = $"v{_localCount++}";
                var value = nullable.Inner.Travelling is HierarchyShape cases
                    ? Wrap(nullable.Inner, $"ReadAvroCase{Code.Suffix(cases.Name)}(ref reader, {local}, 1)")
                    : Read(nullable.Inner, local);
                return $"reader.Choose({plan}) is {{ IsNull: false }} {local} ? ({nullable.Type}){value} : null";
            case WrapperShape wrapper:
                return Code.Construct(wrapper, Read(wrapper.Inner, plan));
            case EnumShape symbols:
                return plan is null
                    ? $"FromIndex{Code.Suffix(symbols.Name)}(reader.ReadIndex({symbols.Symbols.Count}))"
                    : $"FromIndex{Code.Suffix(symbols.Name)}(reader.ReadSymbol(reader.Choose({plan})))";
            case RecordShape record:
                return $"ReadAvro{Code.Suffix(record.SchemaName)}(ref reader{chosen})";
            case HierarchyShape hierarchy:
                return plan is null
                    ? $"ReadAvroCase{Code.Suffix(hierarchy.Name)}(ref reader, reader.ReadIndex({hierarchy.Cases.Count}))"
                    : $"ReadAvroCase{Code.Suffix(hierarchy.Name)}(ref reader{chosen}, 0)";
            default:
                // Both readers of a record meet the collection; it has one method of each kind.
                if (!_methods.TryGetValue(shape, out var method))
                {
                    _methods.Add(shape, method = $"ReadAvroItems{_methods.Count}");
                    _collections.Enqueue((method, shape));
                }
                return $"{method}(ref reader{chosen})";
        }
    }

    private static string Wrap(ValueShape shape, string value) =>
        shape is WrapperShape wrapper ? Code.Construct(wrapper, Wrap(wrapper.Inner, value)) : value;

    private static string ReadScalar(ScalarShape shape, string? plan)
    {
        var reader = plan is null ? "reader" : $"reader.At({plan})";
        var number = plan is null ? "" : $"reader.Choose({plan})";
        return shape.Scalar switch
        {
            Scalar.Boolean => $"{reader}.ReadBoolean()",
            Scalar.SByte or Scalar.Byte or Scalar.Int16 or Scalar.UInt16 =>
                $"({shape.Type}){reader}.ReadInteger({shape.Type}.MinValue, {shape.Type}.MaxValue)",
            Scalar.Int32 => $"{reader}.ReadInt()",
            Scalar.UInt32 => $"(uint){reader}.ReadLong(0, uint.MaxValue)",
            Scalar.Int64 => $"{reader}.ReadLong()",
            Scalar.Single => $"{Scalars}.Finite(ref reader, reader.ReadFloat({number}))",
            Scalar.Double => $"{Scalars}.Finite(ref reader, reader.ReadDouble({number}))",
            Scalar.String => $"{reader}.ReadString()",
            Scalar.Decimal => $"{Scalars}.ReadDecimal(ref {reader}, {shape.Precision}, {shape.Scale})",
            _ => $"{Scalars}.Read{shape.Scalar}(ref {reader})",
        };
    }

    private void EmitItems(string method, ValueShape shape, bool planned)
    {
        code.Open($"private static {shape.Type} {method}({Reader}{(planned ? ", " + Plan : "")})");
        var item = planned ? "plan.Item" : null;
        var next = planned ? "reader.NextBlock(plan.MayItemBeEmpty)" : "reader.NextBlock()";
        switch (shape)
        {
            case ListShape { IsArray: true } array:
                // Into the array that is kept: a builder is an object more, and copies what it did not know the number of.
                code.Line($"var left = {next};");
                code.Line("if (left == 0)");
                code.Line("    return [];");
                code.Line($"var items = new {array.Item.Type}[reader.Capacity(left)];");
                code.Line("var count = 0;");
                EmitBlocks(
                    next,
                    () =>
                    {
                        code.Line("if (count == items.Length)");
                        code.Line("    reader.Grow(ref items, left);");
                        code.Line($"items[count++] = {Read(array.Item, item)};");
                    }
                );
                code.Line($"return {Code.Serialization}.Avro.Reading.AvroReader.Items(items, count);");
                break;
            case ListShape list:
                code.Line($"var left = {next};");
                code.Line($"var items = global::System.Collections.Immutable.{list.Factory}.CreateBuilder<{list.Item.Type}>();");
                EmitBlocks(next, () => code.Line($"items.Add({Read(list.Item, item)});"));
                code.Line("return items.ToImmutable();");
                break;
            case SetShape set:
                var comparer = set.IsOrdinal ? Code.Ordinal : "";
                code.Line($"var left = {next};");
                code.Line($"var items = global::System.Collections.Immutable.{set.Factory}.CreateBuilder<{set.Item.Type}>({comparer});");
                EmitBlocks(next, () => code.Line($"items.Add({Read(set.Item, item)});"));
                code.Line("return items.ToImmutable();");
                break;
            default:
                EmitMap((MapShape)shape, next, item);
                break;
        }
        code.Close();
        code.Line();
    }

    private void EmitMap(MapShape map, string next, string? item)
    {
        code.Line($"var left = {next};");
        code.Line(
            $"var entries = global::System.Collections.Immutable.{map.Factory}.CreateBuilder<string, {map.Value.Type}>({Code.Ordinal});"
        );
        EmitBlocks(
            next,
            () =>
            {
                code.Line("var start = reader.Position;");
                code.Line("var key = reader.ReadString();");
                code.Line("if (entries.ContainsKey(key))");
                code.Line("    throw reader.FailAt(start, $\"the key '{key}' is given twice\");");
                code.Line($"entries.Add(key, {Read(map.Value, item)});");
            }
        );
        code.Line("return entries.ToImmutable();");
    }

    private void EmitBlocks(string next, Action emitItem)
    {
        code.Open($"for (; left > 0; left = {next})");
        code.Open("for (; left > 0; left--)");
        emitItem();
        code.Close();
        code.Close();
    }

    // Equal shapes at two places read alike; they keep a method each, named in the order in which they are met.
    private sealed class ReferenceComparer : IEqualityComparer<ValueShape>
    {
        public static ReferenceComparer Instance { get; } = new();

        public bool Equals(ValueShape? x, ValueShape? y) => ReferenceEquals(x, y);

        public int GetHashCode(ValueShape shape) => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(shape);
    }
}
