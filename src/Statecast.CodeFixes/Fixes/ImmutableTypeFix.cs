using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;
using Statecast.CodeFixes.Applying;
using Statecast.Generators.Rules;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace Statecast.CodeFixes.Fixes;

/// <summary>
/// Writes the immutable collection that the diagnostic names, with the items as they are written, and in an initializer an empty one, or its plain elements. Any other
/// initializer would not compile, or throw when it runs (an immutable array's <c>Add</c>): there it is the author's to write.
/// </summary>
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
        var isArray = name == "ImmutableArray";
        if (Initializer(place.Declaration) is { } value && !StaysAsItIs(value, isArray && Declared(place.Declaration) == type))
        {
            var isWhole = IsWhole(type, Declared(place.Declaration));
            if (Elements(value, isArray, isMap) is not { } elements || elements.Count > 0 && !isWhole)
                return Nothing;
            if (isWhole)
                edits.Add(new(place.Document, value, (node, _) => Made(elements, isMap ? immutable : null).WithTriviaFrom(node)));
        }
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

    private static bool IsWhole(TypeSyntax type, TypeSyntax? declared) =>
        declared == type || declared is NullableTypeSyntax nullable && nullable.ElementType == type;

    private static TypeSyntax? Declared(SyntaxNode declaration) =>
        declaration switch
        {
            PropertyDeclarationSyntax property => property.Type,
            ParameterSyntax parameter => parameter.Type,
            _ => null,
        };

    private static ExpressionSyntax? Initializer(SyntaxNode declaration) =>
        declaration switch
        {
            PropertyDeclarationSyntax property => property.Initializer?.Value,
            ParameterSyntax parameter => parameter.Default?.Value,
            _ => null,
        };

    // Null is no value of a struct.
    private static bool StaysAsItIs(ExpressionSyntax value, bool isStruct) =>
        value switch
        {
            PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.SuppressNullableWarningExpression } forgiven => StaysAsItIs(
                forgiven.Operand,
                isStruct
            ),
            LiteralExpressionSyntax { RawKind: (int)SyntaxKind.NullLiteralExpression } => !isStruct,
            LiteralExpressionSyntax { RawKind: (int)SyntaxKind.DefaultLiteralExpression } => true,
            _ => false,
        };

    /// <summary>What is in a collection as it is made; null where that cannot be told, or cannot be said of the immutable one.</summary>
    private static IReadOnlyList<CollectionElementSyntax>? Elements(ExpressionSyntax value, bool isArray, bool isMap)
    {
        if (value is CollectionExpressionSyntax collection)
            return collection.Elements;
        // A comparer, a capacity or what is copied.
        if (value is not BaseObjectCreationExpressionSyntax { ArgumentList: null or { Arguments.Count: 0 } } made)
            return null;
        if (made.Initializer is not { Expressions: { Count: > 0 } expressions })
            return [];
        // A set's own items in an array would no longer be each there once.
        if (isMap || isArray && made is ObjectCreationExpressionSyntax { Type: var type } && !IsList(type))
            return null;
        return made.Initializer.IsKind(SyntaxKind.CollectionInitializerExpression) && expressions.All(IsPlain)
            ? [.. expressions.Select(e => ExpressionElement(e.WithoutTrivia()))]
            : null;
    }

    private static bool IsList(TypeSyntax type) =>
        type is GenericNameSyntax { Identifier.ValueText: "List" } or QualifiedNameSyntax { Right.Identifier.ValueText: "List" };

    private static bool IsPlain(ExpressionSyntax element) => element is not (InitializerExpressionSyntax or AssignmentExpressionSyntax);

    // A map has no collection expression.
    private static ExpressionSyntax Made(IReadOnlyList<CollectionElementSyntax> elements, NameSyntax? map) =>
        map is null
            ? CollectionExpression(SeparatedList(elements)).WithAdditionalAnnotations(Formatter.Annotation)
            : MemberAccessExpression(SyntaxKind.SimpleMemberAccessExpression, Syntax.Short(map), IdentifierName("Empty"));
}
