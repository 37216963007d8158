using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Statecast.Generators.Emitting;
using Statecast.Generators.Rules;
using Statecast.Generators.Shapes;

namespace Statecast.Generators.Reading;

/// <summary>Reads a contract's symbol: into findings for the analyzer, and into a shape for the generator, which exists only if there is no error.</summary>
internal sealed class ContractReader
{
    private readonly INamedTypeSymbol _contract;
    private readonly Findings _findings;
    private readonly TypeReader _types;

    private ContractReader(Compilation compilation, INamedTypeSymbol contract, Findings findings)
    {
        _contract = contract;
        _findings = findings;
        _types = new(compilation, contract, findings);
    }

    public static ContractShape? Read(Compilation compilation, INamedTypeSymbol contract, Findings findings) =>
        new ContractReader(compilation, contract, findings).Read();

    /// <summary>The name and major version that a type declares; null if it is no contract.</summary>
    public static (string Name, int Major)? Identity(INamedTypeSymbol type) =>
        Attributes.All(type, "StateContractAttribute").FirstOrDefault() is { } attribute ? (NameOf(attribute), MajorOf(attribute)) : null;

    private ContractShape? Read()
    {
        var attribute = Attributes.All(_contract, "StateContractAttribute").FirstOrDefault();
        if (attribute is null)
            return null;
        CheckDeclaration();
        var name = ReadName(attribute);
        var major = ReadMajor(attribute);
        if (!_contract.IsRecord || _contract.TypeKind != TypeKind.Class)
            return null;
        var state = _types.ReadRecord(_contract);
        if (state is not null)
            KeyChecker.Check(_contract, state, _findings);
        var upcasters = UpcasterReader.Read(_contract, name, major, _findings);
        return _findings.HasErrors || state is null
            ? null
            : new(
                _contract.ContainingNamespace is { IsGlobalNamespace: false } ns
                    ? ns.ToDisplayString(
                        SymbolDisplayFormat.FullyQualifiedFormat.WithGlobalNamespaceStyle(SymbolDisplayGlobalNamespaceStyle.Omitted)
                    )
                    : "",
                Containers().Select(Declaration).ToEquatable(),
                Code.Identifier(_contract.Name),
                name,
                major,
                state,
                HasPatches(attribute),
                HasFields: _contract.GetMembers("Fields").All(KeyChecker.IsGenerated),
                upcasters.ToEquatable()
            );
    }

    private void CheckDeclaration()
    {
        if (_contract is not { IsRecord: true, TypeKind: TypeKind.Class, IsSealed: true, IsAbstract: false })
            _findings.Add(DeclarationRules.NotSealedRecord, _contract, _contract.Name);
        // What a generic type contains is generic too.
        if (_contract.IsGenericType)
            _findings.Add(DeclarationRules.Generic, _contract, _contract.Name);
        foreach (var type in Containers().Append(_contract))
        {
            if (type.IsFileLocal)
                _findings.Add(DeclarationRules.FileLocal, _contract, _contract.Name);
            if (!IsPartial(type))
                _findings.Add(DeclarationRules.NotPartial, type, type.Name);
        }
    }

    private string ReadName(AttributeData attribute)
    {
        var name = NameOf(attribute);
        if (!Names.IsContractName(name))
            _findings.Add(DeclarationRules.BadName, _contract, name);
        return name;
    }

    private int ReadMajor(AttributeData attribute)
    {
        var major = MajorOf(attribute);
        if (major is < 1 or > 9999)
            _findings.Add(DeclarationRules.BadVersion, _contract, major);
        return major;
    }

    private static string NameOf(AttributeData attribute) => attribute.ConstructorArguments is [{ Value: string text }] ? text : "";

    private static int MajorOf(AttributeData attribute) =>
        attribute.NamedArguments.FirstOrDefault(a => a.Key == "Version").Value.Value is int version ? version : 1;

    private static bool HasPatches(AttributeData attribute) =>
        attribute.NamedArguments.FirstOrDefault(a => a.Key == "Patches").Value.Value is true;

    private IEnumerable<INamedTypeSymbol> Containers()
    {
        var containers = new List<INamedTypeSymbol>();
        for (var type = _contract.ContainingType; type is not null; type = type.ContainingType)
            containers.Insert(0, type);
        return containers;
    }

    private static bool IsPartial(INamedTypeSymbol type) =>
        type.DeclaringSyntaxReferences.Any(r =>
            r.GetSyntax() is TypeDeclarationSyntax declaration && declaration.Modifiers.Any(SyntaxKind.PartialKeyword)
        );

    private static string Declaration(INamedTypeSymbol type)
    {
        var keyword = (type.IsRecord, type.TypeKind) switch
        {
            (true, TypeKind.Struct) => "record struct",
            (true, _) => "record",
            (_, TypeKind.Struct) => "struct",
            (_, TypeKind.Interface) => "interface",
            _ => "class",
        };
        return $"partial {keyword} {Code.Identifier(type.Name)}";
    }
}
