using System.Reflection;
using System.Text.RegularExpressions;
using Statecast.EntityFrameworkCore;
using Statecast.Events;
using Statecast.Kafka;
using Statecast.RabbitMQ;
using Statecast.Sqlite;
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
        // Members of other types, and what is only called.
        Assert.False(Exists("IStateContract<T>.ToArray"));
        Assert.False(Exists("InvalidOperationException"));
    }

    [Fact]
    public void Page_is_one_page() => Assert.InRange(Page.Count(c => c == '\n'), 20, 70);

    // A folder, a type, a type's member, or an extension method: what the compiler made, so that a call or a word in a text is no declaration.
    private static bool Exists(string name)
    {
        if (name.Contains('/'))
            return Path.Exists(RepositoryRoot.Of(name)) || Folders.Contains(name.TrimEnd('/'));
        return Parameters().Replace(name, "").Split('.') switch
        {
            [var one] => Foreign.Contains(one) || Folders.Contains(one) || Types.Contains(one) || Extensions.Contains(one),
            [var type, var member] => Types[type].Any(t => t.GetMember(member, All).Length > 0),
            _ => false,
        };
    }

    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly HashSet<string> Folders = [.. Directories().Select(d => Path.GetFileName(d))];

    private static readonly ILookup<string, Type> Types = new[]
    {
        typeof(StateEvent),
        typeof(SqliteAdapter),
        typeof(KafkaOptions),
        typeof(RabbitMQOptions),
        typeof(EfStateSource<>),
    }
        .SelectMany(t => t.Assembly.GetTypes())
        .ToLookup(t => t.Name.Split('`')[0], StringComparer.Ordinal);

    private static readonly HashSet<string> Extensions =
    [
        .. Types
            .SelectMany(t => t)
            .Where(t => t is { IsAbstract: true, IsSealed: true, IsVisible: true })
            .SelectMany(t => t.GetMethods(All))
            .Select(m => m.Name),
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
}
