using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using Statecast.CodeFixes;
using Xunit;

namespace Statecast.Generators.Tests;

/// <summary>Applies code fixes to sources as an editor does, and looks at what is left to say about them.</summary>
internal sealed class Mended : IDisposable
{
    private static readonly ContractCodeFixProvider Fixes = new();

    private readonly AdhocWorkspace _workspace = new();
    private Solution _solution;

    private Mended(string[] sources)
    {
        var id = ProjectId.CreateNewId();
        _solution = _workspace.CurrentSolution.AddProject(
            ProjectInfo.Create(
                id,
                VersionStamp.Default,
                "Contracts",
                "Contracts",
                LanguageNames.CSharp,
                compilationOptions: new CSharpCompilationOptions(
                    OutputKind.DynamicallyLinkedLibrary,
                    nullableContextOptions: NullableContextOptions.Enable
                ),
                parseOptions: Compiled.Parsing,
                metadataReferences: Compiled.References
            )
        );
        for (var i = 0; i < sources.Length; i++)
            _solution = _solution.AddDocument(DocumentId.CreateNewId(id), $"Source{i}.cs", sources[i], filePath: $"Source{i}.cs");
        _solution = _solution.AddAnalyzerConfigDocument(
            DocumentId.CreateNewId(id),
            ".globalconfig",
            SourceText.From("is_global = true\nbuild_property.ProjectDir = /shop\n"),
            filePath: "/shop/.globalconfig"
        );
    }

    /// <summary>Sources with the usual usings; they must compile, so that what breaks is the fix's doing.</summary>
    public static Task<Mended> Of(params string[] sources) => WithoutUsings([Compiled.Usings, .. sources]);

    /// <summary>Sources beside the locks of an earlier one.</summary>
    public static async Task<Mended> Since(string earlier, params string[] sources)
    {
        var mended = await Of(sources);
        foreach (var file in await Locked.Of(earlier))
            mended._solution = mended._solution.AddAdditionalDocument(
                DocumentId.CreateNewId(mended.Project.Id),
                Path.GetFileName(file.Path),
                file.GetText(Ct)!,
                filePath: file.Path
            );
        return mended;
    }

    /// <summary>The files beside the sources, by path.</summary>
    public async Task<IReadOnlyDictionary<string, string>> Files()
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Project.AdditionalDocuments)
            files.Add(file.FilePath!, (await file.GetTextAsync(Ct)).ToString());
        return files;
    }

    public static async Task<Mended> WithoutUsings(params string[] sources)
    {
        var mended = new Mended(sources);
        Assert.Empty(await mended.Errors());
        return mended;
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Project Project => _solution.Projects.Single();

    /// <summary>The titles offered for a rule's first diagnostic.</summary>
    public async Task<IReadOnlyList<string>> Offered(string id) =>
        [.. (await Actions((await Diagnostics(id)).First())).Select(a => a.Title)];

    /// <summary>Applies what is offered for the first diagnostic of a rule; there must be one offer.</summary>
    public async Task Fix(string id) => await Apply(Assert.Single(await Actions((await Diagnostics(id)).First())));

    /// <summary>Applies "fix all" of a rule.</summary>
    public async Task FixAll(string id, FixAllScope scope)
    {
        var provider = Fixes.GetFixAllProvider();
        Assert.Contains(scope, provider.GetSupportedFixAllScopes());
        var first = (await Diagnostics(id)).First();
        var document = _solution.GetDocument(first.Location.SourceTree)!;
        var context = new FixAllContext(document, Fixes, scope, id, [id], new Found(this, id), Ct);
        await Apply((await provider.GetFixAsync(context))!);
    }

    /// <summary>The text of the n-th source, after the usings.</summary>
    public async Task<string> Text(int source = 1) =>
        (await Project.Documents.ElementAt(source).GetTextAsync(Ct)).ToString().ReplaceLineEndings("\n");

    public async Task<IReadOnlyList<Diagnostic>> Diagnostics(string? id = null)
    {
        var analyzed = (await Project.GetCompilationAsync(Ct))!.WithAnalyzers([new ContractAnalyzer()], Project.AnalyzerOptions);
        return
        [
            .. (await analyzed.GetAnalyzerDiagnosticsAsync(Ct))
                .Where(d => id is null ? d.Id != "STC1606" : d.Id == id)
                .OrderBy(d => d.Location.SourceTree!.FilePath, StringComparer.Ordinal)
                .ThenBy(d => d.Location.SourceSpan.Start),
        ];
    }

    /// <summary>What the compiler says.</summary>
    public async Task<IReadOnlyList<Diagnostic>> Errors() =>
        [.. (await Project.GetCompilationAsync(Ct))!.GetDiagnostics(Ct).Where(d => d.Severity == DiagnosticSeverity.Error)];

    public void Dispose() => _workspace.Dispose();

    private async Task<List<CodeAction>> Actions(Diagnostic diagnostic)
    {
        Assert.Contains(diagnostic.Id, Fixes.FixableDiagnosticIds);
        var actions = new List<CodeAction>();
        var document = _solution.GetDocument(diagnostic.Location.SourceTree)!;
        await Fixes.RegisterCodeFixesAsync(new CodeFixContext(document, diagnostic, (action, _) => actions.Add(action), Ct));
        Assert.All(actions, a => Assert.Equal(diagnostic.Id, a.EquivalenceKey));
        return actions;
    }

    private async Task Apply(CodeAction action) =>
        _solution = Assert
            .Single((await action.GetOperationsAsync(_solution, new Progress<CodeAnalysisProgress>(), Ct)).OfType<ApplyChangesOperation>())
            .ChangedSolution;

    private sealed class Found(Mended sources, string id) : FixAllContext.DiagnosticProvider
    {
        public override async Task<IEnumerable<Diagnostic>> GetAllDiagnosticsAsync(Project project, CancellationToken cancellationToken) =>
            await sources.Diagnostics(id);

        public override async Task<IEnumerable<Diagnostic>> GetDocumentDiagnosticsAsync(
            Document document,
            CancellationToken cancellationToken
        ) => (await sources.Diagnostics(id)).Where(d => d.Location.SourceTree!.FilePath == document.FilePath);

        public override Task<IEnumerable<Diagnostic>> GetProjectDiagnosticsAsync(Project project, CancellationToken cancellationToken) =>
            Task.FromResult<IEnumerable<Diagnostic>>([]);
    }
}
