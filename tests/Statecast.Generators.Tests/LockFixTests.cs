using Microsoft.CodeAnalysis.CodeFixes;
using Xunit;

namespace Statecast.Generators.Tests;

public sealed class LockFixTests
{
    /// <summary>A rule, what is offered, the locked source, and the source before and after.</summary>
    public static TheoryData<string, string, string, string, string> Cases =>
        new()
        {
            {
                "STC1601",
                "Make it the new major 2 of 'shop.order'",
                Order("int Count"),
                Order("string Count"),
                Order("string Count").Replace("\"shop.order\"", "\"shop.order\", Version = 2", StringComparison.Ordinal)
            },
            { "STC1603", "Add [Alias(\"name\")]", Order("string Name"), Order("string Title"), Order("[Alias(\"name\")] string Title") },
            {
                "STC1603",
                "Add [Alias(\"Line\")]",
                Order("Line Line") + "public sealed record Line(int A);",
                Order("Row Line") + "public sealed record Row(int A);",
                Order("Row Line") + "\n[Alias(\"Line\")]\npublic sealed record Row(int A);"
            },
            { "STC1604", "Add [Default]", Order("int A"), Order("int A, string Note"), Order("int A, [Default] string Note") },
            {
                "STC1604",
                "Add [Default]",
                Order("int A"),
                Order("int A, ImmutableArray<int> Ids"),
                Order("int A, [Default] ImmutableArray<int> Ids")
            },
            {
                "STC1605",
                "Mark 'Kind.Unknown' with [EnumDefault]",
                Order("Kind Kind") + "public enum Kind { Unknown, B }",
                Order("Kind Kind") + "public enum Kind { Unknown, B, C }",
                Order("Kind Kind") + "public enum Kind { [EnumDefault] Unknown, B, C }"
            },
        };

    [Theory, MemberData(nameof(Cases))]
    public async Task Fix_mends_what_was_found(string id, string title, string earlier, string now, string after)
    {
        using var mended = await Mended.Since(earlier, now);
        Assert.Equal([title], await mended.Offered(id));
        await mended.Fix(id);
        Assert.Equal(after, await mended.Text());
        Assert.Empty(await mended.Errors());
        Assert.Empty(await mended.Diagnostics(id));
    }

    [Theory]
    [InlineData("STC1604", "int A, Row Row", "public sealed record Row(int A);")]
    [InlineData("STC1604", "int A, Sort Sort", "public enum Sort { A = 1 }")]
    public async Task Nothing_is_offered_that_would_be_a_guess(string id, string now, string types)
    {
        using var mended = await Mended.Since(Order("int A"), Order(now) + types);
        Assert.Empty(await mended.Offered(id));
    }

    [Fact]
    public async Task Earlier_major_is_raised_from_what_is_written()
    {
        static string Second(string parameters) =>
            Order(parameters).Replace("\"shop.order\"", "\"shop.order\", Version = 2", StringComparison.Ordinal);
        using var mended = await Mended.Since(Second("int A"), Second("bool A"));
        await mended.Fix("STC1601");
        Assert.Equal(Second("bool A").Replace("= 2", "= 3", StringComparison.Ordinal), await mended.Text());
    }

    [Fact]
    public async Task First_lock_is_written_beside_the_project()
    {
        using var mended = await Mended.Of(Order("int A"));
        Assert.Equal(["Lock it as v1.0"], await mended.Offered("STC1606"));
        await mended.Fix("STC1606");
        var files = await mended.Files();
        Assert.Equal(["/shop/contracts/shop.order/v1.0.avsc", "/shop/contracts/shop.order/v1.0.schema.json"], files.Keys);
        Assert.StartsWith("{\n  \"type\": \"record\",\n  \"name\": \"Order\",\n", files.Values.First(), StringComparison.Ordinal);
        Assert.Empty(await mended.Diagnostics("STC1606"));
        Assert.Empty(await mended.Diagnostics());
    }

    [Fact]
    public async Task Next_minor_is_written_beside_the_last()
    {
        using var mended = await Mended.Since(Order("int A"), Order("int A, string? Note"));
        Assert.Equal(["Lock it as v1.1"], await mended.Offered("STC1602"));
        await mended.Fix("STC1602");
        Assert.Contains("/shop/contracts/shop.order/v1.1.schema.json", (await mended.Files()).Keys);
        Assert.Equal(4, (await mended.Files()).Count);
        Assert.Empty(await mended.Diagnostics());
    }

    [Fact]
    public async Task Break_is_mended_by_major_and_then_by_lock()
    {
        using var mended = await Mended.Since(Order("int A, int B"), Order("string A, bool B"));
        await mended.FixAll("STC1601", FixAllScope.Document);
        Assert.Contains("Version = 2", await mended.Text(), StringComparison.Ordinal);
        await mended.Fix("STC1606");
        Assert.Contains("/shop/contracts/shop.order/v2.0.avsc", (await mended.Files()).Keys);
        Assert.Empty(await mended.Diagnostics());
        Assert.Empty(await mended.Diagnostics("STC1606"));
    }

    [Fact]
    public async Task All_contracts_are_locked_at_once()
    {
        using var mended = await Mended.Of(Order("int A"), Order("int B").Replace("rder", "ther", StringComparison.Ordinal));
        await mended.FixAll("STC1606", FixAllScope.Solution);
        Assert.Equal(4, (await mended.Files()).Count);
        Assert.Empty(await mended.Diagnostics("STC1606"));
    }

    private static string Order(string parameters) => LockAnalyzerTests.Order(parameters);
}
