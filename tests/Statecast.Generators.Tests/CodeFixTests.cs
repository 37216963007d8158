using Microsoft.CodeAnalysis.CodeFixes;
using Statecast.CodeFixes;
using Xunit;

namespace Statecast.Generators.Tests;

public sealed class CodeFixTests
{
    private const string Head = "[StateContract(\"shop.order\")]\n";

    /// <summary>A rule, what is offered, and the source before and after it.</summary>
    public static TheoryData<string, string, string, string> Cases =>
        new()
        {
            {
                "STC1001",
                "Make 'Order' partial",
                Head + "public sealed record Order([StateKey] int Id);",
                Head + "public sealed partial record Order([StateKey] int Id);"
            },
            {
                "STC1001",
                "Make 'Order' partial",
                Head + "// why\nrecord Order([StateKey] int Id);",
                Head + "// why\npartial record Order([StateKey] int Id);"
            },
            {
                "STC1001",
                "Make 'Box' partial",
                "/// <summary>A box.</summary>\nclass Box { " + Head + "public sealed partial record Order([StateKey] int Id); }",
                "/// <summary>A box.</summary>\npartial class Box { " + Head + "public sealed partial record Order([StateKey] int Id); }"
            },
            {
                "STC1002",
                "Make 'Order' sealed",
                Head + "public partial record Order([StateKey] int Id);",
                Head + "public sealed partial record Order([StateKey] int Id);"
            },
            {
                "STC1002",
                "Make 'Order' sealed",
                Head + "partial record Order([StateKey] int Id);",
                Head + "sealed partial record Order([StateKey] int Id);"
            },
            {
                "STC1002",
                "Make 'Order' sealed",
                Head + "public abstract partial record Order([StateKey] int Id);",
                Head + "public sealed partial record Order([StateKey] int Id);"
            },
            {
                "STC1006",
                "Remove 'file' from 'Order'",
                Head + "file sealed partial record Order([StateKey] int Id);",
                Head + "sealed partial record Order([StateKey] int Id);"
            },
            {
                "STC1101",
                "Mark 'OrderId' with [StateKey]",
                Order("int Number, Guid OrderId", key: ""),
                Order("int Number, [StateKey] Guid OrderId", key: "")
            },
            {
                "STC1101",
                "Mark 'Number' with [StateKey]",
                Head + "public sealed partial record Order\n{\n    /// <summary>It.</summary>\n    public int Number { get; init; }\n}",
                Head
                    + "public sealed partial record Order\n{\n    /// <summary>It.</summary>\n    [StateKey]\n    public int Number { get; init; }\n}"
            },
            { "STC1202", "Use 'ImmutableArray'", Order("List<string> Tags"), Order("ImmutableArray<string> Tags") },
            { "STC1202", "Use 'ImmutableArray'", Order("List<string?>? Tags"), Order("ImmutableArray<string?>? Tags") },
            { "STC1202", "Use 'ImmutableArray'", Order("byte[] Photo"), Order("ImmutableArray<byte> Photo") },
            { "STC1202", "Use 'ImmutableArray'", Order("int[][] Rows"), Order("ImmutableArray<int[]> Rows") },
            {
                "STC1202",
                "Use 'ImmutableArray'",
                Order("System.Collections.Generic.IReadOnlyList<int> Rows"),
                Order("ImmutableArray<int> Rows")
            },
            {
                "STC1202",
                "Use 'ImmutableArray'",
                Order("ImmutableDictionary<string, IEnumerable<Guid>> Map"),
                Order("ImmutableDictionary<string, ImmutableArray<Guid>> Map")
            },
            { "STC1202", "Use 'ImmutableHashSet'", Order("HashSet<int> Set"), Order("ImmutableHashSet<int> Set") },
            { "STC1202", "Use 'ImmutableSortedSet'", Order("SortedSet<int> Set"), Order("ImmutableSortedSet<int> Set") },
            { "STC1202", "Use 'ImmutableDictionary'", Order("Dictionary<string, int> Map"), Order("ImmutableDictionary<string, int> Map") },
            {
                "STC1202",
                "Use 'ImmutableArray'",
                Order("int A", "public List<int> Items { get; init; } = new();"),
                Order("int A", "public ImmutableArray<int> Items { get; init; } = [];")
            },
            {
                "STC1202",
                "Use 'ImmutableArray'",
                Order("int A", "public List<int> Items { get; init; } = new() { };"),
                Order("int A", "public ImmutableArray<int> Items { get; init; } = [];")
            },
            {
                "STC1202",
                "Use 'ImmutableArray'",
                Order("int A", "public List<int> Items { get; init; } = new() { 1, 1 + 1 };"),
                Order("int A", "public ImmutableArray<int> Items { get; init; } = [1, 1 + 1];")
            },
            {
                "STC1202",
                "Use 'ImmutableArray'",
                Order("int A", "public IReadOnlyList<int> Items { get; init; } = new List<int> { 1, 2, };"),
                Order("int A", "public ImmutableArray<int> Items { get; init; } = [1, 2];")
            },
            {
                "STC1202",
                "Use 'ImmutableArray'",
                Order("int A", "public List<int> Items { get; init; } = [1, .. new[] { 2 }];"),
                Order("int A", "public ImmutableArray<int> Items { get; init; } = [1, .. new[] { 2 }];")
            },
            {
                "STC1202",
                "Use 'ImmutableHashSet'",
                Order("int A", "public HashSet<string> Items { get; init; } = new() { \"a\" };"),
                Order("int A", "public ImmutableHashSet<string> Items { get; init; } = [\"a\"];")
            },
            {
                "STC1202",
                "Use 'ImmutableSortedSet'",
                Order("int A", "public SortedSet<int> Items { get; init; } = new SortedSet<int>() { 2, 1 };"),
                Order("int A", "public ImmutableSortedSet<int> Items { get; init; } = [2, 1];")
            },
            { "STC1202", "Use 'ImmutableHashSet'", Order("HashSet<int>? Set = null"), Order("ImmutableHashSet<int>? Set = null") },
            { "STC1202", "Use 'ImmutableArray'", Order("List<int>? Items = default"), Order("ImmutableArray<int>? Items = default") },
            { "STC1202", "Use 'ImmutableArray'", Order("List<int>? Items = null"), Order("ImmutableArray<int>? Items = null") },
            {
                "STC1202",
                "Use 'ImmutableArray'",
                Order("int A", "public List<int>? Items { get; init; } = new() { 1 };"),
                Order("int A", "public ImmutableArray<int>? Items { get; init; } = [1];")
            },
            {
                "STC1202",
                "Use 'ImmutableDictionary'",
                Order("int A", "public Dictionary<string, int> Map { get; init; } = new Dictionary<string, int>();"),
                Order("int A", "public ImmutableDictionary<string, int> Map { get; init; } = ImmutableDictionary<string, int>.Empty;")
            },
            {
                "STC1203",
                "Make 'Count' init-only",
                Order("int A", "public int Count { get; set; } = 3;"),
                Order("int A", "public int Count { get; init; } = 3;")
            },
            {
                "STC1203",
                "Make 'Count' init-only",
                Order("int A", "public int Count { get; private set; }"),
                Order("int A", "public int Count { get; init; }")
            },
            {
                "STC1203",
                "Make 'Point' readonly",
                Order("Point At") + "\npublic record struct Point(int X, int Y);",
                Order("Point At") + "\npublic readonly record struct Point(int X, int Y);"
            },
            { "STC1205", "Add [Decimal(18, 2)]", Order("decimal Price"), Order("[Decimal(18, 2)] decimal Price") },
            {
                "STC1205",
                "Add [Decimal(18, 2)]",
                Order("int A", "\n    public decimal? Price { get; init; }\n"),
                Order("int A", "\n    [Decimal(18, 2)]\n    public decimal? Price { get; init; }\n")
                    .Replace("{ \n", "{\n", StringComparison.Ordinal)
                    .Replace("\n }", "\n}", StringComparison.Ordinal)
            },
            {
                "STC1205",
                "Add [Decimal(18, 2)]",
                Order("[Alias(\"cost\")] decimal Price"),
                Order("[Alias(\"cost\")][Decimal(18, 2)] decimal Price")
            },
            {
                "STC1207",
                "Make 'Line' sealed",
                Order("ImmutableArray<Line?> Lines") + "\npublic record Line(string Sku);",
                Order("ImmutableArray<Line?> Lines") + "\npublic sealed record Line(string Sku);"
            },
            {
                "STC1211",
                "Add 'init' to 'Stored'",
                Order("int A", "public int Stored { get; } = 3;"),
                Order("int A", "public int Stored { get; init; } = 3;")
            },
            {
                "STC1211",
                "Add 'init' to 'Stored'",
                Order("Line Line") + "\npublic sealed record Line { public int Stored { get; private init; } }",
                Order("Line Line") + "\npublic sealed record Line { public int Stored { get; init; } }"
            },
            {
                "STC1212",
                "Make 'Field' a property",
                Order("int A", "public readonly int Field;"),
                Order("int A", "public int Field { get; init; }")
            },
            {
                "STC1212",
                "Make 'Field' a property",
                Order("int A", "public int Field = 3;"),
                Order("int A", "public int Field { get; init; } = 3;")
            },
            {
                "STC1306",
                "Add [Default(\"x\")]",
                Order("int A", "public string Note { get; init; } = \"x\";"),
                Order("int A", "[Default(\"x\")] public string Note { get; init; } = \"x\";")
            },
            {
                "STC1306",
                "Add [Default]",
                Order("int A", "public ImmutableArray<int> Items { get; init; } = [];"),
                Order("int A", "[Default] public ImmutableArray<int> Items { get; init; } = [];")
            },
            {
                "STC1402",
                "Mark 'Kind.Unknown' with [EnumDefault]",
                Order("Kind? Kind") + "\npublic enum Kind\n{\n    New,\n    Unknown,\n}",
                Order("Kind? Kind") + "\npublic enum Kind\n{\n    New,\n    [EnumDefault]\n    Unknown,\n}"
            },
            {
                "STC1501",
                "Make 'Dot' sealed",
                Order("Shape Shape")
                    + "\n[StateCase<Dot>(\"dot\")]\npublic abstract record Shape;\n/// <summary>It.</summary>\npublic record Dot(int A) : Shape;",
                Order("Shape Shape")
                    + "\n[StateCase<Dot>(\"dot\")]\npublic abstract record Shape;\n/// <summary>It.</summary>\npublic sealed record Dot(int A) : Shape;"
            },
            {
                "STC1501",
                "Make 'Dot' sealed",
                Order("Shape Shape")
                    + "\n[StateCase<Shape.Dot>(\"dot\")]\npublic abstract record Shape { public partial record Dot : Shape; }",
                Order("Shape Shape")
                    + "\n[StateCase<Shape.Dot>(\"dot\")]\npublic abstract record Shape { public sealed partial record Dot : Shape; }"
            },
            {
                "STC1503",
                "Declare 'Dash' as the case \"dash\" of 'Shape'",
                Order("Shape Shape")
                    + "\n[StateCase<Dot>(\"dot\")]\npublic abstract record Shape;\npublic sealed record Dot : Shape;\npublic sealed record Dash : Shape;",
                Order("Shape Shape")
                    + "\n[StateCase<Dot>(\"dot\")]\n[StateCase<Dash>(\"dash\")]\npublic abstract record Shape;\npublic sealed record Dot : Shape;\npublic sealed record Dash : Shape;"
            },
            {
                "STC1503",
                "Declare 'Dash' as the case \"dash\" of 'Shape'",
                "namespace Shop.Shapes;\n\n"
                    + Order("Shape Shape")
                    + "\n[StateCase<Shape.Dot>(\"dot\")] public abstract record Shape { public sealed record Dot : Shape; }\npublic sealed record Dash : Shape;",
                "namespace Shop.Shapes;\n\n"
                    + Order("Shape Shape")
                    + "\n[StateCase<Shape.Dot>(\"dot\")][StateCase<Dash>(\"dash\")] public abstract record Shape { public sealed record Dot : Shape; }\npublic sealed record Dash : Shape;"
            },
            {
                "STC1504",
                "Declare the cases of 'Shape'",
                Order("Shape Shape")
                    + "\n\n/// <summary>Any.</summary>\npublic abstract record Shape;\npublic sealed record OpenDot : Shape;\npublic sealed record Dash : Shape;",
                Order("Shape Shape")
                    + "\n\n/// <summary>Any.</summary>\n[StateCase<OpenDot>(\"openDot\")]\n[StateCase<Dash>(\"dash\")]\npublic abstract record Shape;\npublic sealed record OpenDot : Shape;\npublic sealed record Dash : Shape;"
            },
        };

    [Theory, MemberData(nameof(Cases))]
    public async Task Fix_mends_what_is_reported(string id, string title, string before, string after)
    {
        using var mended = await Mended.Of(before);
        var reported = (await mended.Diagnostics(id)).Count;
        Assert.Equal([title], await mended.Offered(id));
        await mended.Fix(id);
        Assert.Equal(after, await mended.Text());
        Assert.Empty(await mended.Errors());
        // One of them at least is gone; an inner array is the next one's matter.
        var left = await mended.Diagnostics(id);
        Assert.True(left.Count < reported || before.Contains("[][]", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_fix_has_a_case() =>
        Assert.Equal(
            new ContractCodeFixProvider().FixableDiagnosticIds.Order(StringComparer.Ordinal),
            // Those that write locks are no text of a source: LockFixTests.
            Cases
                .Select(row => row.Data.Item1)
                .Concat(LockFixTests.Cases.Select(row => row.Data.Item1))
                .Concat(["STC1602", "STC1606"])
                .Distinct()
                .Order(StringComparer.Ordinal)
        );

    [Fact]
    public void Every_fix_is_for_a_rule() =>
        Assert.Subset(
            new ContractAnalyzer().SupportedDiagnostics.Select(d => d.Id).ToHashSet(),
            new ContractCodeFixProvider().FixableDiagnosticIds.ToHashSet()
        );

    /// <summary>Rules that have a fix, and sources where the right one is the author's to know.</summary>
    public static TheoryData<string, string> Undecided =>
        new()
        {
            { "STC1002", Head + "public sealed partial class Order { [StateKey] public int Id { get; init; } }" },
            { "STC1101", Order("double Ratio", key: "") },
            { "STC1202", Order("Dictionary<int, string> Map") },
            { "STC1202", Order("int[,] Grid") },
            { "STC1202", Order("int A", "public List<int> Items { get; init; } = null!;") },
            { "STC1202", Order("int A", "public List<int> Items { get; init; } = new(3) { 1 };") },
            { "STC1202", Order("int A", "public List<int> Items { get; init; } = new(new[] { 1, 2 });") },
            { "STC1202", Order("int A", "public List<int> Items { get; init; } = Enumerable.Range(1, 2).ToList();") },
            { "STC1202", Order("int A", "public List<int> Items { get; init; } = new() { Capacity = 3 };") },
            { "STC1202", Order("int A", "public IReadOnlyCollection<int> Items { get; init; } = new HashSet<int> { 1, 1 };") },
            { "STC1202", Order("int A", "public int[] Items { get; init; } = { 1, 2 };") },
            { "STC1202", Order("int A", "public HashSet<string> Set { get; init; } = new(StringComparer.Ordinal) { \"a\" };") },
            { "STC1202", Order("int A", "public Dictionary<string, int> Map { get; init; } = new() { [\"a\"] = 1 };") },
            { "STC1202", Order("int A", "public Dictionary<string, int> Map { get; init; } = new() { { \"a\", 1 } };") },
            {
                "STC1202",
                Order(
                    "int A",
                    "public ImmutableDictionary<string, List<int>> Map { get; init; } = new Dictionary<string, List<int>> { [\"a\"] = new() { 1 } }.ToImmutableDictionary();"
                )
            },
            { "STC1207", Order("Line Line") + "public class Line { public int A { get; init; } }" },
            { "STC1207", Order("Exception Line", key: Id).Replace("Exception", "Base", StringComparison.Ordinal) + "public class Base;" },
            { "STC1212", Order("int A", "public int B, C;") },
            { "STC1306", Order("int A", "public string? Note { get; init; } = \"x\";") },
            { "STC1306", Order("int A", "public Guid Made { get; init; } = Guid.NewGuid();") },
            { "STC1402", Order("Kind Kind") + "public enum Kind { New, Old }" },
            { "STC1402", Order("DayOfWeek Day") },
            { "STC1501", Order("Shape S") + "[StateCase<Dot>(\"dot\")] public abstract record Shape; public sealed record Dot(int A);" },
            { "STC1501", Order("Shape S") + "[StateCase<Dot>(\"dot\")] public abstract record Shape; public abstract record Dot : Shape;" },
            {
                "STC1503",
                Order("Shape S")
                    + "[StateCase<Dot>(\"dot\")] public abstract record Shape; public sealed record Dot : Shape; public partial record Open : Shape;"
            },
            { "STC1504", Order("Shape S") + "public abstract record Shape; public record Dot : Shape;" },
        };

    [Theory, MemberData(nameof(Undecided))]
    public async Task Fix_is_not_offered_where_it_would_guess(string id, string source)
    {
        using var mended = await Mended.Of(source);
        Assert.NotEmpty(await mended.Diagnostics(id));
        Assert.Empty(await mended.Offered(id));
    }

    [Fact]
    public async Task Fix_adds_the_using_that_it_needs()
    {
        using var mended = await Mended.WithoutUsings(
            "[Statecast.Contracts.StateContract(\"shop.order\")]\n"
                + "public sealed partial record Order([Statecast.Contracts.StateKey] int Id, int[] Lines, decimal Price);\n"
        );
        await mended.Fix("STC1202");
        await mended.Fix("STC1205");
        Assert.Equal(
            "using System.Collections.Immutable;\nusing Statecast.Contracts;\n\n[Statecast.Contracts.StateContract(\"shop.order\")]\n"
                + "public sealed partial record Order([Statecast.Contracts.StateKey] int Id, ImmutableArray<int> Lines, [Decimal(18, 2)] decimal Price);\n",
            await mended.Text(0)
        );
        Assert.Empty(await mended.Diagnostics());
        Assert.Empty(await mended.Errors());
    }

    [Fact]
    public async Task Fix_reaches_a_type_in_another_file()
    {
        using var mended = await Mended.Of(
            Order("Line Line, Kind Kind"),
            "namespace Elsewhere;",
            "public record Line(int A);",
            "public enum Kind { None, New }"
        );
        await mended.Fix("STC1207");
        await mended.Fix("STC1402");
        Assert.Equal("public sealed record Line(int A);", await mended.Text(3));
        Assert.Contains("[EnumDefault]", await mended.Text(4), StringComparison.Ordinal);
        Assert.Equal(Order("Line Line, Kind Kind"), await mended.Text());
        Assert.Empty(await mended.Diagnostics());
    }

    [Fact]
    public async Task Case_of_another_namespace_is_declared_by_its_name()
    {
        using var mended = await Mended.Of(
            Order("Shape S") + "[StateCase<Dot>(\"dot\")]\npublic abstract record Shape;\npublic sealed record Dot : Shape;",
            "namespace Elsewhere { public sealed record Dash : Shape; }"
        );
        await mended.Fix("STC1503");
        Assert.Contains("[StateCase<Dot>(\"dot\")]\n[StateCase<Dash>(\"dash\")]\n", await mended.Text(), StringComparison.Ordinal);
        Assert.StartsWith("using Elsewhere;\n", await mended.Text(), StringComparison.Ordinal);
        Assert.Empty(await mended.Diagnostics());
        Assert.Empty(await mended.Errors());
    }

    private const string Many = """
        [StateContract("a")] public sealed partial record A([StateKey] int Id, decimal First, decimal? Second, Line One, Line Two)
        {
            public List<List<int>> Matrix { get; init; } = new();
            public decimal Third { get; init; }
        }
        """;
    private const string More = """
        [StateContract("b")] public sealed partial record B([StateKey] int Id, decimal Fourth, Line Three, string[] Texts);
        public record Line(int A);
        """;

    [Theory]
    [InlineData(FixAllScope.Document, 1)]
    [InlineData(FixAllScope.Project, 0)]
    [InlineData(FixAllScope.Solution, 0)]
    public async Task Fix_all_mends_all_of_its_scope(FixAllScope scope, int left)
    {
        using var mended = await Mended.Of(Many, More);
        Assert.Equal(4, (await mended.Diagnostics("STC1205")).Count);
        await mended.FixAll("STC1205", scope);
        Assert.Equal(left, (await mended.Diagnostics("STC1205")).Count);
        Assert.Equal(4 - left, ((await mended.Text(1)) + await mended.Text(2)).Split("[Decimal(18, 2)]").Length - 1);
    }

    [Fact]
    public async Task Fix_all_makes_a_type_sealed_once_though_it_is_reported_often()
    {
        using var mended = await Mended.Of(Many, More);
        Assert.Equal(3, (await mended.Diagnostics("STC1207")).Count);
        await mended.FixAll("STC1207", FixAllScope.Solution);
        Assert.Contains("public sealed record Line(int A);", await mended.Text(2), StringComparison.Ordinal);
        Assert.Empty(await mended.Diagnostics("STC1207"));
        Assert.Empty(await mended.Errors());
    }

    [Fact]
    public async Task Fix_all_until_nothing_is_left_makes_a_contract_good()
    {
        using var mended = await Mended.Of(Many, More);
        for (var rounds = 0; (await mended.Diagnostics()) is [var first, ..]; rounds++)
        {
            Assert.True(rounds < 10, "The fixes do not come to an end.");
            await mended.FixAll(first.Id, FixAllScope.Solution);
        }
        Assert.Contains(
            "public ImmutableArray<ImmutableArray<int>> Matrix { get; init; } = [];",
            await mended.Text(1),
            StringComparison.Ordinal
        );
        Assert.Empty(await mended.Errors());
    }

    [Fact]
    public async Task Fix_all_changes_an_outer_and_an_inner_type_together()
    {
        using var mended = await Mended.Of(
            "class Box { class Lid { [StateContract(\"a\")] public sealed record A([StateKey] int Id); } }\n"
        );
        Assert.Equal(3, (await mended.Diagnostics("STC1001")).Count);
        await mended.FixAll("STC1001", FixAllScope.Document);
        Assert.Equal(
            "partial class Box { partial class Lid { [StateContract(\"a\")] public sealed partial record A([StateKey] int Id); } }\n",
            await mended.Text()
        );
    }

    private const string Id = "[StateKey] int Id";

    private static string Order(string parameters, string members = "", string key = Id) =>
        $"{Head}public sealed partial record Order({(key.Length > 0 ? key + ", " : "")}{parameters}) {{ {members} }}";
}
