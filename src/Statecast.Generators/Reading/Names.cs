using Microsoft.CodeAnalysis;

namespace Statecast.Generators.Reading;

/// <summary>Names in C# and on the wire.</summary>
internal static class Names
{
    private static readonly SymbolDisplayFormat Qualified = SymbolDisplayFormat.FullyQualifiedFormat.AddMiscellaneousOptions(
        SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier
    );

    /// <summary>The type as generated code writes it, without an annotation at the outside.</summary>
    public static string Of(ITypeSymbol type) => type.WithNullableAnnotation(NullableAnnotation.NotAnnotated).ToDisplayString(Qualified);

    /// <summary>As people write it.</summary>
    public static string Shown(ISymbol symbol) => symbol.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);

    /// <summary>camelCase as JSON serializers make it: a leading run of capitals is lowered up to the one that begins a word.</summary>
    public static string Camel(string name)
    {
        var chars = name.ToCharArray();
        for (var i = 0; i < chars.Length && char.IsUpper(chars[i]); i++)
        {
            if (i > 0 && i + 1 < chars.Length && !char.IsUpper(chars[i + 1]))
                break;
            chars[i] = char.ToLowerInvariant(chars[i]);
        }
        return new(chars);
    }

    /// <summary>Whether Avro takes it as a name.</summary>
    public static bool IsWireName(string? name) =>
        name is { Length: > 0 }
        && !(name[0] is >= '0' and <= '9')
        && name.All(c => c is >= 'a' and <= 'z' or >= 'A' and <= 'Z' or >= '0' and <= '9' or '_');

    /// <summary>Whether it is a contract's name.</summary>
    public static bool IsContractName(string? name) =>
        name is { Length: > 0 and <= 128 }
        && name.Split('.')
            .All(part =>
                part.Length > 0 && part[0] is >= 'a' and <= 'z' && part.All(c => c is >= 'a' and <= 'z' or >= '0' and <= '9' or '-')
            );

    public static bool Is(INamedTypeSymbol type, string ns, string metadataName) =>
        type.MetadataName == metadataName && type.ContainingType is null && type.ContainingNamespace?.ToDisplayString() == ns;
}
