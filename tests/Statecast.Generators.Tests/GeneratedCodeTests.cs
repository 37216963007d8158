using System.Text.RegularExpressions;
using Xunit;

namespace Statecast.Generators.Tests;

public sealed partial class GeneratedCodeTests
{
    [Fact]
    public void Order_contract()
    {
        var files = Compiled.Generate(
            """
            namespace Shop;

            [StateContract("shop.order", Version = 2)]
            public sealed partial record OrderState([StateKey] Guid OrderId, OrderStatus Status, ImmutableArray<OrderLine> Lines);

            public sealed record OrderLine(string Sku, int Quantity, [Decimal(12, 2)] decimal Price);

            public enum OrderStatus { [EnumDefault] Unknown, Placed, Paid }
            """
        );
        Snapshot.Matches(Only(files, "Shop.OrderState.g.cs"));
    }

    [Fact]
    public void Composite_key_with_typed_id_and_enum()
    {
        var files = Compiled.Generate(
            """
            namespace Shop.Stock;

            [StateContract("stock.level")]
            public sealed partial record StockLevel([StateKey] WarehouseId Warehouse, [StateKey] string Sku, [StateKey] Kind Kind, [StateKey] DateOnly Day)
            {
                public required uint Quantity { get; init; }
                public bool IsEmpty => Quantity == 0;
            }

            public readonly record struct WarehouseId(long Value);

            public enum Kind { Fresh, Frozen }
            """
        );
        Snapshot.Matches(Only(files, "Shop.Stock.StockLevel.g.cs"));
    }

    [Fact]
    public void Nullables_defaults_and_aliases()
    {
        var files = Compiled.Generate(
            """
            [StateContract("customers.customer"), Alias("ClientState")]
            public sealed partial record CustomerState([StateKey] string Number, [Alias("fullName"), Alias("title")] string Name, string? Note, int Orders = 3)
            {
                [Default("0.50"), Decimal(5, 2)] public decimal Discount { get; init; }
                [Default] public ImmutableDictionary<string, string?> Tags { get; init; } = ImmutableDictionary<string, string?>.Empty;
                [Default] public ImmutableArray<byte> Photo { get; init; }
                [Default("2024-05-01")] public DateOnly Since { get; init; }
                [Default("2024-05-01T10:00:00.5Z")] public DateTimeOffset Seen { get; init; }
                [Default("6f9619ff-8b86-d011-b42d-00c04fc964ff")] public Guid Segment { get; init; }
                [Default(Level.Gold)] public Level Level { get; init; }
                [Default(ulong.MaxValue)] public ulong Points { get; init; }
                [Default("a\0\"b\\c")] public string Odd { get; init; } = "";
                public Address? Home { get; init; }
                public DateTime? Birth { get; init; }
            }

            public enum Level { Silver, Gold = 5 }

            public readonly struct Address(string street)
            {
                public string Street { get; } = street;
                public string? City { get; init; }
            }
            """
        );
        Snapshot.Matches(Only(files, "CustomerState.g.cs"));
    }

    [Fact]
    public void Sets_and_times()
    {
        var files = Compiled.Generate(
            """
            namespace Shop;

            [StateContract("shop.plan")]
            public sealed partial record PlanState(
                [StateKey] int Id,
                ImmutableHashSet<string> Tags,
                ImmutableSortedSet<DayOfWeek> Days,
                ImmutableHashSet<DateTimeOffset> Dates,
                ImmutableHashSet<SiteId>? Sites,
                TimeOnly Opens,
                TimeSpan? Grace)
            {
                [Default] public ImmutableSortedSet<string> Codes { get; init; } = [];
                [Default("22:15:00.5")] public TimeOnly Closes { get; init; }
                [Default("-P1DT0.25S")] public TimeSpan Ahead { get; init; }
            }

            public readonly record struct SiteId(Guid Value);
            """
        );
        Snapshot.Matches(Only(files, "Shop.PlanState.g.cs"));
    }

    [Fact]
    public void Contract_with_patches()
    {
        var files = Compiled.Generate(
            """
            namespace Shop;

            [StateContract("shop.basket", Patches = true)]
            public sealed partial record BasketState([StateKey] int Id, [Alias("title")] string? Name, ImmutableArray<Line> Lines, Place? Place, Payment? Payment)
            {
                public required ImmutableHashSet<DayOfWeek> Days { get; init; }
                public required ImmutableSortedDictionary<string, Line> Named { get; init; }
            }

            public sealed record Line(string Sku, int Cents);

            public readonly record struct Place(double X, double Y);

            [StateCase<Card>("card")]
            [StateCase<Cash>("cash")]
            public abstract record Payment;

            public sealed record Card(string Last4) : Payment;

            [Alias("coins")]
            public sealed record Cash(int Cents) : Payment;
            """
        );
        // What is before it, a contract without patches has as well.
        var text = Only(files, "Shop.BasketState.g.cs");
        Snapshot.Matches(text[text.IndexOf("public override bool TryWritePatch", StringComparison.Ordinal)..]);
    }

    [Fact]
    public void Closed_hierarchy()
    {
        var files = Compiled.Generate(
            """
            namespace Shop;

            [StateContract("shop.bill")]
            public sealed partial record BillState([StateKey] int Id, Payment Payment, Payment? Refund, ImmutableArray<Payment> Others);

            [StateCase<CardPayment>("card")]
            [StateCase<Unpaid>("unpaid")]
            public abstract record Payment
            {
                public string? Note { get; init; }
            }

            [Alias("creditCard")]
            public sealed record CardPayment([Alias("digits")] string Last4, int Tries = 1) : Payment;

            public sealed record Unpaid : Payment;
            """
        );
        Snapshot.Matches(Only(files, "Shop.BillState.g.cs"));
    }

    [Fact]
    public void Case_with_64_properties_tracks_its_name_too()
    {
        var properties = string.Concat(Enumerable.Range(0, 64).Select(i => $"public required int P{i} {{ get; init; }}\n"));
        var files = Compiled.Generate(
            $$"""
            [StateContract("wide")] public sealed partial record Wide([StateKey] int Id, Shape Shape);
            [StateCase<Dot>("dot")] public abstract record Shape;
            public sealed record Dot : Shape { {{properties}} }
            """
        );
        var code = Only(files, "Wide.g.cs");
        Assert.Contains("(Names_dot, 0, 64), seen0, 0xfffffffffffffffeUL)", code, StringComparison.Ordinal);
        Assert.Contains("(Names_dot, 64, 1), seen1, 0x1UL)", code, StringComparison.Ordinal);
    }

    [Fact]
    public void Contract_within_other_types()
    {
        var files = Compiled.Generate(
            """
            namespace Tests;

            internal partial class Outer
            {
                private partial record struct Middle
                {
                    [StateContract("nested.inner")]
                    internal sealed partial record @event([StateKey] int @class, string @namespace);
                }
            }
            """
        );
        Snapshot.Matches(Only(files, "Tests.Outer.Middle.event.g.cs"));
    }

    [Fact]
    public void File_name_tells_contracts_apart()
    {
        var files = Compiled.Generate(
            """
            namespace A
            {
                [StateContract("a.one")] public sealed partial record One([StateKey] int Id);
                public static partial class Box { [StateContract("a.two")] public sealed partial record One([StateKey] int Id); }
            }
            namespace B { [StateContract("b.one")] public sealed partial record One([StateKey] int Id); }
            """
        );
        Assert.Equal(["A.Box.One.g.cs", "A.One.g.cs", "B.One.g.cs"], files.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void More_than_64_properties_are_all_tracked()
    {
        var properties = string.Concat(Enumerable.Range(0, 130).Select(i => $"public required int P{i} {{ get; init; }}\n"));
        var files = Compiled.Generate($"[StateContract(\"wide\")] public sealed partial record Wide([StateKey] int Id) {{ {properties} }}");
        var code = Only(files, "Wide.g.cs");
        Assert.Contains("(Names_Wide, 0, 64), seen0, 0xffffffffffffffffUL)", code, StringComparison.Ordinal);
        Assert.Contains("(Names_Wide, 64, 64), seen1, 0xffffffffffffffffUL)", code, StringComparison.Ordinal);
        Assert.Contains("(Names_Wide, 128, 3), seen2, 0x7UL)", code, StringComparison.Ordinal);
    }

    [Fact]
    public void Schema_is_a_constant_with_its_fingerprint()
    {
        var code = Compiled.Generate("[StateContract(\"tiny\")] public sealed partial record Tiny([StateKey] int Id);")["Tiny.g.cs"];
        const string schema = """{"type":"record","name":"Tiny","namespace":"tiny","fields":[{"name":"id","type":"int"}]}""";
        Assert.Contains("\"" + schema.Replace("\"", "\\\"", StringComparison.Ordinal) + "\"", code, StringComparison.Ordinal);
        var halves = Halves().Match(code);
        var expected = Serialization.Fingerprint.Of(System.Text.Encoding.UTF8.GetBytes(schema)).ToString();
        Assert.Equal(expected, halves.Groups[1].Value + halves.Groups[2].Value);
    }

    private static string Only(IReadOnlyDictionary<string, string> files, string name)
    {
        Assert.Equal([name], files.Keys);
        return files[name];
    }

    [GeneratedRegex("UInt128\\(0x([0-9a-f]{16})UL, 0x([0-9a-f]{16})UL\\)")]
    private static partial Regex Halves();
}
