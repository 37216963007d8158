using Statecast.Generators.Shapes;

namespace Statecast.Generators.Emitting;

/// <summary>Emits how a set's items are brought into the order in which they travel; what is written afterwards are items as they travel.</summary>
internal static class SetItems
{
    /// <summary>The ordered items, as generated code names them.</summary>
    public const string Span = "items.Span";

    /// <summary>Collects and orders the items of <c>value</c>. Gives the shape in which each is written; an enum's is null: it is its symbol's index.</summary>
    public static ScalarShape? Collect(CodeWriter code, SetShape set, string path)
    {
        var at = Code.Quote(path);
        var (shape, item) = Code.Unwrap(set.Item, "item");
        var (type, travelling) = shape switch
        {
            EnumShape symbols => ("int", $"Index{Code.Suffix(symbols.Name)}({item}, {at})"),
            ScalarShape scalar => Travelling(scalar, item, at),
            _ => throw new InvalidOperationException($"A set of {shape.GetType().Name} has no order."),
        };
        code.Line($"var items = new {Code.Serialization}.SetItems<{type}>({Code.Domain}.Present(value, {at}).Count);");
        code.Line("foreach (var item in value)");
        code.Line($"    items.Add({travelling});");
        code.Line("items.Order();");
        return shape is ScalarShape { Scalar: Scalar.DateTimeOffset } ? new(type, Scalar.DateTime) : shape as ScalarShape;
    }

    /// <summary>The C# type of an item as it travels.</summary>
    public static string TypeOf(SetShape set) =>
        Code.Unwrap(set.Item, "").Shape is ScalarShape scalar ? Travelling(scalar, "", "").Type : "int";

    public static void Release(CodeWriter code) => code.Line("items.Dispose();");

    /// <summary>The enum of a set's items.</summary>
    public static EnumShape EnumOf(SetShape set) => (EnumShape)Code.Unwrap(set.Item, "").Shape;

    private static (string Type, string Value) Travelling(ScalarShape shape, string item, string at) =>
        shape.Scalar switch
        {
            Scalar.String => (shape.Type, $"{Code.Domain}.Text({item}, {at})"),
            Scalar.Decimal => (shape.Type, $"{Code.Domain}.Decimal({item}, {shape.Precision}, {shape.Scale}, {at})"),
            Scalar.DateTimeOffset => ("global::System.DateTime", $"{Code.Domain}.Instant({item})"),
            Scalar.DateTime => (shape.Type, $"{Code.Domain}.Instant({item}, {at})"),
            Scalar.TimeOnly or Scalar.TimeSpan => (shape.Type, $"{Code.Domain}.Cut({item})"),
            _ => (shape.Type, item),
        };
}
