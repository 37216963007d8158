using System.Collections.Immutable;
using Statecast.Contracts;

namespace Statecast.Tests.Serialization;

/// <summary>Every value type there is, each in a property.</summary>
[StateContract("tests.every-value", Version = 3, Patches = true)]
public sealed partial record EveryValue(
    [StateKey] Guid Id,
    bool Flag,
    sbyte SByte,
    byte Byte,
    short Int16,
    ushort UInt16,
    int Int32,
    uint UInt32
)
{
    public required long Int64 { get; init; }
    public required ulong UInt64 { get; init; }
    public required float Single { get; init; }
    public required double Double { get; init; }
    public required string Text { get; init; }

    [Decimal(18, 4)]
    public required decimal Amount { get; init; }

    [Decimal(28, 10)]
    public required decimal Wide { get; init; }
    public required DateTimeOffset At { get; init; }
    public required DateTime Utc { get; init; }
    public required DateOnly Day { get; init; }
    public required TimeOnly Time { get; init; }
    public required TimeSpan Duration { get; init; }
    public required ImmutableArray<byte> Bytes { get; init; }
    public required Color Color { get; init; }
    public required Point Point { get; init; }
    public required Line Line { get; init; }
    public required OwnerId Owner { get; init; }
    public required ImmutableArray<Line> Array { get; init; }
    public required ImmutableList<string> List { get; init; }
    public required ImmutableDictionary<string, int> Map { get; init; }
    public required ImmutableSortedDictionary<string, Line> SortedMap { get; init; }
    public required ImmutableArray<ImmutableArray<int?>> Matrix { get; init; }
    public int? MaybeInt { get; init; }
    public string? MaybeText { get; init; }
    public Line? MaybeLine { get; init; }
    public Point? MaybePoint { get; init; }
    public Color? MaybeColor { get; init; }
    public OwnerId? MaybeOwner { get; init; }
    public TimeOnly? MaybeTime { get; init; }
    public TimeSpan? MaybeDuration { get; init; }
    public ImmutableArray<string>? MaybeArray { get; init; }
    public ImmutableDictionary<string, string?>? MaybeMap { get; init; }

    [Decimal(9, 2)]
    public required ImmutableArray<decimal?> Prices { get; init; }

    public required ImmutableHashSet<string> TextSet { get; init; }
    public required ImmutableSortedSet<string> SortedTextSet { get; init; }
    public required ImmutableSortedSet<int> IntSet { get; init; }
    public required ImmutableHashSet<OwnerId> OwnerSet { get; init; }
    public required ImmutableHashSet<Color> ColorSet { get; init; }
    public required ImmutableHashSet<DateTimeOffset> InstantSet { get; init; }
    public required ImmutableHashSet<TimeSpan> DurationSet { get; init; }

    [Decimal(9, 2)]
    public required ImmutableHashSet<decimal> PriceSet { get; init; }
    public ImmutableHashSet<Guid>? MaybeSet { get; init; }
    public required Payment Payment { get; init; }
    public Payment? MaybePayment { get; init; }
    public required ImmutableArray<Payment?> Payments { get; init; }
    public Charged? MaybeCharged { get; init; }
    public required ImmutableDictionary<string, Mark> Marks { get; init; }

    public int Derived => Int32 * 2;
}

public enum Color
{
    [EnumDefault]
    Red,
    Green = 7,
    Blue = -1,
}

public sealed record Line(string Sku, [Decimal(12, 2)] decimal Price, int Quantity = 1, string? @class = null);

/// <summary>A closed hierarchy: with a positional and an init property in common, and a case that holds another hierarchy.</summary>
[StateCase<CardPayment>("card")]
[StateCase<TransferPayment>("transfer")]
[StateCase<CashPayment>("cash")]
public abstract record Payment([Decimal(9, 2)] decimal Total)
{
    public string? Reference { get; init; }

    public bool IsFree => Total == 0;
}

public sealed record CardPayment(decimal Total, string Last4) : Payment(Total);

public sealed record TransferPayment(decimal Total, Line Line, Mark Mark) : Payment(Total);

[Alias("coins")]
public sealed record CashPayment(decimal Total) : Payment(Total);

[StateCase<TextMark>("text")]
[StateCase<NoMark>("none")]
public abstract record Mark;

public sealed record TextMark(string Text) : Mark;

public sealed record NoMark : Mark;

/// <summary>What is read without a text or a collection, so that only objects are allocated.</summary>
[StateContract("tests.marked")]
public sealed partial record Marked([StateKey] int Id, Mark Mark, TimeOnly At, TimeSpan For);

/// <summary>A wrapper of a hierarchy travels as its case.</summary>
public readonly record struct Charged(Payment By);

public readonly record struct Point(double X, double Y);

public readonly record struct OwnerId(long Value);

/// <summary>Every kind of key part, in one composite key.</summary>
[StateContract("tests.every-key")]
public sealed partial record EveryKey(
    [StateKey] string Text,
    [StateKey] Guid Guid,
    [StateKey] sbyte SByte,
    [StateKey] byte Byte,
    [StateKey] short Int16,
    [StateKey] ushort UInt16,
    [StateKey] int Int32,
    [StateKey] uint UInt32,
    [StateKey] long Int64,
    [property: StateKey] ulong UInt64,
    [StateKey] DateOnly Day,
    [StateKey] Color Color,
    [StateKey] OwnerId Owner,
    int Value
);

[StateContract("tests.text-key")]
public sealed partial record TextKey([StateKey] string Id);

[StateContract("tests.guid-key")]
public sealed partial record GuidKey([StateKey] Guid Id);

[StateContract("tests.int-key")]
public sealed partial record IntKey([StateKey] int Id);

[StateContract("tests.byte-key")]
public sealed partial record ByteKey([StateKey] byte Id);

[StateContract("tests.ulong-key")]
public sealed partial record ULongKey([StateKey] ulong Id);

[StateContract("tests.date-key")]
public sealed partial record DateKey([StateKey] DateOnly Id);

[StateContract("tests.enum-key")]
public sealed partial record EnumKey([StateKey] Color Id);

[StateContract("tests.typed-key")]
public sealed partial record TypedKey([StateKey] Sku Id);

public readonly record struct Sku(string Code);

[StateContract("tests.two-texts")]
public sealed partial record TwoTexts([StateKey] string First, [StateKey] string Second);

/// <summary>A shape and what it was before: the same name and major.</summary>
public static partial class Old
{
    [StateContract("tests.evolving")]
    public sealed partial record Thing([StateKey] int Id, string Title, Mood Mood, int Removed, Note? Remark = null);

    [StateCase<Text>("text")]
    [StateCase<Link>("link")]
    public abstract record Note;

    public sealed record Text(string Body) : Note;

    public sealed record Link(string Target) : Note;

    public enum Mood
    {
        Calm,
        Glad,
        Wild,
    }
}

// One contract's shapes over time, which an application never holds together.
#pragma warning disable STC1007
public static partial class New
{
    [StateContract("tests.evolving")]
    public sealed partial record Thing(
        [StateKey] int Id,
        [Alias("title")] string Name,
        Mood Mood,
        string? Note,
        int Count = 5,
        [Default("1.50"), Decimal(5, 2)] decimal Rate = 0
    )
    {
        [Default]
        public ImmutableArray<string> Tags { get; init; } = [];

        [Default]
        public ImmutableDictionary<string, int> Map { get; init; } = ImmutableDictionary<string, int>.Empty;

        public Note? Remark { get; init; }

        [Default]
        public ImmutableSortedSet<string> Set { get; init; } = [];

        [Default(Mood.Glad)]
        public Mood Other { get; init; }

        [Default("6f9619ff-8b86-d011-b42d-00c04fc964ff")]
        public Guid Segment { get; init; }

        [Default("2024-05-01")]
        public DateOnly Since { get; init; }

        [Default("2024-05-01T10:00:00.5+02:00")]
        public DateTimeOffset Seen { get; init; }

        [Default("08:30:00.25")]
        public TimeOnly Opens { get; init; }

        [Default("-P1DT2H0.5S")]
        public TimeSpan Ahead { get; init; }

        [Default("text \"quoted\"")]
        public string Text { get; init; } = "";
    }

    /// <summary>As before, but for a case renamed, a case added and the C# types' own names.</summary>
    [StateCase<PlainText>("text")]
    [StateCase<Hyperlink>("hyperlink")]
    [StateCase<Image>("image")]
    public abstract record Note;

    public sealed record PlainText(string Body, bool Bold = false) : Note;

    [Alias("link")]
    public sealed record Hyperlink(string Target) : Note;

    public sealed record Image(ImmutableArray<byte> Pixels) : Note;

    public enum Mood
    {
        [EnumDefault]
        Unknown,
        Calm,
        Glad,
    }
}

#pragma warning restore STC1007

/// <summary>A record with a constructor that checks.</summary>
[StateContract("tests.checked")]
public sealed partial record Checked([StateKey] int Id, Percent Share);

public readonly record struct Percent
{
    public Percent(int value) => Value = value is >= 0 and <= 100 ? value : throw new ArgumentException($"{value} is no percentage.");

    public int Value { get; }
}

/// <summary>Defaults given as C# gives them: by parameters.</summary>
[StateContract("tests.parameter-defaults")]
public sealed partial record ParameterDefaults(
    [StateKey] int Id,
    OwnerId Owner = default,
    Guid Guid = default,
    DateOnly Day = default,
    DateTimeOffset At = default,
    TimeOnly Time = default,
    TimeSpan Duration = default,
    ImmutableArray<int> Items = default,
    Color Color = Color.Green,
    string Text = "a\tb",
    double Ratio = -1.5e-7,
    float Share = 0.1f,
    ulong Big = ulong.MaxValue,
    long Small = long.MinValue,
    [Decimal(28, 2)] decimal Money = -12.5m,
    bool Flag = true,
    string? Note = null
);
