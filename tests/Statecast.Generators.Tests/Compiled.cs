using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Statecast.Contracts;
using Xunit;

namespace Statecast.Generators.Tests;

/// <summary>Compiles a piece of source as a user's project would, with the generator and the analyzer.</summary>
internal static class Compiled
{
    public const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.Collections.Immutable;
        global using System.Linq;
        global using Statecast.Contracts;
        """;

    public static readonly CSharpParseOptions Parsing = new(LanguageVersion.Latest, DocumentationMode.Diagnose);

    public static readonly ImmutableArray<MetadataReference> References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is "System.Runtime.dll" or "netstandard.dll" || IsFramework(path))
            .Append(typeof(StateContract).Assembly.Location)
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    public static CSharpCompilation Compilation(params string[] sources) =>
        CSharpCompilation.Create(
            "Contracts",
            sources.Prepend(Usings).Select((source, i) => CSharpSyntaxTree.ParseText(source, Parsing, $"Source{i}.cs")),
            References,
            new(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable)
        );

    public static GeneratorDriver Driver() =>
        CSharpGeneratorDriver.Create(
            [new ContractGenerator().AsSourceGenerator()],
            parseOptions: Parsing,
            driverOptions: new(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true)
        );

    /// <summary>The generated files of a source that must compile without a word, by name.</summary>
    public static IReadOnlyDictionary<string, string> Generate(string source)
    {
        var driver = Driver().RunGeneratorsAndUpdateCompilation(Compilation(source), out var output, out var reported);
        Assert.Empty(reported);
        Assert.Empty(output.GetDiagnostics().Where(d => d.Severity >= DiagnosticSeverity.Warning && !IsUndocumentedSource(d)));
        return driver
            .GetRunResult()
            .Results.Single()
            .GeneratedSources.ToDictionary(s => s.HintName, s => s.SourceText.ToString(), StringComparer.Ordinal);
    }

    /// <summary>What the analyzer says of a source, with the generator's output beside it as in a real build.</summary>
    public static async Task<IReadOnlyList<Diagnostic>> Analyze(params string[] sources) =>
        // That nothing is locked yet is true of nearly all sources here; the tests of locks look at it.
        [.. (await Analyze(new AnalyzerOptions([]), sources)).Where(d => d.Id != "STC1606")];

    /// <summary>What the analyzer says of a source in a project with options and files of its own.</summary>
    public static async Task<IReadOnlyList<Diagnostic>> Analyze(AnalyzerOptions options, params string[] sources)
    {
        Driver().RunGeneratorsAndUpdateCompilation(Compilation(sources), out var output, out var reported);
        Assert.Empty(reported);
        var analyzed = output.WithAnalyzers([new ContractAnalyzer(), new ContractNameAnalyzer()], options);
        return await analyzed.GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);
    }

    // The sources of tests have no XML documentation; generated code must have it where it is public.
    private static bool IsUndocumentedSource(Diagnostic diagnostic) =>
        diagnostic.Id == "CS1591" && diagnostic.Location.SourceTree!.FilePath.StartsWith("Source", StringComparison.Ordinal);

    private static bool IsFramework(string path) => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal);
}
