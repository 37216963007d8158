using System.Collections.Immutable;

namespace Statecast.Tests.Serialization;

/// <summary>The states of the golden files, in their order; <c>Golden/make-golden.py</c> says them a second time.</summary>
internal static class GoldenStates
{
    public static EveryValue[] EveryValues { get; } =
    [
        Samples.Fixed,
        // The other ends: nothing where there may be nothing, and the smallest and largest that the fixed one does not have.
        new(Guid.Empty, false, sbyte.MaxValue, 0, short.MaxValue, 0, int.MaxValue, 0)
        {
            Int64 = long.MinValue,
            UInt64 = 0,
            Single = float.Epsilon,
            Double = double.MaxValue,
            Text = "",
            Amount = 99999999999999.9999m,
            Wide = -999999999999999999.9999999999m,
            At = DateTimeOffset.MinValue,
            Utc = DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc),
            Day = DateOnly.MinValue,
            Time = TimeOnly.MaxValue,
            Duration = TimeSpan.MaxValue,
            Bytes = [],
            Color = Color.Red,
            Point = new(double.Epsilon, 0),
            Line = new("", -9999999999.99m, int.MinValue),
            Owner = new(0),
            Array = [],
            List = [],
            Map = ImmutableDictionary<string, int>.Empty,
            SortedMap = ImmutableSortedDictionary<string, Line>.Empty,
            Matrix = [],
            Prices = [],
            Payment = new CashPayment(9999999.99m) { Reference = "" },
            Payments = [],
            Marks = ImmutableDictionary<string, Mark>.Empty,
            TextSet = [],
            SortedTextSet = [],
            IntSet = [],
            OwnerSet = [],
            ColorSet = [],
            InstantSet = [],
            DurationSet = [],
            PriceSet = [],
        },
    ];

    public static EveryKey[] EveryKeys { get; } =
    [new("a/b c%", new("00112233-4455-6677-8899-aabbccddeeff"), -1, 2, -3, 4, -5, 6, -7, 8, new(2024, 5, 1), Color.Green, new(9), 10)];

    public static Avro.Deep[] Deep { get; } =
    [
        new(
            1,
            [new("a", [1, -1, int.MaxValue]), new("", []), new("c", [.. Enumerable.Repeat(0, 70)])],
            ImmutableDictionary<string, int>.Empty.Add("a", 2).Add("Z", 1).Add("", 0)
        ),
    ];

    public static New.Thing[] Evolving { get; } =
    [
        Thing,
        Thing with
        {
            Note = null,
            Remark = new New.Image([0xFF]),
            Mood = New.Mood.Unknown,
            Tags = [],
            Map = ImmutableDictionary<string, int>.Empty,
            Set = [],
        },
        Thing with
        {
            Remark = new New.PlainText("b", true),
            Opens = new(8, 30),
            Ahead = -new TimeSpan(1, 12, 0, 0, 500),
        },
    ];

    public static ParameterDefaults[] ParameterDefaults { get; } = [new(1, Items: [])];

    private static New.Thing Thing =>
        new(7, "n", New.Mood.Glad, "x", 6, 2.25m)
        {
            Tags = ["t"],
            Map = ImmutableDictionary<string, int>.Empty.Add("k", 1),
            Remark = new New.Hyperlink("there"),
            Set = ["b", "a"],
            Other = New.Mood.Calm,
            Segment = new("00000000-0000-0000-0000-000000000001"),
            Since = new(2000, 2, 29),
            Seen = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero),
            Opens = new(0, 0, 0, 0, 1),
            Ahead = TimeSpan.FromMicroseconds(1),
            Text = "t",
        };
}
