using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Statecast.Generators.Reading;
using Statecast.Generators.Rules;

namespace Statecast.Generators;

/// <summary>
/// Says where two contracts of a project have one name and version. Each is right by itself, so a host would only find out if it published or
/// replicated both. A test project that holds a contract's shapes over time suppresses it there.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ContractNameAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [DeclarationRules.NameTaken];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(static start =>
        {
            var contracts = new ConcurrentBag<Declared>();
            start.RegisterSymbolAction(
                symbol =>
                {
                    var type = (INamedTypeSymbol)symbol.Symbol;
                    if (ContractReader.Identity(type) is { Name.Length: > 0 } identity)
                        contracts.Add(new(type, identity.Name, identity.Major));
                },
                SymbolKind.NamedType
            );
            start.RegisterCompilationEndAction(end => Report(end, contracts));
        });
    }

    private static void Report(CompilationAnalysisContext context, IEnumerable<Declared> contracts)
    {
        foreach (var group in contracts.GroupBy(c => (c.Name, c.Major)))
        {
            // Symbols come in any order; the first in the sources keeps the name.
            var inOrder = group
                .OrderBy(c => c.Place.SourceTree?.FilePath, StringComparer.Ordinal)
                .ThenBy(c => c.Place.SourceSpan.Start)
                .ToList();
            foreach (var later in inOrder.Skip(1))
                context.ReportDiagnostic(
                    Diagnostic.Create(DeclarationRules.NameTaken, later.Place, later.Shown, later.Name, later.Major, inOrder[0].Shown)
                );
        }
    }

    private sealed class Declared(INamedTypeSymbol type, string name, int major)
    {
        public string Name { get; } = name;

        public int Major { get; } = major;

        public Location Place { get; } = type.Locations[0];

        public string Shown { get; } = type.ToDisplayString(SymbolDisplayFormat.CSharpErrorMessageFormat);
    }
}
