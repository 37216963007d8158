using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Statecast.Generators.Rules;

namespace Statecast.CodeFixes.Fixes;

/// <summary>What a diagnostic points at.</summary>
internal sealed class Place(Document document, Diagnostic diagnostic, SyntaxNode declaration, SemanticModel model)
{
    public Document Document { get; } = document;

    /// <summary>A parameter, a property, a field's variable or a type.</summary>
    public SyntaxNode Declaration { get; } = declaration;

    public SemanticModel Model { get; } = model;

    public static async Task<Place?> FindAsync(Document document, Diagnostic diagnostic, CancellationToken ct)
    {
        var root = await document.GetSyntaxRootAsync(ct).ConfigureAwait(false);
        var model = await document.GetSemanticModelAsync(ct).ConfigureAwait(false);
        var declaration = root
            ?.FindToken(diagnostic.Location.SourceSpan.Start)
            .Parent?.AncestorsAndSelf()
            .FirstOrDefault(n =>
                n is ParameterSyntax or PropertyDeclarationSyntax or VariableDeclaratorSyntax or BaseTypeDeclarationSyntax
            );
        return declaration is null || model is null ? null : new(document, diagnostic, declaration, model);
    }

    /// <summary>What the analyzer told beside the place.</summary>
    public string? Told(string key) => diagnostic.Properties.TryGetValue(key, out var value) ? value : null;

    /// <summary>The contract's own declaration, where the diagnostic points at something inside it; null if it cannot be edited.</summary>
    public async Task<(Document Document, TypeDeclarationSyntax Node)?> ContractAsync(CancellationToken ct)
    {
        var place = diagnostic.AdditionalLocations.FirstOrDefault() ?? diagnostic.Location;
        if (Document.Project.Solution.GetDocument(place.SourceTree) is not { } document)
            return null;
        var root = await document.GetSyntaxRootAsync(ct).ConfigureAwait(false);
        return
            root?.FindToken(place.SourceSpan.Start).Parent?.AncestorsAndSelf().OfType<TypeDeclarationSyntax>().FirstOrDefault() is { } node
            ? (document, node)
            : null;
    }

    /// <summary>The syntax, within the declared type, of the type that the analyzer means.</summary>
    public TypeSyntax? MeantType(CancellationToken ct)
    {
        var declared = Declaration switch
        {
            ParameterSyntax parameter => parameter.Type,
            PropertyDeclarationSyntax property => property.Type,
            _ => null,
        };
        var meant = Shown(Told(MendKeys.Type));
        return declared
            ?.DescendantNodesAndSelf()
            .OfType<TypeSyntax>()
            .FirstOrDefault(t =>
                t is not NullableTypeSyntax
                && Shown(Model.GetTypeInfo(t, ct).Type?.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat)) == meant
            );
    }

    // Whether null is allowed is seen differently from outside and from inside a type; it does not tell types apart.
    private static string? Shown(string? type) => type?.Replace("?", "");

    /// <summary>The symbol of that type.</summary>
    public INamedTypeSymbol? MeantSymbol(CancellationToken ct) =>
        MeantType(ct) is { } type ? Model.GetTypeInfo(type, ct).Type as INamedTypeSymbol : null;

    /// <summary>Where a symbol is written, as far as that can be edited: not in another assembly, nor in generated code.</summary>
    public (Document Document, TSyntax Node)? Written<TSyntax>(ISymbol symbol, CancellationToken ct)
        where TSyntax : SyntaxNode
    {
        foreach (var reference in symbol.DeclaringSyntaxReferences)
            if (Document.Project.Solution.GetDocument(reference.SyntaxTree) is { } document && reference.GetSyntax(ct) is TSyntax node)
                return (document, node);
        return null;
    }
}
