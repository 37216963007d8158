using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Statecast.Tests.Repository;

/// <summary>An event id means one thing for ever: unique across all packages, and in the range that the guide names for its assembly.</summary>
public sealed partial class LogEventTests
{
    private static readonly IReadOnlyList<Line> Lines = [.. LoggingAssemblies().SelectMany(LinesOf)];

    [Fact]
    public void Event_ids_are_unique_across_all_assemblies()
    {
        Assert.NotEmpty(Lines);
        Assert.Empty(Lines.GroupBy(l => l.Id).Where(g => g.Count() > 1).Select(g => string.Join(" and ", g)));
    }

    [Fact]
    public void Event_ids_lie_in_the_documented_range_of_their_assembly()
    {
        var ranges = DocumentedRanges();
        Assert.DoesNotContain(Lines, l => !ranges.Any(r => r.Holds(l)));
        // A range that nothing uses is a range that was forgotten when its lines moved.
        Assert.DoesNotContain(ranges, r => !Lines.Any(r.Holds));
    }

    [Fact]
    public void Documented_ranges_do_not_overlap()
    {
        var ranges = DocumentedRanges().OrderBy(r => r.First).ToList();
        Assert.True(ranges.Count >= 6);
        Assert.All(ranges.Zip(ranges.Skip(1)), pair => Assert.True(pair.First.Last < pair.Second.First, $"{pair.First} and {pair.Second}"));
    }

    [Fact]
    public void Every_log_line_has_a_message_declared_at_compile_time()
    {
        var declared = RepositoryRoot.Sources("src").Sum(f => LoggerMessage().Count(File.ReadAllText(f)));
        Assert.Equal(declared, Lines.Count);
        Assert.DoesNotContain(Lines, l => string.IsNullOrWhiteSpace(l.Message));
    }

    // Found by their sources, so that a new package that logs cannot be forgotten here.
    private static IEnumerable<string> LoggingAssemblies() =>
        RepositoryRoot
            .Sources("src")
            .Where(f => LoggerMessage().IsMatch(File.ReadAllText(f)))
            .Select(f => Path.GetRelativePath(Path.Combine(RepositoryRoot.Path, "src"), f).Split(Path.DirectorySeparatorChar)[0])
            .Distinct();

    private static IEnumerable<Line> LinesOf(string assembly)
    {
        const BindingFlags all =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        foreach (var type in Assembly.Load(assembly).GetTypes())
        foreach (var method in type.GetMethods(all))
            if (method.GetCustomAttribute<LoggerMessageAttribute>() is { } declared)
                yield return new(assembly, $"{type.Name}.{method.Name}", declared.EventId, declared.Message);
    }

    private static IReadOnlyList<IdRange> DocumentedRanges() =>
        [
            .. RangeRow()
                .Matches(File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "guide.md")))
                .Select(m => new IdRange(
                    m.Groups[3].Value,
                    int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture),
                    int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture)
                )),
        ];

    [GeneratedRegex(@"^\| (\d{4})–(\d{4}) \| `([\w.]+)` \|", RegexOptions.Multiline)]
    private static partial Regex RangeRow();

    [GeneratedRegex(@"\[LoggerMessage\(")]
    private static partial Regex LoggerMessage();

    private sealed record Line(string Assembly, string Method, int Id, string Message);

    private sealed record IdRange(string Assembly, int First, int Last)
    {
        public bool Holds(Line line) => line.Assembly == Assembly && line.Id >= First && line.Id <= Last;
    }
}
