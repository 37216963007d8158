using System.Xml.Linq;
using Xunit;

namespace Statecast.Tests.Repository;

/// <summary>Adapters depend on the core only, never on each other; the core has no third-party package.</summary>
public sealed class DependencyRuleTests
{
    public static TheoryData<string> Projects =>
        [.. Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "src"), "*.csproj", SearchOption.AllDirectories)];

    [Theory, MemberData(nameof(Projects))]
    public void Adapter_references_the_core_only(string project)
    {
        var name = Path.GetFileNameWithoutExtension(project);
        var references = XDocument
            .Load(project)
            .Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(((string)r.Attribute("Include")!).Replace('\\', '/')))
            .ToList();
        string[] allowed = name switch
        {
            "Statecast" => ["Statecast.Generators", "Statecast.CodeFixes"],
            "Statecast.Generators" or "Statecast.CodeFixes" => [],
            _ => ["Statecast"],
        };
        Assert.All(references, r => Assert.Contains(r, allowed));
    }

    [Fact]
    public void Core_uses_platform_packages_only()
    {
        var project = Path.Combine(RepositoryRoot.Path, "src", "Statecast", "Statecast.csproj");
        var packages = XDocument.Load(project).Descendants("PackageReference").Select(r => (string)r.Attribute("Include")!).ToList();
        Assert.NotEmpty(packages);
        Assert.All(packages, p => Assert.StartsWith("Microsoft.Extensions.", p, StringComparison.Ordinal));
    }

    [Fact]
    public void Core_assembly_loads_no_third_party_assembly()
    {
        var names = typeof(Statecast.Events.Guard).Assembly.GetReferencedAssemblies().Select(a => a.Name!).ToList();
        Assert.All(
            names,
            n =>
                Assert.True(
                    n.StartsWith("System.", StringComparison.Ordinal) || n.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal),
                    n
                )
        );
    }
}
