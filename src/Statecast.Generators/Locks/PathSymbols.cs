using Microsoft.CodeAnalysis;
using Statecast.Contracts.Locks;
using Statecast.Generators.Reading;

namespace Statecast.Generators.Locks;

/// <summary>Finds in code what a path in a schema speaks of.</summary>
internal static class PathSymbols
{
    /// <summary>The property that a path leads to, or the last one before it that is still there; the contract if none is.</summary>
    /// <returns>The property or the contract, and the type that is at the path.</returns>
    public static (ISymbol At, ITypeSymbol Type) Find(INamedTypeSymbol contract, string path)
    {
        ISymbol at = contract;
        ITypeSymbol type = contract;
        foreach (var step in SchemaPaths.Steps(path))
        {
            if (step is "[]" or "{}")
            {
                if (Inside(type) is not INamedTypeSymbol { TypeArguments.Length: > 0 } collection)
                    return (at, type);
                type = collection.TypeArguments[collection.TypeArguments.Length - 1];
                continue;
            }
            if (Property(Inside(type), step) is not { } property)
                return (at, Inside(type));
            at = property;
            type = property.Type;
        }
        return (at, Inside(type));
    }

    /// <summary>The type of a name in the schema, at a type that a path leads to: a case of a hierarchy, or the type itself.</summary>
    public static ISymbol Named(ITypeSymbol type, string name) =>
        type is INamedTypeSymbol root && HierarchyReader.Declared(root).FirstOrDefault(c => c.Name == name).Type is { } one ? one : type;

    // Without what does not travel: nullability, and structs that travel as their one property.
    private static ITypeSymbol Inside(ITypeSymbol type)
    {
        while (type is INamedTypeSymbol { IsValueType: true } value)
            if (value.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T)
                type = value.TypeArguments[0];
            else if (value is { IsGenericType: false, SpecialType: SpecialType.None, TypeKind: TypeKind.Struct } && Only(value) is { } only)
                type = only.Type;
            else
                break;
        return type.WithNullableAnnotation(NullableAnnotation.NotAnnotated);
    }

    // A framework's struct is a scalar.
    private static IPropertySymbol? Only(INamedTypeSymbol type)
    {
        if (type.ContainingNamespace?.ToDisplayString().StartsWith("System", StringComparison.Ordinal) == true)
            return null;
        var properties = Properties(type).ToList();
        return properties.Count == 1 && properties[0].Type.NullableAnnotation != NullableAnnotation.Annotated ? properties[0] : null;
    }

    private static IPropertySymbol? Property(ITypeSymbol type, string name)
    {
        var types = type is INamedTypeSymbol root ? HierarchyReader.Declared(root).Select(c => c.Type).Prepend(root) : [];
        var properties = types.SelectMany(Properties).ToList();
        return properties.FirstOrDefault(p => Names.Camel(p.Name) == name)
            ?? properties.FirstOrDefault(p => Aliases(p).Any(a => a.ConstructorArguments is [{ Value: string alias }] && alias == name));
    }

    private static IEnumerable<AttributeData> Aliases(IPropertySymbol property) =>
        Attributes.All(
            property,
            property.ContainingType.InstanceConstructors.SelectMany(c => c.Parameters).FirstOrDefault(p => p.Name == property.Name),
            "AliasAttribute"
        );

    private static IEnumerable<IPropertySymbol> Properties(INamedTypeSymbol type)
    {
        for (var current = type; current is not null; current = current.BaseType)
            foreach (var property in current.GetMembers().OfType<IPropertySymbol>())
                if (property is { IsStatic: false, IsIndexer: false, DeclaredAccessibility: Accessibility.Public })
                    yield return property;
    }
}
