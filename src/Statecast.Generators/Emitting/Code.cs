using System.Text;
using Microsoft.CodeAnalysis.CSharp;
using Statecast.Generators.Shapes;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Generators.Emitting;

/// <summary>Pieces of C# that several emitters write.</summary>
internal static class Code
{
    public const string Contracts = "global::Statecast.Contracts";
    public const string Serialization = "global::Statecast.Serialization";
    public const string Patches = Serialization + ".Patches";
    public const string Domain = Serialization + ".ValueDomain";
    public const string JsonReader = Serialization + ".Json.JsonStateReader";
    public const string JsonScalar = Serialization + ".Json.JsonScalarReader";
    public const string Ordinal = "global::System.StringComparer.Ordinal";
    public const string JsonText = "global::System.Text.Json.JsonEncodedText";

    /// <summary>A C# string literal.</summary>
    public static string Quote(string text) => SymbolDisplay.FormatLiteral(text, quote: true);

    /// <summary>A JSON string literal.</summary>
    public static string QuoteJson(string text)
    {
        var quoted = new StringBuilder();
        SchemaJson.WriteText(quoted, text);
        return quoted.ToString();
    }

    public static string Identifier(string name) => SyntaxFacts.GetKeywordKind(name) != SyntaxKind.None ? "@" + name : name;

    public static string Access(string value, string property) => $"{value}.{Identifier(property)}";

    public static string Member(EnumShape shape, string symbol) => $"{shape.Type}.{Identifier(symbol)}";

    /// <summary>A value as it travels: what is within its wrappers, and how C# gets at it.</summary>
    public static (ValueShape Shape, string Value) Unwrap(ValueShape shape, string value) =>
        shape is WrapperShape wrapper ? Unwrap(wrapper.Inner, Access(value, wrapper.Property)) : (shape, value);

    /// <summary>A record's value, looked at for null where it can be null in spite of its type.</summary>
    public static string Present(RecordShape record, string value, string path) =>
        record.IsStruct ? value : $"{Domain}.Present({value}, {Quote(path)})";

    public static string Construct(WrapperShape shape, string inner) =>
        shape.ByConstructor ? $"new {shape.Type}({inner})" : $"new {shape.Type} {{ {Identifier(shape.Property)} = {inner} }}";

    /// <summary>A record made of the locals <c>p0</c>, <c>p1</c> and so on, one for each property.</summary>
    public static string Construct(RecordShape record)
    {
        var arguments = new SortedDictionary<int, string>();
        var initializers = new List<string>();
        for (var i = 0; i < record.Properties.Count; i++)
            if (record.Properties[i].ConstructorIndex is >= 0 and var position)
                arguments.Add(position, $"p{i}");
            else
                initializers.Add($"{Identifier(record.Properties[i].Name)} = p{i}");
        var construct = $"new {record.Type}({string.Join(", ", arguments.Values)})";
        return initializers.Count == 0 ? construct : $"{construct} {{ {string.Join(", ", initializers)} }}";
    }

    /// <summary>A type's name within its schema, which tells it from all others there.</summary>
    public static string Suffix(string name) => "_" + name;
}
