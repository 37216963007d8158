using System.Text.RegularExpressions;
using Xunit;

namespace Statecast.Tests.Repository;

/// <summary>ARCHITECTURE.md is one page and true: each name in it is in the code.</summary>
public sealed partial class ArchitectureTests
{
    // What it says of others: EF Core's and the platform's.
    private static readonly HashSet<string> Foreign = ["SaveChanges", "TimeProvider"];

    private static readonly string Page = File.ReadAllText(RepositoryRoot.Of("ARCHITECTURE.md"));

    public static TheoryData<string> Names => [.. Quoted().Matches(Page).Select(m => m.Groups["name"].Value).Distinct()];

    [Theory, MemberData(nameof(Names))]
    public void Name_is_in_the_code(string name) => Assert.True(Exists(name), $"ARCHITECTURE.md names `{name}`, which is not there.");

    [Fact]
    public void Each_chapter_of_the_core_is_a_folder_and_each_folder_a_chapter()
    {
        var core = RepositoryRoot.Of("src/Statecast");
        var folders = Directory.GetDirectories(core).Select(d => Path.GetFileName(d)).Except(["bin", "obj"]);
        Assert.Equal(folders.Order(), Chapter().Matches(Page).Select(m => m.Groups["name"].Value).Order());
    }

    [Fact]
    public void A_name_that_is_not_there_is_found_out()
    {
        Assert.False(Exists("RelayEngine"));
        Assert.False(Exists("src/Statecast.Nothing"));
        Assert.False(Exists("IStateContract<T>.NoSuchMember"));
    }

    [Fact]
    public void Page_is_one_page() => Assert.InRange(Page.Count(c => c == '\n'), 20, 70);

    private static bool Exists(string name)
    {
        if (name.Contains('/'))
            return Path.Exists(RepositoryRoot.Of(name)) || Folders.Contains(name.TrimEnd('/'));
        return Parameters().Replace(name, "").Split('.').All(p => Foreign.Contains(p) || Folders.Contains(p) || Declared.Contains(p));
    }

    private static readonly HashSet<string> Folders = [.. Directories().Select(d => Path.GetFileName(d))];

    private static readonly HashSet<string> Declared =
    [
        .. Directories()
            .SelectMany(d => Directory.GetFiles(d, "*.cs"))
            .SelectMany(File.ReadLines)
            .Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal))
            .SelectMany(line => Declaration().Matches(line))
            .Select(m => m.Groups["name"].Value),
    ];

    private static IEnumerable<string> Directories() =>
        Directory
            .GetDirectories(RepositoryRoot.Of("src"), "*", SearchOption.AllDirectories)
            .Where(d => !d.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));

    [GeneratedRegex("(?<!`)`(?<name>[^`\n]+)`(?!`)")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^- \*\*(?<name>\w+)\*\*:", RegexOptions.Multiline)]
    private static partial Regex Chapter();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Parameters();

    /// <summary>A type's name after its keyword, or a member's after its type.</summary>
    [GeneratedRegex(
        @"\b(?:class|interface|struct|enum|record(?:\s+(?:class|struct))?)\s+(?<name>\w+)|^\s+(?:[\w<>?\[\],.]+\s+)+(?<name>\w+)\s*(?:[({;<]|=>|$)"
    )]
    private static partial Regex Declaration();
}
