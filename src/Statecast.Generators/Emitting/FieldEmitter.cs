using Statecast.Generators.Shapes;

namespace Statecast.Generators.Emitting;

/// <summary>Emits the fields of a contract that can be read from a body by themselves: the top-level ones whose values have a text that tells them apart.</summary>
internal sealed class FieldEmitter(CodeWriter code, ContractShape contract)
{
    private readonly List<(PropertyShape Property, ValueShape Value, int Number)> _fields =
    [
        .. contract
            .State.Properties.Select(
                (property, number) => (property, Value: property.Value is NullableShape n ? n.Inner : property.Value, number)
            )
            .Where(field => contract.HasFields && field.Value.Travelling is EnumShape or ScalarShape { Scalar: not Scalar.Bytes }),
    ];

    /// <summary>The class by whose members users name the fields, nested in the contract.</summary>
    public void EmitClass()
    {
        if (_fields.Count == 0)
            return;
        code.Line("/// <summary>Fields that can be read without the rest of the state, for indexes.</summary>");
        code.Open("public static class Fields");
        foreach (var (property, value, number) in _fields)
        {
            var type = $"{Code.Contracts}.StateField<{contract.State.Type}, {value.Type}>";
            var (name, methods) = (Code.Identifier(property.Name), $"GeneratedContract.Field{number}");
            code.Line($"/// <summary>The field <c>{property.WireName}</c>.</summary>");
            code.Line(
                $"public static {type} {name} {{ get; }} = new({Code.Quote(property.WireName)}, {number}, {methods}, {methods}, {methods});"
            );
        }
        code.Close();
        code.Line();
    }

    /// <summary>What takes each field from a state, from JSON and from Avro.</summary>
    public void EmitMethods(JsonReadEmitter json, AvroReadEmitter avro)
    {
        foreach (var (property, value, number) in _fields)
        {
            code.Open($"internal static bool Field{number}({contract.State.Type} state, out {value.Type} value)");
            if (property.Value is NullableShape)
                EmitNull(code, $"{Code.Access("state", property.Name)} is not {{ }} present");
            code.Line($"value = {(property.Value is NullableShape ? "present" : Code.Access("state", property.Name))};");
            code.Line("return true;");
            code.Close();
            code.Line();
            json.EmitField($"internal static bool Field{number}", property.Value, value);
            avro.EmitField($"internal static bool Field{number}", property.Value, value);
        }
    }

    /// <summary>The way out of a method for a field that is null.</summary>
    public static void EmitNull(CodeWriter code, string condition)
    {
        code.Open($"if ({condition})");
        code.Line("value = default!;");
        code.Line("return false;");
        code.Close();
    }
}
