using Statecast.Generators.Shapes;

namespace Statecast.Generators.Emitting;

/// <summary>Emits the key: its type if it is composite, how it is taken from a state, and its text form in both directions.</summary>
internal sealed class KeyEmitter(CodeWriter code, ContractShape contract)
{
    private readonly IReadOnlyList<PropertyShape> _parts = contract.Keys;

    /// <summary>The key's type.</summary>
    public string Type => _parts.Count == 1 ? _parts[0].Value.Type : $"{contract.State.Type}.Key";

    /// <summary>The struct of a composite key, nested in the contract.</summary>
    public void EmitStruct()
    {
        if (_parts.Count == 1)
            return;
        code.Line("/// <summary>What identifies one piece of this contract's state.</summary>");
        foreach (var part in _parts)
            code.Line($"/// <param name=\"{part.Name}\">One part of the key.</param>");
        var parameters = _parts.Select(p => $"{p.Value.Type} {Code.Identifier(p.Name)}");
        code.Line($"public readonly record struct Key({string.Join(", ", parameters)});");
        code.Line();
    }

    public void EmitMethods()
    {
        var from = _parts.Select(p => Code.Access("state", p.Name));
        code.Line(
            $"public override {Type} KeyOf({contract.State.Type} state) => {(_parts.Count == 1 ? from.First() : $"new({string.Join(", ", from)})")};"
        );
        code.Line();
        if (_parts.Count == 1)
            EmitSingleFormat();
        else
            EmitCompositeFormat();
        code.Line();
        code.Open($"public override {Type} ParseKey(string text)");
        code.Line($"var reader = new {Code.Contracts}.KeyTextReader(text);");
        var parsed = _parts.Select(p => Parse(p.Value));
        code.Line(_parts.Count == 1 ? $"var key = {parsed.First()};" : $"var key = new {Type}({string.Join(", ", parsed)});");
        code.Line("reader.End();");
        code.Line("return key;");
        code.Close();
        code.Line();
        foreach (
            var symbols in _parts
                .Select(p => Code.Unwrap(p.Value, "").Shape)
                .OfType<EnumShape>()
                .GroupBy(e => e.Type)
                .Select(g => g.First())
        )
            EmitSymbols(symbols);
    }

    private void EmitSingleFormat()
    {
        var path = Path(_parts[0]);
        var (shape, value) = Code.Unwrap(_parts[0].Value, "key");
        var text = shape is EnumShape symbols
            ? $"Symbol{Code.Suffix(symbols.Name)}({value}, {path})"
            : $"{Code.Contracts}.KeyText.Of({path}, {value})";
        code.Line($"public override string FormatKey({Type} key) => {text};");
    }

    private void EmitCompositeFormat()
    {
        code.Open($"public override string FormatKey({Type} key)");
        code.Line($"var text = new {Code.Contracts}.KeyTextWriter(stackalloc char[{Code.Contracts}.KeyText.MaxBytes]);");
        foreach (var part in _parts)
        {
            var (shape, value) = Code.Unwrap(part.Value, Code.Access("key", part.Name));
            code.Line(
                shape is EnumShape symbols
                    ? $"text.Add({Path(part)}, Symbol{Code.Suffix(symbols.Name)}({value}, {Path(part)}));"
                    : $"text.Add({Path(part)}, {value});"
            );
        }
        code.Line("return text.ToString();");
        code.Close();
    }

    private void EmitSymbols(EnumShape shape)
    {
        code.Open($"private static string Symbol{Code.Suffix(shape.Name)}({shape.Type} value, string path) => value switch");
        foreach (var symbol in shape.Symbols)
            code.Line($"{Code.Member(shape, symbol)} => {Code.Quote(symbol)},");
        code.Line($"_ => throw {Code.Domain}.NoSymbol(path, {Code.Quote(shape.Name)}, unchecked((long)value)),");
        code.Close(";");
        code.Line();
        code.Open(
            $"private static {shape.Type} ParseSymbol{Code.Suffix(shape.Name)}(ref {Code.Contracts}.KeyTextReader reader) => reader.ReadSymbol() switch"
        );
        foreach (var symbol in shape.Symbols)
            code.Line($"{Code.Quote(symbol)} => {Code.Member(shape, symbol)},");
        code.Line($"_ => throw reader.Malformed({Code.Quote($"a member of {shape.Name} is expected")}),");
        code.Close(";");
        code.Line();
    }

    private string Path(PropertyShape part) => Code.Quote($"{contract.State.Name}.{part.Name}");

    private static string Parse(ValueShape shape) =>
        shape switch
        {
            WrapperShape wrapper => Code.Construct(wrapper, Parse(wrapper.Inner)),
            EnumShape symbols => $"ParseSymbol{Code.Suffix(symbols.Name)}(ref reader)",
            ScalarShape { Scalar: Scalar.String } => "reader.ReadString()",
            ScalarShape { Scalar: Scalar.Guid } => "reader.ReadGuid()",
            ScalarShape { Scalar: Scalar.DateOnly } => "reader.ReadDateOnly()",
            ScalarShape { Scalar: Scalar.UInt64 } => "reader.ReadUInt64()",
            _ => $"({shape.Type})reader.ReadInt64({shape.Type}.MinValue, {shape.Type}.MaxValue)",
        };
}
