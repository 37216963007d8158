using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.FindSymbols;
using Statecast.CodeFixes.Applying;
using Statecast.Generators.Rules;

namespace Statecast.CodeFixes.Fixes;

/// <summary>Marks the property that looks like an id.</summary>
internal sealed class KeyFix() : ContractFix(RuleIds.NoKey)
{
    public override Task<Mend?> FindAsync(Place place, CancellationToken ct)
    {
        if (
            place.Told(MendKeys.Key) is not { } name
            || place.Model.GetDeclaredSymbol(place.Declaration, ct) is not INamedTypeSymbol contract
            || contract.GetMembers(name).FirstOrDefault() is not { } property
            || place.Written<SyntaxNode>(property, ct) is not var (document, node)
        )
            return Nothing;
        return Found(
            $"Mark '{name}' with [StateKey]",
            new NodeEdit(document, node, (current, generator) => Syntax.WithAttribute(generator, current, "StateKey"))
        );
    }
}

/// <summary>Writes the precision and scale of most amounts of money; a value that does not fit is refused at capture, so it is safe to begin with.</summary>
internal sealed class DecimalFix() : ContractFix(RuleIds.DecimalWithoutPrecision)
{
    public override Task<Mend?> FindAsync(Place place, CancellationToken ct) =>
        Found(
            "Add [Decimal(18, 2)]",
            new NodeEdit(
                place.Document,
                place.Declaration,
                (node, generator) =>
                    Syntax.WithAttribute(generator, node, "Decimal", generator.LiteralExpression(18), generator.LiteralExpression(2))
            )
        );
}

/// <summary>Marks the member that says by its name that it stands for what is not known. Which other member could is the author's to say.</summary>
internal sealed class EnumDefaultFix(string id) : ContractFix(id)
{
    private static readonly string[] Unknown = ["Unknown", "Unspecified", "Undefined", "None", "Other"];

    public override Task<Mend?> FindAsync(Place place, CancellationToken ct)
    {
        if (
            place.MeantSymbol(ct) is not { TypeKind: TypeKind.Enum } type
            || Unknown.SelectMany(name => type.GetMembers(name)).FirstOrDefault() is not { } member
            || place.Written<EnumMemberDeclarationSyntax>(member, ct) is not var (document, node)
        )
            return Nothing;
        return Found(
            $"Mark '{type.Name}.{member.Name}' with [EnumDefault]",
            new NodeEdit(document, node, (current, generator) => Syntax.WithAttribute(generator, current, "EnumDefault"))
        );
    }
}

/// <summary>Declares an initializer's constant as the default. What is no constant needs another form, or cannot be a default.</summary>
internal sealed class DefaultFix() : ContractFix(RuleIds.InitializerIsNoDefault)
{
    public override Task<Mend?> FindAsync(Place place, CancellationToken ct)
    {
        if (
            place.Declaration is not PropertyDeclarationSyntax { Initializer.Value: { } value } property
            || place.Model.GetDeclaredSymbol(property, ct)
                is not IPropertySymbol { Type.NullableAnnotation: not NullableAnnotation.Annotated }
            || !(IsEmpty(value) || place.Model.GetConstantValue(value, ct).Value is not (null or decimal))
        )
            return Nothing;
        SyntaxNode[] arguments = IsEmpty(value) ? [] : [value.WithoutTrivia()];
        return Found(
            arguments.Length == 0 ? "Add [Default]" : $"Add [Default({arguments[0]})]",
            new NodeEdit(place.Document, property, (node, generator) => Syntax.WithAttribute(generator, node, "Default", arguments))
        );
    }

    private static bool IsEmpty(ExpressionSyntax value) =>
        value is CollectionExpressionSyntax { Elements.Count: 0 } or MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Empty" };
}

/// <summary>Declares one case on its hierarchy.</summary>
internal sealed class DeclareCaseFix() : ContractFix(RuleIds.UndeclaredCase)
{
    public override Task<Mend?> FindAsync(Place place, CancellationToken ct) =>
        place.Told(MendKeys.Case) is { } name
        && place.Model.GetDeclaredSymbol(place.Declaration, ct)
            is INamedTypeSymbol { IsRecord: true, IsSealed: true, BaseType: { } root } type
        && place.Written<RecordDeclarationSyntax>(root, ct) is var (document, node)
            ? Found($"Declare '{type.Name}' as the case \"{name}\" of '{root.Name}'", Declare(document, node, type, name))
            : Nothing;

    public static NodeEdit Declare(Document document, SyntaxNode root, INamedTypeSymbol type, string name)
    {
        var attribute = $"StateCase<{type.ToDisplayString()}>";
        return new(
            document,
            root,
            (current, generator) => Syntax.WithAttribute(generator, current, attribute, generator.LiteralExpression(name))
        );
    }
}

/// <summary>Declares all sealed records that derive from an abstract one, in the order in which they are written.</summary>
internal sealed class DeclareAllCasesFix() : ContractFix(RuleIds.NoCases)
{
    public override async Task<Mend?> FindAsync(Place place, CancellationToken ct)
    {
        if (place.MeantSymbol(ct) is not { } root || place.Written<RecordDeclarationSyntax>(root, ct) is not var (document, node))
            return null;
        var derived = await SymbolFinder
            .FindDerivedClassesAsync(root, place.Document.Project.Solution, transitive: false, cancellationToken: ct)
            .ConfigureAwait(false);
        var edits = derived
            .Where(d => d is { IsRecord: true, IsSealed: true })
            .OrderBy(d => d.Locations[0].SourceTree?.FilePath, StringComparer.Ordinal)
            .ThenBy(d => d.Locations[0].SourceSpan.Start)
            .Select(d => DeclareCaseFix.Declare(document, node, d, char.ToLowerInvariant(d.Name[0]) + d.Name.Substring(1)))
            .ToList();
        return edits.Count == 0 ? null : new($"Declare the cases of '{root.Name}'", edits);
    }
}
