using System.Text.RegularExpressions;
using Xunit;

namespace Statecast.Tests.Repository;

/// <summary>House rules that matter are tests.</summary>
public sealed partial class HouseRuleTests
{
    [Fact]
    public void Source_has_no_unfinished_marks()
    {
        var hits = RepositoryRoot.Sources("src", "samples", "bench").Where(f => Unfinished().IsMatch(File.ReadAllText(f))).ToList();
        Assert.Empty(hits);
    }

    [Fact]
    public void Namespace_is_the_folder()
    {
        var wrong = new List<string>();
        foreach (var file in RepositoryRoot.Sources("src"))
        {
            var relative = Path.GetRelativePath(Path.Combine(RepositoryRoot.Path, "src"), Path.GetDirectoryName(file)!).Replace('/', '.');
            var declared = Namespace().Match(File.ReadAllText(file)).Groups[1].Value;
            // Roslyn's projects may declare types in the namespaces that the compiler expects.
            if (declared.Length > 0 && declared != relative && !declared.StartsWith("System.", StringComparison.Ordinal))
                wrong.Add($"{Path.GetRelativePath(RepositoryRoot.Path, file)}: {declared}");
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public void Core_type_names_leave_the_product_out()
    {
        var named = typeof(Statecast.Events.Guard)
            .Assembly.GetExportedTypes()
            .Where(t => t.Name.Contains("Statecast", StringComparison.Ordinal))
            .Select(t => t.Name)
            .Except([
                "IStatecast",
                "StatecastBuilder",
                "StatecastOptions",
                "StatecastServiceCollectionExtensions",
                "StatecastActivity",
                "StatecastMeter",
            ]);
        Assert.Empty(named);
    }

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b|NotImplementedException")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
