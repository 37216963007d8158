using Statecast.Generators.Shapes;

namespace Statecast.Generators.Emitting;

/// <summary>
/// Emits a contract's patches: for each record which of its fields differ and a state made of another with those changed, for each hierarchy the
/// choice of the case. Both encodings share it; what differs between them is the core's.
/// </summary>
internal sealed class PatchEmitter(CodeWriter code, PatchValueEmitter values)
{
    private const string Writer = "ref " + Code.Patches + ".PatchWriter writer";
    private const string Reader = "ref " + Code.Patches + ".PatchReader reader";

    public void Emit(ContractShape contract, ShapeWalk walk)
    {
        var type = contract.State.Type;
        var edit = PatchValueEmitter.EditOf(contract.State.SchemaName);
        code.Line("public override bool HasPatches => true;");
        code.Line();
        code.Open($"public override bool TryWritePatch({Writer}, {type} before, {type} after)");
        code.Line($"{edit}.Write(ref writer, before, after);");
        code.Line("return true;");
        code.Close();
        code.Line();
        code.Line($"public override {type} ApplyPatch({Reader}, {type} before) => {edit}.Apply(ref reader, before);");
        code.Line();
        foreach (var record in walk.Records)
            Emit(record);
        foreach (var hierarchy in walk.Hierarchies)
            Emit(hierarchy);
    }

    private void Emit(RecordShape record)
    {
        var fields = record.Properties.Select(p => values.Emit(p.Value, $"{record.Name}.{p.Name}")).ToList();
        Open(record.SchemaName, record.Type);
        var aliases = record.Properties.SelectMany((p, i) => p.Aliases.Select(a => $", ({Code.Quote(a)}, {i})"));
        code.Line(
            $"private static readonly {Code.Patches}.PatchNames Fields = new(Names{Code.Suffix(record.SchemaName)}, {record.FirstName}{string.Concat(aliases)});"
        );
        for (var i = 0; i < fields.Count; i++)
            code.Line($"private static readonly {Code.Patches}.PatchValue<{record.Properties[i].Value.Type}> V{i} = {fields[i]};");
        code.Line();
        EmitWrite(record);
        EmitApply(record);
        code.Close();
        code.Line();
    }

    private void EmitWrite(RecordShape record)
    {
        var names = "Names" + Code.Suffix(record.SchemaName);
        code.Open($"public override void Write({Writer}, {record.Type} before, {record.Type} after)");
        code.Line($"global::System.Span<byte> changed = stackalloc byte[{(record.Properties.Count + 7) / 8}];");
        for (var i = 0; i < record.Properties.Count; i++)
            code.Line(
                record.Properties[i].IsKey
                    ? $"V{i}.RequireSame(ref writer, {Both(record.Properties[i])}, {Code.Quote(record.Properties[i].WireName)});"
                    : $"V{i}.Compare(ref writer, {Both(record.Properties[i])}, changed, {i});"
            );
        code.Line("writer.BeginFields(changed);");
        if (record.CaseName is not null)
            code.Line($"writer.WriteCase({names}[0], Case{Code.Suffix(record.SchemaName)});");
        for (var i = 0; i < record.Properties.Count; i++)
        {
            if (record.Properties[i].IsKey)
                continue;
            code.Line($"if (writer.BeginField(changed, {i}, {names}[{record.FirstName + i}]))");
            code.Line($"    V{i}.Write(ref writer, {Both(record.Properties[i])});");
        }
        code.Line("writer.EndFields();");
        code.Close();
        code.Line();
    }

    private void EmitApply(RecordShape record)
    {
        code.Open($"public override {record.Type} Apply({Reader}, {record.Type} before)");
        for (var i = 0; i < record.Properties.Count; i++)
            code.Line($"{record.Properties[i].Value.Type} p{i} = {Code.Access("before", record.Properties[i].Name)};");
        code.Line("for (var fields = reader.BeginFields(Fields); reader.Next(ref fields, Fields); )");
        code.Open("switch (fields.Index)");
        for (var i = 0; i < record.Properties.Count; i++)
        {
            code.Line($"case {i}:");
            if (record.Properties[i].IsKey)
            {
                code.Line("    throw reader.KeyIsFixed();");
                continue;
            }
            code.Line($"    p{i} = V{i}.Apply(ref reader, p{i});");
            code.Line("    break;");
        }
        code.Close();
        code.Line($"return {Code.Construct(record)};");
        code.Close();
    }

    private void Emit(HierarchyShape hierarchy)
    {
        var (type, cases) = (hierarchy.Type, hierarchy.Cases);
        Open(hierarchy.Name, type);
        code.Line($"public override bool Fits({type} before, {type} after) => before.GetType() == after.GetType();");
        code.Line();
        code.Open($"public override void Write({Writer}, {type} before, {type} after)");
        code.Open("switch (after)");
        for (var i = 0; i < cases.Count; i++)
        {
            code.Line($"case {cases[i].Type} one:");
            code.Line($"    writer.WriteCase({i});");
            code.Line($"    {PatchValueEmitter.EditOf(cases[i].SchemaName)}.Write(ref writer, ({cases[i].Type})before, one);");
            code.Line("    break;");
        }
        code.Close();
        code.Close();
        code.Line();
        // The order of the names among which JSON's are found: each case's, and its earlier ones.
        var owners = cases.SelectMany((one, i) => one.Aliases.Select(_ => i).Prepend(i));
        code.Open($"public override {type} Apply({Reader}, {type} before)");
        code.Line(
            $"var index = reader.ReadCase(Cases{Code.Suffix(hierarchy.Name)}, [{string.Join(", ", owners)}], {cases.Count}, {Code.Quote(hierarchy.Name)});"
        );
        for (var i = 0; i < cases.Count; i++)
        {
            code.Line($"if (index == {i} && before is {cases[i].Type} c{i})");
            code.Line($"    return {PatchValueEmitter.EditOf(cases[i].SchemaName)}.Apply(ref reader, c{i});");
        }
        code.Line("throw reader.OtherCase(before);");
        code.Close();
        code.Close();
        code.Line();
    }

    private void Open(string name, string type)
    {
        code.Open($"private sealed class Edit{Code.Suffix(name)} : {Code.Patches}.PatchEdit<{type}>");
        code.Line($"public static readonly Edit{Code.Suffix(name)} Instance = new();");
    }

    private static string Both(PropertyShape property) => $"{Code.Access("before", property.Name)}, {Code.Access("after", property.Name)}";
}
