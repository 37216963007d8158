using System.Collections.Immutable;
using Statecast.Contracts;

namespace Statecast.Tests.Serialization;

/// <summary>Every value type there is, each in a property.</summary>
[StateContract("tests.every-value", Version = 3)]
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
    public required DateTimeOffset At { get; init; }
    public required DateTime Utc { get; init; }
    public required DateOnly Day { get; init; }
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
    public ImmutableArray<string>? MaybeArray { get; init; }
    public ImmutableDictionary<string, string?>? MaybeMap { get; init; }

    [Decimal(9, 2)]
    public ImmutableArray<decimal?> Prices { get; init; } = [];

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

public readonly record struct Point(double X, double Y);

public readonly record struct OwnerId(long Value);

[StateContract("tests.composite")]
public sealed partial record Composite(
    [StateKey] string Region,
    [StateKey] OwnerId Owner,
    [StateKey] Color Color,
    [StateKey] DateOnly Day,
    [property: StateKey] ulong Big,
    int Value
);
