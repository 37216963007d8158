using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;
using Statecast.CodeFixes.Applying;
using Statecast.Generators.Rules;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace Statecast.CodeFixes.Fixes;

/// <summary>Writes the immutable collection that the diagnostic names, with the items as they are written, and an empty one where one was made.</summary>
internal sealed class ImmutableTypeFix() : ContractFix(RuleIds.MutableCollection)
{
    public override Task<Mend?> FindAsync(Place place, CancellationToken ct)
    {
        if (place.MeantType(ct) is not { } type || place.Told(MendKeys.Instead) is not { } instead || Items(type) is not { } items)
            return Nothing;
        var isMap = instead.EndsWith("Dictionary", StringComparison.Ordinal);
        // Other keys than texts would have to be converted: that is the author's to decide.
        if (isMap && (items.Count != 2 || items[0] is not PredefinedTypeSyntax { Keyword.RawKind: (int)SyntaxKind.StringKeyword }))
            return Nothing;
        var dot = instead.LastIndexOf('.');
        var name = instead.Substring(dot + 1);
        var immutable = QualifiedName(
            ParseName(instead.Substring(0, dot)),
            GenericName(Identifier(name), TypeArgumentList(SeparatedList(isMap ? items : items.Take(1))))
        );
        var edits = new List<NodeEdit>
        {
            new(
                place.Document,
                type,
                (node, _) => Syntax.Short(immutable).WithTriviaFrom(node).WithAdditionalAnnotations(Formatter.Annotation)
            ),
        };
        if (
            place.Declaration is PropertyDeclarationSyntax { Initializer.Value: { } value } property
            && IsEmpty(value)
            && IsWhole(type, property)
        )
            edits.Add(new(place.Document, value, (node, _) => Empty(isMap ? immutable : null).WithTriviaFrom(node)));
        return Found($"Use '{name}'", [.. edits]);
    }

    private static IReadOnlyList<TypeSyntax>? Items(TypeSyntax type) =>
        type switch
        {
            GenericNameSyntax generic => generic.TypeArgumentList.Arguments,
            QualifiedNameSyntax { Right: GenericNameSyntax generic } => generic.TypeArgumentList.Arguments,
            AliasQualifiedNameSyntax { Name: GenericNameSyntax generic } => generic.TypeArgumentList.Arguments,
            // The first brackets are the outermost array's.
            ArrayTypeSyntax { RankSpecifiers: [{ Rank: 1 }] } array => [array.ElementType.WithoutTrivia()],
            ArrayTypeSyntax { RankSpecifiers: [{ Rank: 1 }, ..] } array =>
            [
                array.WithRankSpecifiers(array.RankSpecifiers.RemoveAt(0)).WithoutTrivia(),
            ],
            _ => null,
        };

    private static bool IsWhole(TypeSyntax type, PropertyDeclarationSyntax property) =>
        property.Type == type || property.Type is NullableTypeSyntax nullable && nullable.ElementType == type;

    private static bool IsEmpty(ExpressionSyntax value) =>
        value switch
        {
            BaseObjectCreationExpressionSyntax made => made.Initializer is null && made.ArgumentList is null or { Arguments.Count: 0 },
            CollectionExpressionSyntax made => made.Elements.Count == 0,
            _ => false,
        };

    // A map has no collection expression.
    private static ExpressionSyntax Empty(NameSyntax? map) =>
        map is null
            ? CollectionExpression()
            : MemberAccessExpression(SyntaxKind.SimpleMemberAccessExpression, Syntax.Short(map), IdentifierName("Empty"));
}
