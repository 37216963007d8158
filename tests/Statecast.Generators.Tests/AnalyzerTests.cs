using Microsoft.CodeAnalysis;
using Xunit;

namespace Statecast.Generators.Tests;

public sealed class AnalyzerTests
{
    private const string Id = "[StateKey] Guid Id";

    /// <summary>A bad contract, the rule it breaks, the text that is underlined, and what the message must say.</summary>
    public static TheoryData<string, string, string, string> Bad =>
        new()
        {
            { $"[StateContract(\"a\")] public sealed record Order({Id});", "STC1001", "Order", "Write 'partial'" },
            {
                $"public class Box {{ [StateContract(\"a\")] public sealed partial record Order({Id}); }}",
                "STC1001",
                "Box",
                "'Box' must be partial"
            },
            { $"[StateContract(\"a\")] public partial record Order({Id});", "STC1002", "Order", "public sealed partial record Order" },
            {
                "[StateContract(\"a\")] public sealed partial class Order { [StateKey] public Guid Id { get; init; } }",
                "STC1002",
                "Order",
                "sealed"
            },
            { $"[StateContract(\"a\")] public abstract partial record Order({Id});", "STC1002", "Order", "non-abstract" },
            {
                $"[StateContract(\"Shop.Order\")] public sealed partial record Order({Id});",
                "STC1003",
                "Order",
                "'Shop.Order' is no contract name"
            },
            { $"[StateContract(\"shop..order\")] public sealed partial record Order({Id});", "STC1003", "Order", "shop.order" },
            { $"[StateContract(\"\")] public sealed partial record Order({Id});", "STC1003", "Order", "no contract name" },
            { $"[StateContract(\"a\", Version = 0)] public sealed partial record Order({Id});", "STC1004", "Order", "from 1" },
            { $"[StateContract(\"a\")] public sealed partial record Order<T>({Id});", "STC1005", "Order", "must not be generic" },
            {
                $"public partial class Box<T> {{ [StateContract(\"a\")] public sealed partial record Order({Id}); }}",
                "STC1005",
                "Order",
                "generic"
            },
            { $"[StateContract(\"a\")] file sealed partial record Order({Id});", "STC1006", "Order", "Remove 'file'" },
            { Contract("int Value", key: ""), "STC1101", "Order", "[StateKey]" },
            { Contract("[StateKey] double Ratio", key: ""), "STC1102", "Ratio", "'double' cannot be part of a key" },
            { Contract("[StateKey] TimeOnly At", key: ""), "STC1102", "At", "'TimeOnly' cannot be part of a key" },
            { Contract("[StateKey] TimeSpan At", key: ""), "STC1102", "At", "'TimeSpan' cannot be part of a key" },
            { Contract("[StateKey] Guid? Maybe", key: ""), "STC1102", "Maybe", "not nullable" },
            {
                Contract("[StateKey] Pair Pair", key: "") + "public readonly record struct Pair(int A, int B);",
                "STC1102",
                "Pair",
                "one such property"
            },
            { Contract("[StateKey] int Key"), "STC1103", "Order", "rename that member" },
            { Contract("int Value", "[StateKey] public int Twice => Value * 2;"), "STC1104", "Twice", "does not travel" },
            { Contract("object Any"), "STC1201", "Any", "the type that is meant" },
            { Contract("(int, int) Pair"), "STC1201", "Pair", "record with named properties" },
            { Contract("char Letter"), "STC1201", "Letter", "write a string" },
            { Contract("Uri Link"), "STC1201", "Link", "write a string" },
            { Contract("IDisposable Thing"), "STC1201", "Thing", "sealed record" },
            { Contract("Box<int> Thing") + "public sealed record Box<T>(T Value);", "STC1201", "Thing", "generic type" },
            { Contract("KeyValuePair<string, int> Pair"), "STC1201", "Pair", "sealed record" },
            { Contract("dynamic Any"), "STC1201", "Any", "cannot travel" },
            { Contract("List<string> Tags"), "STC1202", "Tags", "write 'ImmutableArray<string>'" },
            { Contract("string[] Tags"), "STC1202", "Tags", "write 'ImmutableArray<string>'" },
            { Contract("byte[] Photo"), "STC1202", "Photo", "write 'ImmutableArray<byte>'" },
            { Contract("IReadOnlyList<int> Items"), "STC1202", "Items", "write 'ImmutableArray<int>'" },
            { Contract("HashSet<int> Items"), "STC1202", "Items", "write 'ImmutableHashSet<int>'" },
            { Contract("IImmutableSet<string> Items"), "STC1202", "Items", "write 'ImmutableHashSet<string>'" },
            { Contract("IReadOnlySet<Guid> Items"), "STC1202", "Items", "write 'ImmutableHashSet<Guid>'" },
            { Contract("SortedSet<int> Items"), "STC1202", "Items", "write 'ImmutableSortedSet<int>'" },
            { Contract("System.Collections.Frozen.FrozenSet<int> Items"), "STC1202", "Items", "write 'ImmutableHashSet<int>'" },
            { Contract("SortedDictionary<string, int> Map"), "STC1202", "Map", "write 'ImmutableSortedDictionary<string, int>'" },
            { Contract("Dictionary<string, int> Map"), "STC1202", "Map", "write 'ImmutableDictionary<string, int>'" },
            { Contract("ImmutableArray<List<int>> Matrix"), "STC1202", "Matrix", "ImmutableArray<int>" },
            { Contract("int Value", "public int Count { get; set; }"), "STC1203", "Count", "{ get; init; }" },
            { Contract("Point At") + "public record struct Point(int X);", "STC1203", "X", "readonly record struct" },
            { Contract("int Value", "public int Count { get; private set; }"), "STC1203", "Count", "{ get; init; }" },
            { Contract("ImmutableDictionary<int, string> Map"), "STC1204", "Map", "ImmutableDictionary<string, string>" },
            { Contract("decimal Price"), "STC1205", "Price", "[Decimal(18, 2)]" },
            { Contract("ImmutableArray<decimal> Prices"), "STC1205", "Prices", "[Decimal(18, 2)]" },
            { Contract("[Decimal(29, 2)] decimal Price"), "STC1206", "Price", "1 to 28" },
            { Contract("[Decimal(4, 5)] decimal Price"), "STC1206", "Price", "[Decimal(4, 5)]" },
            { Contract("[Decimal(4, 2)] int Price"), "STC1206", "Price", "only decimals" },
            { Contract("Line Line") + "public record Line(string Sku);", "STC1207", "Line", "sealed record" },
            {
                Contract("Line Line") + "public sealed class Line { public string Sku { get; init; } = \"\"; }",
                "STC1207",
                "Line",
                "sealed record"
            },
            {
                Contract("Line Line") + "public sealed record Line { public Line(int other) { } public int Sku { get; init; } }",
                "STC1208",
                "Line",
                "constructor"
            },
            { Contract("Node Root") + "public sealed record Node(int Value, Node? Next);", "STC1209", "Node", "leads back to 'Node'" },
            {
                Contract("A First")
                    + "public sealed record A(ImmutableArray<B> Bs); public sealed record B(ImmutableDictionary<string, A> As);",
                "STC1209",
                "B",
                "leads back to 'A'"
            },
            { Contract("Empty Nothing") + "public sealed record Empty;", "STC1210", "Empty", "no property" },
            { Contract("int Value", "public int Stored { get; } = 3;"), "STC1211", "Stored", "=>" },
            { Contract("int Value", "public int Field;"), "STC1212", "Field", "{ get; init; }" },
            {
                Contract("Line Line") + "public record Base(int A); public sealed record Line(int A) : Base(A);",
                "STC1213",
                "Line",
                "derives from 'Base'"
            },
            { Contract("ImmutableHashSet<double> Set"), "STC1214", "Set", "a set of 'double'" },
            { Contract("ImmutableHashSet<int?> Set"), "STC1214", "Set", "no order" },
            { Contract("ImmutableHashSet<ImmutableArray<byte>> Set"), "STC1214", "Set", "write an ImmutableArray" },
            { Contract("ImmutableHashSet<Line> Set") + "public sealed record Line(int A);", "STC1214", "Set", "a set of 'Line'" },
            {
                Contract("ImmutableSortedSet<Owner> Set") + "public readonly record struct Owner(int A);",
                "STC1214",
                "Set",
                "'Owner' is not comparable; write an ImmutableHashSet"
            },
            { Contract("int Größe"), "STC1301", "Größe", "ASCII" },
            { Contract("int Value, int value"), "STC1302", "value", "'value'" },
            { Contract("[Alias(\"old\")] int A, [Alias(\"old\")] int B"), "STC1302", "B", "'old'" },
            {
                Contract("X.Line A, Y.Line B")
                    + "public static class X { public sealed record Line(int I); } public static class Y { public sealed record Line(int I); }",
                "STC1303",
                "Line",
                "both named 'Line'"
            },
            { Contract("[Default(\"x\")] int Value"), "STC1304", "Value", "constant of the property's type" },
            { Contract("[Default(300)] byte Value"), "STC1304", "Value", "within its range" },
            { Contract("[Default(\"1.234\"), Decimal(5, 2)] decimal Value"), "STC1304", "Value", "12.50" },
            { Contract("[Default(1.5), Decimal(5, 2)] decimal Value"), "STC1304", "Value", "invariant text" },
            { Contract("[Default(1)] ImmutableArray<int> Value"), "STC1304", "Value", "[Default] without a value" },
            { Contract("[Default(\"x\")] string? Value"), "STC1304", "Value", "nullable" },
            { Contract("[Default(\"nope\")] Guid Value"), "STC1304", "Value", "00000000" },
            { Contract("[Default(\"nope\")] DateTime Value"), "STC1304", "Value", "2024-05-01T00:00:00Z" },
            { Contract("[Default(\"nope\")] DateOnly Value"), "STC1304", "Value", "2024-05-01" },
            { Contract("[Default(\"24:00:00\")] TimeOnly Value"), "STC1304", "Value", "08:30:00" },
            { Contract("[Default(\"08:30:00.1234567\")] TimeOnly Value"), "STC1304", "Value", "08:30:00" },
            { Contract("[Default(\"P1M\")] TimeSpan Value"), "STC1304", "Value", "PT1H30M" },
            { Contract("[Default(\"PT0.1234567S\")] TimeSpan Value"), "STC1304", "Value", "PT1H30M" },
            { Contract("[Default(\"P99999999D\")] TimeSpan Value"), "STC1304", "Value", "PT1H30M" },
            {
                Contract("[Default(DayOfWeek.Friday)] Kind Value") + "public enum Kind { A, B, C, D, E, F }",
                "STC1304",
                "Value",
                "enum's members"
            },
            { Contract("[Default(7)] Kind Value") + "public enum Kind { A, B }", "STC1304", "Value", "enum's members" },
            { Contract("[Default(double.NaN)] double Value"), "STC1304", "Value", "range" },
            { Contract("[Default(1e300)] float Value"), "STC1304", "Value", "range" },
            { Contract("[Default(\"\\uD800\")] string Value"), "STC1304", "Value", "constant" },
            { Contract("[Default] Line Value") + "public sealed record Line(int A);", "STC1304", "Value", "nullable" },
            { Contract("[Alias(\"no-name\")] int Value"), "STC1305", "Value", "no-name" },
            { Contract("int Value", "public string Note { get; init; } = \"x\";"), "STC1306", "Note", "is parked" },
            { Contract("int Value", "public string? Note { get; init; } = \"x\";"), "STC1306", "Note", "gives null" },
            { Contract("int Value", "public ImmutableArray<int> Items { get; init; } = [];"), "STC1306", "Items", "[Default(…)]" },
            { Contract("Flags Value") + "[Flags] public enum Flags { A = 1, B = 2 }", "STC1401", "Value", "combination of flags" },
            { Contract("Kind Value") + "public enum Kind { A = 1, B = 1 }", "STC1401", "Value", "have one value" },
            { Contract("Kind Value") + "public enum Kind { }", "STC1401", "Value", "no members" },
            { Contract("Kind Value") + "public enum Kind { [EnumDefault] A, [EnumDefault] B }", "STC1401", "Value", "only one" },
            { Contract("Kind Value") + "public enum Kind { Größe }", "STC1401", "Value", "ASCII" },
            { Contract("Kind Value") + "public enum Kind { A, B }", "STC1402", "Value", "[EnumDefault]" },
            {
                Contract("Shape S") + "[StateCase<Dot>(\"dot\")] public abstract record Shape; public record Dot(int A) : Shape;",
                "STC1501",
                "Shape",
                "sealed record Dot(…) : Shape"
            },
            {
                Contract("Shape S") + "[StateCase<Dot>(\"dot\")] public abstract record Shape; public sealed record Dot(int A);",
                "STC1501",
                "Shape",
                "derives from it directly"
            },
            {
                Contract("Shape S")
                    + "[StateCase<Dot<int>>(\"dot\")] public abstract record Shape; public sealed record Dot<T>(T A) : Shape;",
                "STC1501",
                "Shape",
                "generic"
            },
            {
                Contract("Shape S")
                    + "[StateCase<Dot>(\"dot\"), StateCase<Dot>(\"point\")] public abstract record Shape; public sealed record Dot(int A) : Shape;",
                "STC1501",
                "Shape",
                "declared twice"
            },
            {
                Contract("Shape S")
                    + "[StateCase<Shape.Dot>(\"dot\")] public abstract record Shape { private sealed record Dot(int A) : Shape; }",
                "STC1501",
                "Shape",
                "cannot see it"
            },
            {
                Contract("Shape S") + "[StateCase<Dot>(\"a-dot\")] public abstract record Shape; public sealed record Dot(int A) : Shape;",
                "STC1502",
                "Shape",
                "'a-dot'"
            },
            {
                Contract("Shape S")
                    + "[StateCase<Dot>(\"dot\"), StateCase<Dash>(\"dash\")] public abstract record Shape;"
                    + "public sealed record Dot(int A) : Shape; [Alias(\"dot\")] public sealed record Dash(int A) : Shape;",
                "STC1502",
                "Shape",
                "another case or alias"
            },
            {
                Contract("Shape S")
                    + "[StateCase<Dot>(\"dot\")] public abstract record Shape; public sealed record Dot(int A) : Shape;"
                    + "public sealed record OpenDot(int A) : Shape;",
                "STC1503",
                "OpenDot",
                "[StateCase<OpenDot>(\"openDot\")] on 'Shape'"
            },
            {
                $"[StateContract(\"a\", Version = 2)] public sealed partial record Order({Id}) {{ public Order Upcast(Old old) => this; }}"
                    + $"[StateContract(\"a\")] public sealed partial record Old({Id});",
                "STC1701",
                "Upcast",
                "it is no static method"
            },
            {
                $"[StateContract(\"a\", Version = 2)] public sealed partial record Order({Id}) {{ public static Old Upcast(Old old) => old; }}"
                    + $"[StateContract(\"a\")] public sealed partial record Old({Id});",
                "STC1701",
                "Upcast",
                "returns Order"
            },
            {
                $"[StateContract(\"a\", Version = 2)] public sealed partial record Order({Id}) {{ public static Order Upcast(string old) => null!; }}"
                    + $"[StateContract(\"a\")] public sealed partial record Old({Id});",
                "STC1701",
                "Upcast",
                "string is no [StateContract]"
            },
            {
                "[StateContract(\"a\")] public sealed partial record Old([StateKey] int Id, int Tenant);"
                    + "[StateContract(\"a\", Version = 2)] public sealed partial record Order([StateKey] int Tenant, [StateKey] int Id) { public static Order Upcast(Old old) => new(old.Tenant, old.Id); }",
                "STC1701",
                "Upcast",
                "one key in all majors"
            },
            {
                $"[StateContract(\"a\", Version = 2)] public sealed partial record Order({Id}) {{ public static Order Upcast(Order old) => old; }}"
                    + $"[StateContract(\"a\")] public sealed partial record Old({Id});",
                "STC1701",
                "Upcast",
                "has version 2, which is not below 2"
            },
            {
                $"[StateContract(\"a\", Version = 2)] public sealed partial record Order({Id}) {{ public static Order Upcast(Old old) => null!; }}"
                    + $"[StateContract(\"b\")] public sealed partial record Old({Id});",
                "STC1701",
                "Upcast",
                "Old is the contract 'b', this is 'a'"
            },
            { Contract("Shape S") + "public abstract record Shape;", "STC1504", "S", "declares no cases" },
            {
                Contract("Dot D") + "[StateCase<Dot>(\"dot\")] public abstract record Shape; public sealed record Dot(int A) : Shape;",
                "STC1213",
                "Dot",
                "hold it as 'Shape'"
            },
            {
                Contract("Shape S")
                    + "public record Base(int B); [StateCase<Dot>(\"dot\")] public abstract record Shape(int B) : Base(B);"
                    + "public sealed record Dot(int B) : Shape(B);",
                "STC1213",
                "Shape",
                "derives from 'Base'"
            },
            {
                Contract("Shape S")
                    + "[StateCase<Dot>(\"dot\"), StateCase<Dash>(\"dash\")] public abstract record Shape { public decimal Weight { get; init; } }"
                    + "public sealed record Dot : Shape; public sealed record Dash : Shape;",
                "STC1205",
                "Weight",
                "'Shape.Weight'"
            },
            {
                Contract("Shape S")
                    + "[StateCase<Group>(\"group\")] public abstract record Shape; public sealed record Group(ImmutableArray<Shape> Parts) : Shape;",
                "STC1209",
                "Group",
                "leads back to 'Shape'"
            },
            {
                Contract("Shape S, Line L")
                    + "[StateCase<Dot>(\"Line\")] public abstract record Shape; public sealed record Dot(int A) : Shape;"
                    + "public sealed record Line(int A);",
                "STC1303",
                "Line",
                "both named 'Line'"
            },
            {
                Contract("X.Shape A, Y.Shape B")
                    + "public static class X { [StateCase<Dot>(\"dot\")] public abstract record Shape; public sealed record Dot : Shape; }"
                    + "public static class Y { [StateCase<Box>(\"box\")] public abstract record Shape; public sealed record Box : Shape; }",
                "STC1303",
                "Shape",
                "both named 'Shape'"
            },
            {
                Contract("[Default] Shape S") + "[StateCase<Dot>(\"dot\")] public abstract record Shape; public sealed record Dot : Shape;",
                "STC1304",
                "S",
                "make the property nullable"
            },
            {
                Contract("[StateKey] Shape S", key: "")
                    + "[StateCase<Dot>(\"dot\")] public abstract record Shape; public sealed record Dot : Shape;",
                "STC1102",
                "S",
                "cannot be part of a key"
            },
        };

    [Theory, MemberData(nameof(Bad))]
    public async Task Bad_contract_is_reported(string source, string id, string underlined, string says)
    {
        var found = (await Compiled.Analyze(source)).Where(d => d.Id == id).ToList();
        var diagnostic = Assert.Single(found);
        Assert.Equal(
            underlined,
            diagnostic.Location.SourceTree!.GetText(TestContext.Current.CancellationToken).ToString(diagnostic.Location.SourceSpan)
        );
        Assert.Contains(says, diagnostic.GetMessage(null), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Bad))]
    public void Bad_contract_gets_no_code(string source, string id, string underlined, string says)
    {
        _ = (underlined, says);
        var results = Compiled.Driver().RunGenerators(Compiled.Compilation(source)).GetRunResult().Results.Single();
        Assert.Null(results.Exception);
        // A case that is not declared is no part of the contract, and an upcaster has an older one beside it: those get theirs.
        Assert.Equal(id is "STC1306" or "STC1402" or "STC1503" or "STC1701" ? 1 : 0, results.GeneratedSources.Length);
    }

    [Fact]
    public void Every_rule_has_a_case()
    {
        var rules = new ContractAnalyzer().SupportedDiagnostics.Select(d => d.Id).Order(StringComparer.Ordinal);
        // Those of locks need an earlier contract: LockAnalyzerTests.
        rules = rules.Where(id => !id.StartsWith("STC16", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
        Assert.Equal(rules, Bad.Select(row => row.Data.Item2).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Only_what_concerns_defaults_and_first_locks_is_no_error() =>
        Assert.Equal(
            ["STC1306", "STC1402", "STC1606"],
            new ContractAnalyzer().SupportedDiagnostics.Where(d => d.DefaultSeverity != DiagnosticSeverity.Error).Select(d => d.Id)
        );

    [Fact]
    public async Task Good_contract_is_silent()
    {
        var found = await Compiled.Analyze(
            """
            [StateContract("shop.order-line2")]
            public sealed partial record Order([StateKey] Guid Id, [StateKey] OwnerId Owner, Line Line, Line? Other, Kind Kind = Kind.B)
            {
                public required ImmutableSortedDictionary<string, ImmutableList<Point?>> Map { get; init; }
                public int Computed => Line.Count;
                internal List<int> NotShared { get; set; } = [];
                private int _notShared;
                public static int Counter { get; set; }
                public int Touch() => _notShared++;
            }
            public sealed record Line(int Count, [Decimal(28, 28)] decimal Price = 0m);
            public readonly record struct OwnerId(long Value);
            public readonly record struct Point(double X, double Y);
            public enum Kind { [EnumDefault] A, B }

            [StateContract("shop.plan")]
            public sealed partial record Plan([StateKey] int Id, Shape Shape, ImmutableArray<Shape?> More, ImmutableHashSet<OwnerId> Owners);
            [StateCase<Dot>("dot"), StateCase<Empty>("empty")]
            public abstract record Shape([Decimal(5, 2)] decimal Weight)
            {
                public abstract int Corners { get; }
                public required string Note { get; init; }
            }
            public sealed record Dot(decimal Weight, int At) : Shape(Weight) { public override int Corners => 1; }
            public sealed record Empty : Shape { public Empty() : base(0m) { } public override int Corners => 0; }
            """
        );
        Assert.Empty(found);
    }

    private static string Contract(string parameters, string members = "", string key = Id) =>
        $"[StateContract(\"shop.order\")] public sealed partial record Order({(key.Length > 0 ? key + ", " : "")}{parameters}) {{ {members} }}\n";
}
