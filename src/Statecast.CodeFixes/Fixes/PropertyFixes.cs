using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;
using Statecast.CodeFixes.Applying;
using Statecast.Generators.Rules;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace Statecast.CodeFixes.Fixes;

/// <summary>Writes 'init' for 'set', and 'readonly' before a struct whose positional properties could be changed.</summary>
internal sealed class MutablePropertyFix() : ContractFix(RuleIds.MutableProperty)
{
    public override Task<Mend?> FindAsync(Place place, CancellationToken ct)
    {
        if (
            place.Declaration is PropertyDeclarationSyntax property
            && property.AccessorList?.Accessors.FirstOrDefault(a => a.IsKind(SyntaxKind.SetAccessorDeclaration)) is { } setter
        )
            return Found(
                $"Make '{property.Identifier.ValueText}' init-only",
                new NodeEdit(place.Document, setter, (node, _) => Syntax.Init((AccessorDeclarationSyntax)node))
            );
        var type = place.Declaration is ParameterSyntax ? place.Declaration.FirstAncestorOrSelf<RecordDeclarationSyntax>() : null;
        return type is not null && type.IsKind(SyntaxKind.RecordStructDeclaration)
            ? Found(
                $"Make '{type.Identifier.ValueText}' readonly",
                new NodeEdit(
                    place.Document,
                    type,
                    (node, _) => Syntax.WithModifier((TypeDeclarationSyntax)node, SyntaxKind.ReadOnlyKeyword)
                )
            )
            : Nothing;
    }
}

/// <summary>Adds 'init', or makes the one that is there as visible as the property.</summary>
internal sealed class SettableFix() : ContractFix(RuleIds.NotSettable)
{
    public override Task<Mend?> FindAsync(Place place, CancellationToken ct) =>
        place.Declaration is PropertyDeclarationSyntax { AccessorList: { } accessors } property
            ? Found(
                $"Add 'init' to '{property.Identifier.ValueText}'",
                new NodeEdit(place.Document, accessors, (node, _) => WithInit(node))
            )
            : Nothing;

    private static AccessorListSyntax WithInit(SyntaxNode node)
    {
        var list = (AccessorListSyntax)node;
        return list.Accessors.FirstOrDefault(a => a.IsKind(SyntaxKind.InitAccessorDeclaration)) is { } hidden
            ? list.ReplaceNode(hidden, Syntax.Init(hidden))
            : list.AddAccessors(Syntax.Init(null)).WithAdditionalAnnotations(Formatter.Annotation);
    }
}

/// <summary>Makes a public field a property.</summary>
internal sealed class FieldFix() : ContractFix(RuleIds.PublicField)
{
    public override Task<Mend?> FindAsync(Place place, CancellationToken ct) =>
        place.Declaration.Parent?.Parent is FieldDeclarationSyntax { Declaration.Variables: [var only] } field
            ? Found($"Make '{only.Identifier.ValueText}' a property", new NodeEdit(place.Document, field, (node, _) => AsProperty(node)))
            : Nothing;

    private static SyntaxNode AsProperty(SyntaxNode node)
    {
        if (node is not FieldDeclarationSyntax { Declaration: { Variables: [var variable] } declaration } field)
            return node;
        var property = PropertyDeclaration(declaration.Type, variable.Identifier.WithTrailingTrivia(Space))
            .WithAttributeLists(field.AttributeLists)
            .WithModifiers(TokenList(field.Modifiers.Where(m => !m.IsKind(SyntaxKind.ReadOnlyKeyword))))
            .WithAccessorList(
                AccessorList(
                    List([
                        AccessorDeclaration(SyntaxKind.GetAccessorDeclaration).WithSemicolonToken(Token(SyntaxKind.SemicolonToken)),
                        Syntax.Init(null),
                    ])
                )
            );
        if (variable.Initializer is { } value)
            property = property.WithInitializer(value).WithSemicolonToken(Token(SyntaxKind.SemicolonToken));
        return property.WithTriviaFrom(field).WithAdditionalAnnotations(Formatter.Annotation);
    }
}
