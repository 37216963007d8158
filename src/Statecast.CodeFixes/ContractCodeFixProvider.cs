using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Statecast.CodeFixes.Applying;
using Statecast.CodeFixes.Fixes;
using Statecast.Generators.Rules;

namespace Statecast.CodeFixes;

/// <summary>Offers what mends a contract, where there is one right way to do it; what is a decision stays the author's.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(ContractCodeFixProvider)), Shared]
public sealed class ContractCodeFixProvider : CodeFixProvider
{
    private static readonly ImmutableDictionary<string, ContractFix> ById = new ContractFix[]
    {
        new PartialFix(),
        new SealedContractFix(),
        new FileLocalFix(),
        new KeyFix(),
        new ImmutableTypeFix(),
        new MutablePropertyFix(),
        new DecimalFix(),
        new SealedNestedFix(),
        new SettableFix(),
        new FieldFix(),
        new EnumDefaultFix(RuleIds.EnumWithoutDefault),
        new DefaultFix(),
        new SealedCaseFix(),
        new DeclareCaseFix(),
        new DeclareAllCasesFix(),
        new LockFix(RuleIds.NoMinor),
        new LockFix(RuleIds.NoLock),
        new MajorFix(),
        new AliasFix(),
        new ZeroDefaultFix(),
        new EnumDefaultFix(RuleIds.NoEnumDefault),
    }.ToImmutableDictionary(f => f.Id);

    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [.. ById.Keys];

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => ContractFixAllProvider.Instance;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        foreach (var diagnostic in context.Diagnostics)
            if (await FindAsync(context.Document, diagnostic, context.CancellationToken).ConfigureAwait(false) is { } mend)
                context.RegisterCodeFix(
                    CodeAction.Create(
                        mend.Title,
                        ct => Mend.ApplyAsync(context.Document.Project.Solution, [mend], ct),
                        equivalenceKey: diagnostic.Id
                    ),
                    diagnostic
                );
    }

    /// <summary>What mends a diagnostic; null if nothing does by itself.</summary>
    internal static async Task<Mend?> FindAsync(Document document, Diagnostic diagnostic, CancellationToken ct) =>
        ById.TryGetValue(diagnostic.Id, out var fix) && await Place.FindAsync(document, diagnostic, ct).ConfigureAwait(false) is { } place
            ? await fix.FindAsync(place, ct).ConfigureAwait(false)
            : null;
}
