using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using Statecast.Contracts.Locks;
using Statecast.Generators.Locks;
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
        .. LockRules.All,
    ];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterAdditionalFileAction(CheckLock);
        context.RegisterCompilationStartAction(static start =>
        {
            var history = new LockHistory(start.Options);
            start.RegisterSymbolAction(symbol => Analyze(symbol, history), SymbolKind.NamedType);
        });
    }

    private static void Analyze(SymbolAnalysisContext context, LockHistory history)
    {
        var type = (INamedTypeSymbol)context.Symbol;
        var findings = new Findings();
        var shape = ContractReader.Read(context.Compilation, type, findings);
        HierarchyReader.CheckDeclared(type, findings);
        foreach (var finding in findings.All)
            context.ReportDiagnostic(Diagnostic.Create(finding.Rule, PlaceOf(finding.At, type), finding.Mend, finding.Arguments));
        // A contract with errors has no shape that could be compared.
        if (shape is not null)
            new LockChecker(history, context.ReportDiagnostic).Check(type, shape, context.CancellationToken);
    }

    private static void CheckLock(AdditionalFileAnalysisContext context)
    {
        var file = context.AdditionalFile;
        if (
            LockFile.Of(file.Path) is not { } found
            || LockHistory.TextOf(file, found.IsAvro, context.CancellationToken) is not { Defect: { } defect } text
        )
            return;
        var source = file.GetText(context.CancellationToken)!;
        var span = new TextSpan(Math.Min(text.Offset, source.Length), 0);
        context.ReportDiagnostic(
            Diagnostic.Create(LockRules.BadLock, Location.Create(file.Path, span, source.Lines.GetLinePositionSpan(span)), defect)
        );
    }

    // A nested type may come from another assembly: then the contract is the place to look at.
    private static Location PlaceOf(ISymbol symbol, ISymbol contract) =>
        symbol.Locations.FirstOrDefault(l => l.IsInSource) ?? contract.Locations[0];
}
