using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using Xunit;

namespace Statecast.Generators.Tests;

/// <summary>The locks of a source, made of what the analyzer offers to write for it.</summary>
internal static class Locked
{
    /// <summary>The locks of a source's contracts.</summary>
    /// <param name="source">A contract as it once was.</param>
    /// <param name="minor">The minor as which it was locked.</param>
    public static async Task<ImmutableArray<AdditionalText>> Of(string source, int minor = 0)
    {
        var found = (await Compiled.Analyze(Options([]), source)).Where(d => d.Id == "STC1606").ToList();
        Assert.NotEmpty(found);
        return
        [
            .. found.SelectMany(d =>
                new AdditionalText[]
                {
                    new TextFile(PathOf(d, minor) + ".avsc", d.Properties["avro"]!),
                    new TextFile(PathOf(d, minor) + ".schema.json", d.Properties["json"]!),
                }
            ),
        ];
    }

    /// <summary>The locks of a contract that was one source after another.</summary>
    /// <param name="sources">As it was, oldest first: v1.0, v1.1 and so on.</param>
    public static async Task<ImmutableArray<AdditionalText>> Of(string[] sources)
    {
        var locks = ImmutableArray<AdditionalText>.Empty;
        for (var minor = 0; minor < sources.Length; minor++)
            locks = locks.AddRange(await Of(sources[minor], minor));
        return locks;
    }

    /// <summary>What a source's project gives the analyzer.</summary>
    public static AnalyzerOptions Options(ImmutableArray<AdditionalText> files, params (string Name, string Value)[] properties) =>
        new(files, new Properties([.. properties, ("ProjectDir", "/shop")]));

    /// <summary>What is said of a source that once was another.</summary>
    public static async Task<IReadOnlyList<Diagnostic>> Analyze(
        string earlier,
        string now,
        params (string Name, string Value)[] properties
    ) =>
        [
            .. (await Compiled.Analyze(Options(await Of(earlier), properties), now)).Where(d =>
                d.Id.StartsWith("STC16", StringComparison.Ordinal)
            ),
        ];

    // The last digits of 'v1.0'.
    private static string PathOf(Diagnostic diagnostic, int minor) => diagnostic.Properties["lock"]![..^1] + minor;

    internal sealed class TextFile(string path, string text) : AdditionalText
    {
        private readonly SourceText _text = SourceText.From(text);

        public override string Path => path;

        public override SourceText GetText(CancellationToken cancellationToken = default) => _text;
    }

    private sealed class Properties((string Name, string Value)[] given) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } = new Global(given);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => GlobalOptions;
    }

    private sealed class Global((string Name, string Value)[] given) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, [NotNullWhen(true)] out string? value)
        {
            value = given.FirstOrDefault(p => "build_property." + p.Name == key).Value;
            return value is not null;
        }
    }
}
