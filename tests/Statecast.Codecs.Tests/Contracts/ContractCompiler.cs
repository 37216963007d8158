extern alias generators;

using System.Collections.Immutable;
using System.Reflection;
using generators::Statecast.Generators;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Statecast.Contracts;
using Xunit;

namespace Statecast.Codecs.Tests.Contracts;

/// <summary>Compiles made-up contracts with our generator, in memory, and loads them.</summary>
internal static class ContractCompiler
{
    private const string Usings = """
        global using System;
        global using System.Collections.Immutable;
        global using Statecast.Contracts;
        """;

    // Whether generated code is right about nulls is what Statecast.Generators.Tests ask; here it would be half of the time.
    private static readonly CSharpParseOptions Parsing = new CSharpParseOptions(LanguageVersion.Latest).WithFeatures([
        new("run-nullable-analysis", "never"),
    ]);

    private static readonly ImmutableArray<MetadataReference> References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal))
            .Append(typeof(StateContract).Assembly.Location)
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    public static Assembly Compile(IReadOnlyList<MadeContract> contracts)
    {
        var compilation = CSharpCompilation.Create(
            $"Made{contracts[0].Number}",
            contracts.Select(c => c.Source).Prepend(Usings).Select(s => CSharpSyntaxTree.ParseText(s, Parsing)),
            References,
            new(
                OutputKind.DynamicallyLinkedLibrary,
                optimizationLevel: OptimizationLevel.Debug,
                nullableContextOptions: NullableContextOptions.Enable
            )
        );
        CSharpGeneratorDriver
            .Create([new ContractGenerator().AsSourceGenerator()], parseOptions: Parsing)
            .RunGeneratorsAndUpdateCompilation(compilation, out var output, out var reported);
        Assert.Empty(reported);
        using var image = new MemoryStream();
        var emitted = output.Emit(image);
        Assert.Empty(emitted.Diagnostics.Where(d => d.Severity >= DiagnosticSeverity.Warning));
        return Assembly.Load(image.ToArray());
    }
}
