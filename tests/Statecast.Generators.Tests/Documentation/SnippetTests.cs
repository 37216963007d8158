using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Statecast.Tests.Repository;
using Xunit;

namespace Statecast.Generators.Tests.Documentation;

/// <summary>The C# of the documentation compiles as it stands, within a service that has what it speaks of. The README's is built and run (PackageTests).</summary>
public sealed partial class SnippetTests
{
    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            // Of the compiler's plug-ins a user's project sees nothing.
            .Where(path => Path.GetFileName(path) is not ("Statecast.Generators.dll" or "Statecast.CodeFixes.dll"))
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    public static TheoryData<string> Pages { get; } =
    [.. Directory.GetFiles(RepositoryRoot.Of("docs"), "*.md").Where(HasSnippets).Select(p => Path.GetFileName(p))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Snippets_of_a_page_compile(string page)
    {
        var world = new SnippetWorld();
        foreach (var (line, text) in SnippetsOf(RepositoryRoot.Of($"docs/{page}")))
        {
            var errors = Errors(world.With(text));
            Assert.True(errors.Count == 0, $"docs/{page}, line {line}:\n{text}\n{string.Join('\n', errors)}");
        }
    }

    [Fact]
    public void Snippet_that_is_wrong_is_found() =>
        Assert.NotEmpty(Errors(new SnippetWorld().With("builder.Services.AddStatecast(\"orders\", s => s.UseNothing());")));

    [Fact]
    public void Pages_with_snippets_are_found() => Assert.Contains("guide.md", Pages.Select(p => p.Data));

    private static List<Diagnostic> Errors(IEnumerable<string> sources)
    {
        var compilation = CSharpCompilation.Create(
            "Documentation",
            sources.Select(s => CSharpSyntaxTree.ParseText(s, Compiled.Parsing)),
            References,
            new(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable)
        );
        Compiled.Driver().RunGeneratorsAndUpdateCompilation(compilation, out var output, out var reported);
        return [.. reported.Concat(output.GetDiagnostics()).Where(d => d.Severity == DiagnosticSeverity.Error)];
    }

    private static IEnumerable<(int Line, string Text)> SnippetsOf(string path)
    {
        var text = File.ReadAllText(path).ReplaceLineEndings("\n");
        foreach (Match block in Block().Matches(text))
            yield return (text[..block.Index].Count(c => c == '\n') + 1, block.Groups[1].Value);
    }

    private static bool HasSnippets(string path) => SnippetsOf(path).Any();

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
