using Microsoft.CodeAnalysis;
using Xunit;

namespace Statecast.Generators.Tests;

public sealed class LockAnalyzerTests
{
    private const string Kinds = "public enum Kind { A, B }";

    /// <summary>A contract as it was locked and as it is, the rule that it breaks, what is underlined, and what the message must say.</summary>
    public static TheoryData<string, string, string, string, string> Changed =>
        new()
        {
            { Order("int Count"), Order("string Count"), "STC1601", "Count", "string is read" },
            { Order("long Count"), Order("int Count"), "STC1601", "Count", "long is written where int is read" },
            { Order("int Count, string Note"), Order("string Note"), "STC1601", "Order", "'count' is gone" },
            { Order("int? Count"), Order("int Count"), "STC1601", "Count", "null" },
            // What Avro encodes alike, JSON does not.
            { Order("int Count"), Order("byte Count"), "STC1601", "Count", "from 0 to 255" },
            { Order("TimeSpan Wait"), Order("long Wait"), "STC1601", "Wait", "duration" },
            { Order("ImmutableArray<int> Ids"), Order("ImmutableHashSet<int> Ids"), "STC1601", "Ids", "a set is read" },
            // Earlier targets would read the list as a set, and park nothing.
            { Order("ImmutableHashSet<int> Ids"), Order("ImmutableArray<int> Ids"), "STC1601", "Ids", "a set is read" },
            { Order("ImmutableArray<byte> Photo"), Order("string Photo"), "STC1601", "Photo", "bytes are written where a text is read" },
            { Order("[Decimal(9, 2)] decimal Price"), Order("[Decimal(9, 3)] decimal Price"), "STC1601", "Price", "keep the scale" },
            { Order("[Decimal(9, 2)] decimal Price"), Order("[Decimal(8, 2)] decimal Price"), "STC1601", "Price", "only grow" },
            { Order("Kind Kind") + Kinds, Order("Kind Kind") + "public enum Kind { A }", "STC1601", "Kind", "'B' is unknown" },
            {
                "[StateContract(\"a\")] public sealed partial record Order([StateKey] int A, int B);",
                "[StateContract(\"a\")] public sealed partial record Order(int A, [StateKey] int B);",
                "STC1601",
                "Order",
                "the key is (a)"
            },
            {
                Order("Pay Pay") + Cases("card", "cash"),
                Order("Pay Pay") + Cases("card"),
                "STC1601",
                "Pay",
                "no branch for shop.order.cash"
            },
            {
                Order("ImmutableArray<Line> Lines") + "public sealed record Line(int Count);",
                Order("ImmutableArray<Line> Lines") + "public sealed record Line(string Count);",
                "STC1601",
                "Count",
                "'lines[].count'"
            },
            { Order("int Count"), Order("int Count, string? Note"), "STC1602", "Order", "lock it as v1.1" },
            { Order("int Count"), Order("long Count"), "STC1602", "Order", "Upgrade targets first" },
            { Order("int Count"), Order("int Count = 1"), "STC1602", "Order", "v1.1" },
            { Order("string Name"), Order("[Alias(\"name\")] string Title"), "STC1602", "Order", "Upgrade targets first" },
            { Order("Pay Pay") + Cases("card"), Order("Pay Pay") + Cases("card", "cash"), "STC1602", "Order", "Upgrade targets first" },
            { Order("int? Count, string Note"), Order("string Note"), "STC1602", "Order", "v1.1" },
            { Order("string Name"), Order("string Title"), "STC1603", "Title", "[Alias(\"name\")]" },
            // An alias of something else, and one of two that came: neither says what became of the old name.
            { Order("string? Name"), Order("[Alias(\"other\")] string? Title"), "STC1603", "Title", "[Alias(\"name\")]" },
            { Order("string? Name"), Order("string? Title, string? Extra"), "STC1603", "Title", "[Alias(\"name\")]" },
            // The type was changed in the same edit: whether it may be is said once the name is known.
            { Order("string? Name"), Order("string Title = \"\""), "STC1603", "Title", "[Alias(\"name\")]" },
            { Order("string Name = \"\""), Order("string? Title"), "STC1603", "Title", "[Alias(\"name\")]" },
            { Order("int? Count"), Order("long? Total"), "STC1603", "Total", "[Alias(\"count\")]" },
            { Order("int Count"), Order("double? Total"), "STC1603", "Total", "[Alias(\"count\")]" },
            { Order("long? Count"), Order("int Total = 1"), "STC1603", "Total", "[Alias(\"count\")]" },
            { Order("ImmutableArray<int>? Ids"), Order("ImmutableArray<long>? Numbers"), "STC1603", "Numbers", "[Alias(\"ids\")]" },
            { Order("[Decimal(9, 2)] decimal? Price"), Order("[Decimal(12, 2)] decimal? Total"), "STC1603", "Total", "[Alias(\"price\")]" },
            { Order("Kind? Kind") + Kinds, Order("Kind Sort = Kind.A") + Kinds, "STC1603", "Sort", "[Alias(\"kind\")]" },
            // Of two that went, the one of its very type.
            { Order("int? Count, long? Sum"), Order("long? Total"), "STC1603", "Total", "[Alias(\"sum\")]" },
            // Other types are other fields, though one binary form would do for both.
            { Order("string? Name"), Order("int? Count"), "STC1602", "Order", "v1.1" },
            { Order("DateOnly? Day"), Order("int? Count"), "STC1602", "Order", "v1.1" },
            { Order("Guid? Parcel"), Order("string? Name"), "STC1602", "Order", "v1.1" },
            // The name was kept once, and states of that version have it still.
            { Order("[Alias(\"name\")] string? Title"), Order("string? Title"), "STC1603", "Title", "[Alias(\"name\")]" },
            {
                Order("Line? Home") + "public sealed record Line(int A);",
                Order("Line? House") + "public sealed record Line(int A, int? B);",
                "STC1603",
                "House",
                "[Alias(\"home\")]"
            },
            {
                Order("Kind Kind") + "public enum Kind { [EnumDefault] A, B, C }",
                Order("Kind Kind") + "public enum Kind { [EnumDefault] A, B, D }",
                "STC1601",
                "Kind",
                "the member 'C' is gone, and earlier states that have it would be read as 'A'"
            },
            // It would be read, as null: what Apache.Avro loses without a word.
            { Order("string? Name"), Order("string? Title"), "STC1603", "Title", "[Alias(\"name\")]" },
            {
                Order("Line Line") + "public sealed record Line(int A);",
                Order("Row Line") + "public sealed record Row(int A);",
                "STC1603",
                "Row",
                "[Alias(\"Line\")]"
            },
            { Order("Kind? Kind") + Kinds, Order("Sort? Kind") + "public enum Sort { A, B }", "STC1603", "Sort", "[Alias(\"Kind\")]" },
            {
                Order("Pay Pay") + Cases("card", "cash"),
                Order("Pay Pay") + Cases("card", "coins"),
                "STC1603",
                "Coins",
                "[Alias(\"cash\")]"
            },
            {
                Order("int A"),
                Order("int A").Replace("Order(", "Purchase(", StringComparison.Ordinal),
                "STC1603",
                "Purchase",
                "[Alias(\"Order\")]"
            },
            { Order("int Count"), Order("int Count, string Note"), "STC1604", "Note", "'note' is new" },
            {
                Order("ImmutableArray<Line> Lines") + "public sealed record Line(int Count);",
                Order("ImmutableArray<Line> Lines") + "public sealed record Line(int Count, bool Free);",
                "STC1604",
                "Free",
                "'lines[].free'"
            },
            { Order("Kind Kind") + Kinds, Order("Kind Kind") + "public enum Kind { A, B, C }", "STC1605", "Kind", "'C' is unknown" },
        };

    [Theory, MemberData(nameof(Changed))]
    public async Task Change_is_reported(string earlier, string now, string id, string underlined, string says)
    {
        var diagnostic = Assert.Single(await Locked.Analyze(earlier, now));
        Assert.Equal((id, DiagnosticSeverity.Error), (diagnostic.Id, diagnostic.Severity));
        var text = diagnostic.Location.SourceTree!.GetText(TestContext.Current.CancellationToken);
        Assert.Equal(underlined, text.ToString(diagnostic.Location.SourceSpan));
        Assert.Contains(says, diagnostic.GetMessage(null), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_rule_of_locks_has_a_case()
    {
        var rules = new ContractAnalyzer()
            .SupportedDiagnostics.Select(d => d.Id)
            .Where(id => id.StartsWith("STC16", StringComparison.Ordinal));
        // The last two have tests of their own below.
        Assert.Equal(
            rules.Order(StringComparer.Ordinal),
            Changed.Select(row => row.Data.Item3).Append("STC1606").Append("STC1607").Distinct().Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Contract_that_is_as_locked_is_silent() =>
        Assert.Empty(await Locked.Analyze(Order("int Count, string? Note"), Order("int Count, string? Note")));

    [Fact]
    public async Task New_member_beside_a_default_needs_a_minor_only() =>
        Assert.Equal(
            "STC1602",
            Assert
                .Single(await Locked.Analyze(Order("Kind Kind") + Kinds, Order("Kind Kind") + "public enum Kind { [EnumDefault] A, B, C }"))
                .Id
        );

    [Fact]
    public async Task Every_minor_of_the_major_is_looked_at()
    {
        // v1.0 has no count and v1.1 has one that may be absent: only the last would be read.
        var locks = (await Locked.Of(Order("string? Note"))).AddRange(await Locked.Of(Order("string? Note, int Count = 1"), minor: 1));
        var now = Order("string? Note, int Count");
        var transitive = Assert.Single(await Compiled.Analyze(Locked.Options(locks), now));
        Assert.Equal("STC1604", transitive.Id);
        Assert.Contains("v1.0", transitive.GetMessage(null), StringComparison.Ordinal);
        var last = Assert.Single(await Compiled.Analyze(Locked.Options(locks, ("StatecastCompatibility", "Backward")), now));
        Assert.Equal("STC1602", last.Id);
    }

    /// <summary>
    /// A major's locks, oldest first, of which the newest is what the contract is, the rule that it breaks with an earlier one, which, and what is said.
    /// </summary>
    public static TheoryData<string[], string, string, string> Standing =>
        new()
        {
            { [Order("int Count"), Order("string Count")], "STC1601", "v1.0", "string is read" },
            { [Order("int Count"), Order("int? Count"), Order("bool? Count")], "STC1601", "v1.0", "no branch for int" },
            // Each step alone may be: the field came with a default, and lost it.
            {
                [Order("string? Note"), Order("string? Note, int Count = 1"), Order("string? Note, int Count")],
                "STC1604",
                "v1.0",
                "'count' is new"
            },
            // The last step is additive, the one before was not.
            {
                [Order("int Count"), Order("long Count"), Order("int Count"), Order("int Count, string? Note")],
                "STC1601",
                "v1.1",
                "long is written"
            },
            { [Order("string? Name"), Order("string? Title")], "STC1603", "v1.0", "[Alias(\"name\")]" },
            {
                [
                    Order("string? Name"),
                    Order("[Alias(\"name\")] string? Title"),
                    Order("string? Title, int? A"),
                    Order("string? Title, int? A, int? B"),
                ],
                "STC1603",
                "v1.1",
                "[Alias(\"name\")]"
            },
            {
                [
                    Order("Kind Kind") + "public enum Kind { [EnumDefault] A, B }",
                    Order("Kind Kind") + "public enum Kind { [EnumDefault] A }",
                    Order("Kind Kind, int? Count") + "public enum Kind { [EnumDefault] A }",
                ],
                "STC1601",
                "v1.0",
                "the member 'B' is gone"
            },
        };

    [Theory, MemberData(nameof(Standing))]
    public async Task Locked_contract_that_breaks_an_older_lock_is_reported(string[] locks, string id, string version, string says)
    {
        var found = Assert.Single(await Compiled.Analyze(Locked.Options(await Locked.Of(locks)), locks[^1]));
        Assert.Equal((id, DiagnosticSeverity.Error), (found.Id, found.Severity));
        Assert.Contains(version, found.GetMessage(null), StringComparison.Ordinal);
        Assert.Contains(says, found.GetMessage(null), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Locked_contract_whose_steps_each_were_allowed_is_silent()
    {
        string[] locks =
        [
            Order("int Count, string? Name"),
            Order("long Count, string? Name") + Kinds,
            // Neither is a rename: the one went and was locked, before the other came.
            Order("long Count"),
            Order("long Count, string? Title"),
            Order("long Count, [Alias(\"title\")] string? Heading"),
            Order("long Count, [Alias(\"title\")] string? Heading, Kind Kind = Kind.A") + "public enum Kind { [EnumDefault] A }",
            Order("long Count, [Alias(\"title\")] string? Heading, Kind Kind = Kind.A") + "public enum Kind { [EnumDefault] A, B }",
        ];
        Assert.Empty(await Compiled.Analyze(Locked.Options(await Locked.Of(locks)), locks[^1]));
    }

    [Theory]
    [InlineData("BackwardTransitive", "")]
    [InlineData("Full", "")]
    [InlineData("FullTransitive", "STC1601")]
    public async Task Locked_contract_is_held_to_its_projects_mode(string mode, string ids)
    {
        // Widened when the first followed, and locked under a mode that allows it.
        string[] locks = [Order("int Count"), Order("long Count"), Order("long Count, string? Note")];
        var found = await Compiled.Analyze(Locked.Options(await Locked.Of(locks), ("StatecastCompatibility", mode)), locks[^1]);
        Assert.Equal(ids, string.Join(' ', found.Select(d => d.Id)));
    }

    [Fact]
    public async Task Verdict_on_a_locked_contract_follows_its_locks_and_its_mode()
    {
        string[] locks = [Order("int Count"), Order("long Count")];
        var files = await Locked.Of(locks);
        var broken = files.RemoveRange(0, 2).InsertRange(0, await Locked.Of(Order("string Count")));
        foreach (
            var (given, mode, expected) in new[]
            {
                (files, "BackwardTransitive", ""),
                (files, "FullTransitive", "STC1601"),
                (files, "BackwardTransitive", ""),
                (broken, "BackwardTransitive", "STC1601"),
                (files, "BackwardTransitive", ""),
            }
        )
        {
            var found = await Compiled.Analyze(Locked.Options(given, ("StatecastCompatibility", mode)), locks[^1]);
            Assert.Equal(expected, string.Join(' ', found.Select(d => d.Id)));
        }
    }

    [Theory]
    [InlineData("BackwardTransitive", "STC1602")]
    [InlineData("FullTransitive", "STC1601")]
    [InlineData("full", "STC1601")]
    public async Task Widening_breaks_where_earlier_targets_must_go_on(string mode, string id) =>
        Assert.Equal(id, Assert.Single(await Locked.Analyze(Order("int Count"), Order("long Count"), ("StatecastCompatibility", mode))).Id);

    [Fact]
    public async Task New_major_is_free_and_needs_its_own_lock()
    {
        var now = Order("bool Count").Replace("\"shop.order\"", "\"shop.order\", Version = 2", StringComparison.Ordinal);
        var diagnostic = Assert.Single(await Locked.Analyze(Order("int Count"), now));
        Assert.Equal(("STC1606", DiagnosticSeverity.Error), (diagnostic.Id, diagnostic.Severity));
        Assert.Contains("v2.0", diagnostic.GetMessage(null), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Contract_without_a_lock_is_an_information_until_any_has_one()
    {
        const string other = "[StateContract(\"shop.other\")] public sealed partial record Other([StateKey] int Id);";
        var alone = Assert.Single(await Compiled.Analyze(Locked.Options([]), other));
        Assert.Equal(("STC1606", DiagnosticSeverity.Info), (alone.Id, alone.Severity));
        var required = Assert.Single(await Compiled.Analyze(Locked.Options([], ("StatecastRequireLocks", "true")), other));
        Assert.Equal(("STC1606", DiagnosticSeverity.Error), (required.Id, required.Severity));
        var beside = Assert.Single(await Locked.Analyze(Order("int A"), Order("int A") + other));
        Assert.Equal(("STC1606", DiagnosticSeverity.Error), (beside.Id, beside.Severity));
    }

    [Fact]
    public async Task Lock_without_its_JSON_Schema_is_an_error_whatever_changed()
    {
        var locks = (await Locked.Of("[StateContract(\"a\")] public sealed partial record Order([StateKey] int A, int B);")).RemoveAll(f =>
            f.Path.EndsWith(".json", StringComparison.Ordinal)
        );
        var now = "[StateContract(\"a\")] public sealed partial record Order(int A, [StateKey] int B);";
        var diagnostic = Assert.Single(await Compiled.Analyze(Locked.Options(locks), now));
        Assert.Equal("STC1607", diagnostic.Id);
        Assert.Contains("a/v1.0.schema.json is missing", diagnostic.GetMessage(null), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/shop/contracts/shop.order/v1.0.avsc", "{\n  \"type\": \"record\"\n", "',' or '}' is expected")]
    [InlineData("/shop/contracts/shop.order/v1.0.avsc", "{\"type\":\"record\"}", "'name' is missing")]
    [InlineData(
        "/shop/contracts/shop.order/v1.0.schema.json",
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"frog\"}}}",
        "'frog'"
    )]
    public async Task Lock_that_is_no_schema_is_reported_in_its_file(string path, string text, string says)
    {
        var found = await Compiled.Analyze(Locked.Options([new Locked.TextFile(path, text)]), Order("int A"));
        var diagnostic = Assert.Single(found, d => d.Id == "STC1607");
        Assert.Equal(path, diagnostic.Location.GetLineSpan().Path);
        Assert.Contains(says, diagnostic.GetMessage(null), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/shop/contracts/shop.order/v1.avsc")]
    [InlineData("/shop/contracts/shop.order/v01.0.avsc")]
    [InlineData("/shop/contracts/shop.order/readme.json")]
    public async Task Other_files_are_none_of_our_business(string path) =>
        Assert.Equal(
            DiagnosticSeverity.Info,
            Assert.Single(await Compiled.Analyze(Locked.Options([new Locked.TextFile(path, "{")]), Order("int A"))).Severity
        );

    private static string Cases(params string[] names)
    {
        var types = names.Select(n => char.ToUpperInvariant(n[0]) + n[1..]).ToList();
        var bodies = new Dictionary<string, string>
        {
            ["Card"] = "(string Last4)",
            ["Cash"] = "(int Paid)",
            ["Coins"] = "(int Paid)",
        };
        return string.Concat(names.Zip(types, (n, t) => $"[StateCase<{t}>(\"{n}\")] "))
            + "public abstract record Pay;\n"
            + string.Concat(types.Select(t => $"public sealed record {t}{bodies[t]} : Pay;\n"));
    }

    internal static string Order(string parameters) =>
        $"[StateContract(\"shop.order\")] public sealed partial record Order([StateKey] Guid Id, {parameters}) {{ }}\n";
}
