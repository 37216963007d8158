using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Statecast.CodeFixes.Fixes;

namespace Statecast.CodeFixes.Applying;

/// <summary>Mends all diagnostics of one rule at once: in a document, a project or the solution.</summary>
internal sealed class ContractFixAllProvider : FixAllProvider
{
    public static readonly ContractFixAllProvider Instance = new();

    private ContractFixAllProvider() { }

    public override async Task<CodeAction?> GetFixAsync(FixAllContext fixAllContext)
    {
        var solution = fixAllContext.Solution;
        var mends = new List<Mend>();
        foreach (var diagnostic in await DiagnosticsAsync(fixAllContext).ConfigureAwait(false))
            if (
                diagnostic.Id == fixAllContext.CodeActionEquivalenceKey
                && solution.GetDocument(diagnostic.Location.SourceTree) is { } document
                && await ContractCodeFixProvider.FindAsync(document, diagnostic, fixAllContext.CancellationToken).ConfigureAwait(false)
                    is { } mend
            )
                mends.Add(mend);
        return mends.Count == 0
            ? null
            : CodeAction.Create(
                $"Fix all of {fixAllContext.CodeActionEquivalenceKey}",
                ct => Mend.ApplyAsync(solution, mends, ct),
                fixAllContext.CodeActionEquivalenceKey
            );
    }

    private static async Task<ImmutableArray<Diagnostic>> DiagnosticsAsync(FixAllContext context)
    {
        switch (context.Scope)
        {
            case FixAllScope.Document when context.Document is { } document:
                return await context.GetDocumentDiagnosticsAsync(document).ConfigureAwait(false);
            case FixAllScope.Project:
                return await context.GetAllDiagnosticsAsync(context.Project).ConfigureAwait(false);
            default:
                var all = ImmutableArray.CreateBuilder<Diagnostic>();
                foreach (var project in context.Solution.Projects)
                    all.AddRange(await context.GetAllDiagnosticsAsync(project).ConfigureAwait(false));
                return all.ToImmutable();
        }
    }
}
