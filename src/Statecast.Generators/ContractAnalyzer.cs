using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Statecast.Generators.Reading;
using Statecast.Generators.Rules;

namespace Statecast.Generators;

/// <summary>Says what is wrong with a contract, where, and what to write instead.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ContractAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
    [
        .. DeclarationRules.All,
        .. KeyRules.All,
        .. ValueRules.All,
        .. WireRules.All,
        .. EnumRules.All,
        .. CaseRules.All,
        .. UpcasterRules.All,
    ];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterSymbolAction(Analyze, SymbolKind.NamedType);
    }

    private static void Analyze(SymbolAnalysisContext context)
    {
        var type = (INamedTypeSymbol)context.Symbol;
        var findings = new Findings();
        ContractReader.Read(context.Compilation, type, findings);
        HierarchyReader.CheckDeclared(type, findings);
        foreach (var finding in findings.All)
            context.ReportDiagnostic(Diagnostic.Create(finding.Rule, PlaceOf(finding.At, type), finding.Mend, finding.Arguments));
    }

    // A nested type may come from another assembly: then the contract is the place to look at.
    private static Location PlaceOf(ISymbol symbol, ISymbol contract) =>
        symbol.Locations.FirstOrDefault(l => l.IsInSource) ?? contract.Locations[0];
}
