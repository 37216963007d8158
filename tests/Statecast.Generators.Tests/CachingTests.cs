using System.Collections;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Statecast.Generators.Tests;

public sealed class CachingTests
{
    private const string Order = """
        [StateContract("shop.order")]
        public sealed partial record Order([StateKey] Guid Id, Address Home, ImmutableArray<string> Tags, Status Status, Shipment Shipment, int Count = 1);
        """;
    private const string Customer = "[StateContract(\"shop.customer\")] public sealed partial record Customer([StateKey] int Id);";
    private const string Parts = """
        public sealed record Address(string Street);
        [StateCase<Letter>("letter")] public abstract record Shipment;
        public sealed record Letter(int Weight) : Shipment;
        public enum Status { [EnumDefault] New, Old }
        """;

    [Fact]
    public void Unrelated_edit_regenerates_nothing()
    {
        var before = Compiled.Compilation(Order, Customer, Parts);
        var after = before.AddSyntaxTrees(Parse("class Unrelated { int x; }"));
        Assert.Equal(["Reused", "Reused"], ShapesAfter(before, after));
    }

    [Fact]
    public void Comment_in_the_contract_regenerates_nothing()
    {
        var before = Compiled.Compilation(Order, Customer, Parts);
        Assert.Equal(
            ["Reused", "Reused"],
            ShapesAfter(before, Edit(before, "public sealed partial record Order", "/* why */ public sealed partial record Order"))
        );
    }

    [Fact]
    public void Edit_of_a_contract_regenerates_it_alone()
    {
        var before = Compiled.Compilation(Order, Customer, Parts);
        Assert.Equal(["Modified", "Reused"], ShapesAfter(before, Edit(before, "int Count = 1", "int Count = 2")));
    }

    [Fact]
    public void Patches_turned_on_regenerate_the_contract_alone()
    {
        var before = Compiled.Compilation(Order, Customer, Parts);
        Assert.Equal(
            ["Modified", "Reused"],
            ShapesAfter(before, Edit(before, "[StateContract(\"shop.order\")]", "[StateContract(\"shop.order\", Patches = true)]"))
        );
    }

    [Fact]
    public void Unrelated_edit_regenerates_no_patches()
    {
        var before = Compiled.Compilation(Order.Replace("order\"", "order\", Patches = true"), Customer, Parts);
        Assert.Equal(["Reused", "Reused"], ShapesAfter(before, before.AddSyntaxTrees(Parse("class Unrelated { int x; }"))));
    }

    [Fact]
    public void Edit_of_a_nested_type_elsewhere_regenerates_its_contract()
    {
        var before = Compiled.Compilation(Order, Customer, Parts);
        Assert.Equal(["Modified", "Reused"], ShapesAfter(before, Edit(before, "string Street", "string Street, string City")));
    }

    [Fact]
    public void Edit_of_a_case_elsewhere_regenerates_its_contract()
    {
        var before = Compiled.Compilation(Order, Customer, Parts);
        Assert.Equal(["Modified", "Reused"], ShapesAfter(before, Edit(before, "int Weight", "long Weight")));
        Assert.Equal(
            ["Modified", "Reused"],
            ShapesAfter(before, Edit(before, "StateCase<Letter>(\"letter\")", "StateCase<Letter>(\"mail\")"))
        );
    }

    [Fact]
    public void Edit_of_an_enum_elsewhere_regenerates_its_contract()
    {
        var before = Compiled.Compilation(Order, Customer, Parts);
        Assert.Equal(["Modified", "Reused"], ShapesAfter(before, Edit(before, "New, Old", "New, Old, Older")));
    }

    [Fact]
    public void Models_hold_no_symbol()
    {
        var run = Compiled.Driver().RunGenerators(Compiled.Compilation(Order, Customer, Parts)).GetRunResult().Results.Single();
        var models = run.TrackedSteps[ContractGenerator.ShapesStep].SelectMany(s => s.Outputs).Select(o => o.Value).ToList();
        Assert.Equal(2, models.Count);
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        foreach (var model in models)
            Walk(model, seen);
        Assert.Contains(seen, o => o is string s && s == "street");
    }

    private static void Walk(object? value, HashSet<object> seen)
    {
        if (value is null || !seen.Add(value))
            return;
        Assert.False(value is ISymbol or Compilation or SyntaxNode or SyntaxTree or SemanticModel, $"A model holds a {value.GetType()}.");
        if (value is string || value.GetType().IsPrimitive || value.GetType().IsEnum)
            return;
        if (value is IEnumerable items)
            foreach (var item in items)
                Walk(item, seen);
        for (var type = value.GetType(); type is not null; type = type.BaseType)
            foreach (
                var field in type.GetFields(
                    BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly
                )
            )
                Walk(field.GetValue(value), seen);
    }

    /// <summary>Why each contract's shape came out as it did in the second run; outputs must have been reused wherever shapes were.</summary>
    private static List<string> ShapesAfter(Compilation before, Compilation after)
    {
        var second = Compiled.Driver().RunGenerators(before).RunGenerators(after).GetRunResult().Results.Single();
        var shapes = second.TrackedSteps[ContractGenerator.ShapesStep].Select(s => s.Outputs.Single().Reason).ToList();
        var outputs = second.TrackedOutputSteps.Single().Value.SelectMany(s => s.Outputs).Select(o => o.Reason).ToList();
        Assert.Equal(
            shapes.Count(r => r == IncrementalStepRunReason.Modified),
            outputs.Count(r => r is IncrementalStepRunReason.Modified or IncrementalStepRunReason.New)
        );
        return
        [
            .. shapes.Select(r => r is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged ? "Reused" : r.ToString()),
        ];
    }

    private static Compilation Edit(Compilation compilation, string old, string now)
    {
        var tree = compilation.SyntaxTrees.Single(t => t.ToString().Contains(old, StringComparison.Ordinal));
        return compilation.ReplaceSyntaxTree(tree, Parse(tree.ToString().Replace(old, now, StringComparison.Ordinal), tree.FilePath));
    }

    private static SyntaxTree Parse(string source, string path = "Unrelated.cs") =>
        CSharpSyntaxTree.ParseText(source, new CSharpParseOptions(LanguageVersion.Latest, DocumentationMode.Diagnose), path);
}
