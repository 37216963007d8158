using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Statecast.CodeFixes.Applying;
using Statecast.Generators.Rules;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace Statecast.CodeFixes.Fixes;

/// <summary>Writes the lock that the analyzer asks for: both schemas, as <c>ContractLock.Update</c> would.</summary>
internal sealed class LockFix(string id) : ContractFix(id)
{
    public override Task<Mend?> FindAsync(Place place, CancellationToken ct)
    {
        if (
            place.Told(MendKeys.Lock) is not { } path
            || place.Told(MendKeys.AvroSchema) is not { } avro
            || place.Told(MendKeys.JsonSchema) is not { } json
        )
            return Nothing;
        var project = place.Document.Project.Id;
        return Task.FromResult<Mend?>(
            new($"Lock it as {Path.GetFileName(path)}", [], [new(project, path + ".avsc", avro), new(project, path + ".schema.json", json)])
        );
    }
}

/// <summary>Raises the contract's major.</summary>
internal sealed class MajorFix() : ContractFix(RuleIds.Breaking)
{
    public override async Task<Mend?> FindAsync(Place place, CancellationToken ct)
    {
        if (
            place.Told(MendKeys.Version) is not { } version
            || await place.ContractAsync(ct).ConfigureAwait(false) is not var (document, contract)
            || Marked(contract) is null
        )
            return null;
        return new(
            $"Make it the new major {version} of '{place.Told(MendKeys.Contract)}'",
            [new(document, contract, (node, _) => Raise((TypeDeclarationSyntax)node, version))]
        );
    }

    private static TypeDeclarationSyntax Raise(TypeDeclarationSyntax contract, string version)
    {
        var attribute = Marked(contract)!;
        var value = LiteralExpression(SyntaxKind.NumericLiteralExpression, ParseToken(version));
        var given = attribute.ArgumentList!.Arguments.FirstOrDefault(a => a.NameEquals?.Name.Identifier.ValueText == "Version");
        return given is null
            ? contract.ReplaceNode(
                attribute,
                attribute.AddArgumentListArguments(
                    AttributeArgument(value)
                        .WithNameEquals(
                            NameEquals(
                                IdentifierName("Version"),
                                Token(SyntaxKind.EqualsToken).WithLeadingTrivia(Space).WithTrailingTrivia(Space)
                            )
                        )
                        .WithLeadingTrivia(attribute.ArgumentList.Arguments.Count > 0 ? Space : default)
                )
            )
            : contract.ReplaceNode(given.Expression, value.WithTriviaFrom(given.Expression));
    }

    private static AttributeSyntax? Marked(TypeDeclarationSyntax type) =>
        type
            .AttributeLists.SelectMany(l => l.Attributes)
            .FirstOrDefault(a =>
                a.Name.ToString().Split('.').Last() is "StateContract" or "StateContractAttribute" && a.ArgumentList is not null
            );
}

/// <summary>Keeps the earlier name.</summary>
internal sealed class AliasFix() : ContractFix(RuleIds.NoAlias)
{
    public override Task<Mend?> FindAsync(Place place, CancellationToken ct) =>
        place.Told(MendKeys.Alias) is { } name
            ? Found(
                $"Add [Alias(\"{name}\")]",
                new NodeEdit(
                    place.Document,
                    place.Declaration,
                    (node, generator) => Syntax.WithAttribute(generator, node, "Alias", generator.LiteralExpression(name))
                )
            )
            : Nothing;
}

/// <summary>Gives a new field its type's zero value, or an empty collection. Of a type that has none the author decides.</summary>
internal sealed class ZeroDefaultFix() : ContractFix(RuleIds.NoDefault)
{
    public override Task<Mend?> FindAsync(Place place, CancellationToken ct)
    {
        var type = place.Model.GetDeclaredSymbol(place.Declaration, ct) switch
        {
            IParameterSymbol parameter => parameter.Type,
            IPropertySymbol property => property.Type,
            _ => null,
        };
        return type is not null && HasZero(type)
            ? Found(
                "Add [Default]",
                new NodeEdit(place.Document, place.Declaration, (node, generator) => Syntax.WithAttribute(generator, node, "Default"))
            )
            : Nothing;
    }

    private static bool HasZero(ITypeSymbol type) =>
        type.TypeKind == TypeKind.Enum ? type.GetMembers().OfType<IFieldSymbol>().Any(f => f.ConstantValue is not null && IsZero(f))
        : type.SpecialType is not SpecialType.None ? true
        : IsIn(type, "System.Collections.Immutable")
            || (IsIn(type, "System") && type.Name is "Guid" or "DateTimeOffset" or "DateOnly" or "TimeOnly" or "TimeSpan");

    private static bool IsZero(IFieldSymbol field) =>
        Convert.ToDecimal(field.ConstantValue, System.Globalization.CultureInfo.InvariantCulture) == 0;

    private static bool IsIn(ITypeSymbol type, string ns) => type.ContainingNamespace?.ToDisplayString() == ns;
}
