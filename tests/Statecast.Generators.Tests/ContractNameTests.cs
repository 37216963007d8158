using Microsoft.CodeAnalysis;
using Xunit;

namespace Statecast.Generators.Tests;

/// <summary>Two contracts of one name and version are told from each other by nobody.</summary>
public sealed class ContractNameTests
{
    private const string First = "namespace A { [StateContract(\"shop.order\")] public sealed partial record Order([StateKey] Guid Id); }";

    [Theory]
    [InlineData("[StateContract(\"shop.order\")]")]
    [InlineData("[StateContract(\"shop.order\", Version = 1)]")]
    public async Task Second_contract_of_a_name_and_version_is_reported(string attribute)
    {
        var second = $"namespace B {{ {attribute} public sealed partial record Purchase([StateKey] Guid Id, int Count); }}";
        var diagnostic = Assert.Single(await Compiled.Analyze(First, second));
        Assert.Equal(("STC1007", DiagnosticSeverity.Error), (diagnostic.Id, diagnostic.Severity));
        Assert.Equal(
            "Purchase",
            diagnostic.Location.SourceTree!.GetText(TestContext.Current.CancellationToken).ToString(diagnostic.Location.SourceSpan)
        );
        var message = diagnostic.GetMessage(null);
        Assert.Contains("'B.Purchase' is the contract 'shop.order' version 1, and so is 'A.Order'", message, StringComparison.Ordinal);
        Assert.Contains("another Version", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_further_one_is_reported() => Assert.Equal(["Second", "Third"], (
                await Compiled.Analyze(
                    First,
                    """
                    [StateContract("shop.order")] public sealed partial record Second([StateKey] Guid Id);
                    [StateContract("shop.order")] public sealed partial record Third([StateKey] Guid Id);
                    """
                )
            ).Select(d => d.Location.SourceTree!.ToString().Substring(d.Location.SourceSpan.Start, d.Location.SourceSpan.Length)).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("[StateContract(\"shop.order\", Version = 2)]")]
    [InlineData("[StateContract(\"shop.order-line\")]")]
    public async Task Another_name_or_version_is_no_matter(string attribute) =>
        Assert.Empty(await Compiled.Analyze(First, $"{attribute} public sealed partial record Other([StateKey] Guid Id);"));

    [Fact]
    public async Task Contract_in_several_parts_is_one() =>
        Assert.Empty(await Compiled.Analyze(First, "namespace A { public sealed partial record Order { public int Twice => 2; } }"));
}
