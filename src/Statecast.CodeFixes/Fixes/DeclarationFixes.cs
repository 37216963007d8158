using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Statecast.CodeFixes.Applying;
using Statecast.Generators.Rules;

namespace Statecast.CodeFixes.Fixes;

/// <summary>Writes 'partial'.</summary>
internal sealed class PartialFix() : ContractFix(RuleIds.NotPartial)
{
    public override Task<Mend?> FindAsync(Place place, CancellationToken ct) =>
        place.Declaration is TypeDeclarationSyntax type
            ? Found(
                $"Make '{type.Identifier.ValueText}' partial",
                new NodeEdit(place.Document, type, (node, _) => Syntax.WithModifier((TypeDeclarationSyntax)node, SyntaxKind.PartialKeyword))
            )
            : Nothing;
}

/// <summary>Writes 'sealed', in place of 'abstract' too. A class or struct is not made a record: that would change what its equality is.</summary>
internal sealed class SealedContractFix() : ContractFix(RuleIds.NotSealedRecord)
{
    public override Task<Mend?> FindAsync(Place place, CancellationToken ct) =>
        place.Declaration is RecordDeclarationSyntax record && record.IsKind(SyntaxKind.RecordDeclaration)
            ? Found($"Make '{record.Identifier.ValueText}' sealed", new NodeEdit(place.Document, record, (node, _) => Seal(node)))
            : Nothing;

    private static TypeDeclarationSyntax Seal(SyntaxNode node) =>
        Syntax.WithModifier(Syntax.WithoutModifier((TypeDeclarationSyntax)node, SyntaxKind.AbstractKeyword), SyntaxKind.SealedKeyword);
}

/// <summary>Takes 'file' away.</summary>
internal sealed class FileLocalFix() : ContractFix(RuleIds.FileLocal)
{
    public override Task<Mend?> FindAsync(Place place, CancellationToken ct)
    {
        // It may stand on a type around the contract.
        var type = place
            .Declaration.AncestorsAndSelf()
            .OfType<TypeDeclarationSyntax>()
            .FirstOrDefault(t => t.Modifiers.Any(SyntaxKind.FileKeyword));
        return type is null
            ? Nothing
            : Found(
                $"Remove 'file' from '{type.Identifier.ValueText}'",
                new NodeEdit(place.Document, type, (node, _) => Syntax.WithoutModifier((TypeDeclarationSyntax)node, SyntaxKind.FileKeyword))
            );
    }
}

/// <summary>Makes a nested record sealed, wherever it is written.</summary>
internal sealed class SealedNestedFix() : ContractFix(RuleIds.NotSealedNested)
{
    public override Task<Mend?> FindAsync(Place place, CancellationToken ct) =>
        place.MeantSymbol(ct) is { IsRecord: true, IsAbstract: false } symbol
        && place.Written<RecordDeclarationSyntax>(symbol, ct) is var (document, record)
            ? Found(
                $"Make '{symbol.Name}' sealed",
                new NodeEdit(document, record, (node, _) => Syntax.WithModifier((TypeDeclarationSyntax)node, SyntaxKind.SealedKeyword))
            )
            : Nothing;
}

/// <summary>Makes a declared case sealed. What derives from something else, or is no record, is not made a case: that would change what it is.</summary>
internal sealed class SealedCaseFix() : ContractFix(RuleIds.BadCase)
{
    public override Task<Mend?> FindAsync(Place place, CancellationToken ct) =>
        place.Model.GetDeclaredSymbol(place.Declaration, ct) is INamedTypeSymbol root
        && Case(root, place.Told(MendKeys.Type)) is { IsRecord: true, IsSealed: false, IsAbstract: false, IsGenericType: false } symbol
        && SymbolEqualityComparer.Default.Equals(symbol.BaseType, root)
        && place.Written<RecordDeclarationSyntax>(symbol, ct) is var (document, record)
            ? Found(
                $"Make '{symbol.Name}' sealed",
                new NodeEdit(document, record, (node, _) => Syntax.WithModifier((TypeDeclarationSyntax)node, SyntaxKind.SealedKeyword))
            )
            : Nothing;

    private static INamedTypeSymbol? Case(INamedTypeSymbol root, string? shown) =>
        root.GetAttributes()
            .Where(a => a.AttributeClass is { Name: "StateCaseAttribute", TypeArguments.Length: 1 })
            .Select(a => a.AttributeClass!.TypeArguments[0] as INamedTypeSymbol)
            .FirstOrDefault(t => t?.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat) == shown);
}
