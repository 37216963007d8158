using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Editing;
using Microsoft.CodeAnalysis.Formatting;
using Microsoft.CodeAnalysis.Simplification;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace Statecast.CodeFixes.Fixes;

/// <summary>Pieces of syntax that several fixes make.</summary>
internal static class Syntax
{
    private const string Contracts = "Statecast.Contracts.";

    /// <summary>A name written in full, to be shortened by a using.</summary>
    public static T Short<T>(T name)
        where T : SyntaxNode => name.WithAdditionalAnnotations(Simplifier.Annotation, Simplifier.AddImportsAnnotation);

    /// <summary>Adds one of our attributes after those that are there, unless it is there already.</summary>
    /// <param name="generator">Makes the syntax.</param>
    /// <param name="node">What gets the attribute.</param>
    /// <param name="name">The attribute's name, with type arguments written in full.</param>
    /// <param name="arguments">Its arguments.</param>
    public static SyntaxNode WithAttribute(SyntaxGenerator generator, SyntaxNode node, string name, params SyntaxNode[] arguments)
    {
        var attribute = generator.Attribute(
            Short(ParseName(Contracts + name)),
            arguments.Length == 0 ? null : arguments.Select(a => generator.AttributeArgument(a))
        );
        var text = ((AttributeListSyntax)attribute).Attributes[0].ToString();
        var isThere = generator.GetAttributes(node).OfType<AttributeListSyntax>().Any(l => l.Attributes.Any(a => a.ToString() == text));
        return isThere ? node : generator.AddAttributes(node, attribute).WithAdditionalAnnotations(Formatter.Annotation);
    }

    /// <summary>Adds a modifier where it belongs: 'partial' last, all else before it.</summary>
    public static TypeDeclarationSyntax WithModifier(TypeDeclarationSyntax type, SyntaxKind kind)
    {
        if (type.Modifiers.Any(kind))
            return type;
        var token = Token(kind).WithTrailingTrivia(Space);
        if (type.Modifiers.Count == 0)
            return (TypeDeclarationSyntax)
                type.WithKeyword(type.Keyword.WithLeadingTrivia())
                    .WithModifiers(TokenList(token.WithLeadingTrivia(type.Keyword.LeadingTrivia)));
        var partial = type.Modifiers.IndexOf(SyntaxKind.PartialKeyword);
        if (kind == SyntaxKind.PartialKeyword || partial < 0)
            return (TypeDeclarationSyntax)type.WithModifiers(type.Modifiers.Add(token));
        if (partial > 0)
            return (TypeDeclarationSyntax)type.WithModifiers(type.Modifiers.Insert(partial, token));
        var first = type.Modifiers[0];
        return (TypeDeclarationSyntax)
            type.WithModifiers(
                type.Modifiers.Replace(first, first.WithLeadingTrivia()).Insert(0, token.WithLeadingTrivia(first.LeadingTrivia))
            );
    }

    /// <summary>Takes a modifier away.</summary>
    public static TypeDeclarationSyntax WithoutModifier(TypeDeclarationSyntax type, SyntaxKind kind)
    {
        var index = type.Modifiers.IndexOf(kind);
        if (index < 0)
            return type;
        var leading = type.Modifiers[index].LeadingTrivia;
        var rest = type.Modifiers.RemoveAt(index);
        if (index > 0)
            return (TypeDeclarationSyntax)type.WithModifiers(rest);
        return rest.Count == 0
            ? (TypeDeclarationSyntax)type.WithModifiers(rest).WithKeyword(type.Keyword.WithLeadingTrivia(leading))
            : (TypeDeclarationSyntax)type.WithModifiers(rest.Replace(rest[0], rest[0].WithLeadingTrivia(leading)));
    }

    /// <summary>An accessor <c>init</c>, in the place of another if there is one.</summary>
    public static AccessorDeclarationSyntax Init(AccessorDeclarationSyntax? instead)
    {
        var init = AccessorDeclaration(
            SyntaxKind.InitAccessorDeclaration,
            instead?.AttributeLists ?? default,
            default,
            Token(SyntaxKind.InitKeyword),
            instead?.Body,
            instead?.ExpressionBody,
            instead?.SemicolonToken ?? Token(SyntaxKind.SemicolonToken)
        );
        return instead is null ? init.WithAdditionalAnnotations(Formatter.Annotation) : init.WithTriviaFrom(instead);
    }
}
