using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using CsCheck;
using Statecast.Contracts;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Json;

namespace Statecast.Tests.Serialization;

/// <summary>States to encode: a fixed one, and any.</summary>
internal static class Samples
{
    public static EveryValue Fixed { get; } =
        new(new("00112233-4455-6677-8899-aabbccddeeff"), true, -128, 255, -32768, 65535, int.MinValue, uint.MaxValue)
        {
            Int64 = long.MaxValue,
            UInt64 = ulong.MaxValue,
            Single = 1.5f,
            Double = -0.1,
            Text = "zwölf 😀 \u0000 \"quoted\" \\ / twenty-one bytes and more",
            Amount = -12.3456m,
            Wide = 123456789012345678.0123456789m,
            At = new(2024, 2, 29, 13, 14, 15, 123, 456, TimeSpan.FromHours(2)),
            Utc = new(1969, 12, 31, 23, 59, 59, 999, DateTimeKind.Utc),
            Day = new(1969, 12, 31),
            Time = new(13, 14, 15, 123, 450),
            Duration = -new TimeSpan(1, 2, 3, 4, 5, 678),
            Bytes = [0, 1, 254, 255],
            Color = Color.Blue,
            Point = new(1, -2.5),
            Line = new("a-1", 2.5m, 3, "first"),
            Owner = new(-7),
            Array = [new("x", 1), new("y", -0.01m, -1)],
            List = ["a", "", "ü"],
            Map = ImmutableDictionary<string, int>.Empty.Add("b", 1).Add("a", 2).Add("😀", 3).Add("\uFFFD", 4),
            SortedMap = ImmutableSortedDictionary<string, Line>.Empty.Add("k", new("z", 9.99m)),
            Matrix =
            [
                [1, null, -1],
                [],
                [64],
            ],
            MaybeInt = 0,
            MaybeText = "",
            MaybeLine = new("m", 0m),
            MaybePoint = new(0, 0),
            MaybeColor = Color.Green,
            MaybeOwner = new(1),
            MaybeTime = TimeOnly.MinValue,
            MaybeDuration = TimeSpan.Zero,
            MaybeArray = [],
            MaybeMap = ImmutableDictionary<string, string?>.Empty.Add("n", null).Add("v", "w"),
            Prices = [1m, null, -1234567.89m],
            Payment = new CardPayment(12.5m, "1234") { Reference = "r" },
            MaybePayment = new TransferPayment(-1m, new("t", 3m), new TextMark("ü")),
            Payments = [new CashPayment(0m), null, new CardPayment(1m, "")],
            MaybeCharged = new(new CashPayment(7m)),
            Marks = ImmutableDictionary<string, Mark>.Empty.Add("b", new NoMark()).Add("a", new TextMark("t")),
            TextSet = ["b", "a", "aa", "", "\uFFFD", "😀"],
            SortedTextSet = ["b", "B", "a"],
            IntSet = [128, 64, -1, 0, 65, int.MinValue],
            OwnerSet = [new(3), new(-3)],
            ColorSet = [Color.Blue, Color.Red],
            InstantSet = [new(2024, 5, 1, 12, 0, 0, TimeSpan.FromHours(2)), new(2024, 5, 1, 9, 0, 0, TimeSpan.Zero)],
            DurationSet = [TimeSpan.FromDays(1), TimeSpan.FromHours(-1)],
            PriceSet = [10m, 9.5m, -1m],
            MaybeSet = [new("ff000000-0000-0000-0000-000000000000"), Guid.Empty, new("7f000000-0000-0000-0000-000000000000")],
        };

    /// <summary>Any valid text: what a key or a property may hold, without lone surrogates.</summary>
    public static Gen<string> Text { get; } =
        Gen.Int[0, 0x10FFFF]
            .Where(Rune.IsValid)
            .Select(value => new Rune(value).ToString())
            .Array[0, 12]
            .Select(string.Concat)
            .OrFrom(Gen.Char.AlphaNumeric.Array[0, 40].Select(c => new string(c)));

    private static Gen<Line> Lines { get; } =
        Gen.Select(Text, Decimals(12, 2), Gen.Int, Text.Nullable(), (sku, price, quantity, note) => new Line(sku, price, quantity, note));

    private static Gen<Payment> Payments { get; } =
        from total in Decimals(9, 2)
        from text in Text
        from line in Lines
        from note in Text.Nullable()
        from index in Gen.Int[0, 2]
        select (Payment)(
            index switch
            {
                0 => new CardPayment(total, text) { Reference = note },
                1 => new TransferPayment(total, line, note is null ? new NoMark() : new TextMark(text)),
                _ => new CashPayment(total) { Reference = note },
            }
        );

    private static Gen<Color> Colors { get; } = Gen.Enum<Color>();

    private static Gen<DateTime> Instants { get; } =
        Gen.Long[DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks].Select(ticks => new DateTime(ticks, DateTimeKind.Utc));

    // Of every size, with and without a fraction.
    private static Gen<long> Ticks(long min, long max) =>
        Gen.OneOf(Gen.Long[min, max], Gen.Long[min / 864_000_000, max / 864_000_000], Gen.Int[0, 60].Select(s => s * 10_000_000L));

    public static Gen<EveryValue> Any { get; } =
        from id in Gen.Guid
        from integers in Gen.Select(Gen.Bool, Gen.SByte, Gen.Byte, Gen.Short, Gen.UShort, Gen.Int, Gen.UInt, Gen.Long)
        from unsigned in Gen.ULong
        from single in Gen.Float.Where(float.IsFinite)
        from real in Gen.Double.Where(double.IsFinite)
        from texts in Text.Array[0, 4]
        from text in Text
        from amount in Decimals(18, 4)
        from wide in Decimals(28, 10)
        from instants in Gen.Select(Instants, Instants, Gen.Int[-14 * 60, 14 * 60])
        from day in Gen.DateOnly
        from times in Gen.Select(Ticks(0, TimeOnly.MaxValue.Ticks), Ticks(TimeSpan.MinValue.Ticks, TimeSpan.MaxValue.Ticks))
        from bytes in Gen.Byte.Array[0, 20]
        from color in Colors
        from point in Gen.Select(Gen.Double.Where(double.IsFinite), Gen.Int, (x, y) => new Point(x, y))
        from lines in Lines.Array[1, 4]
        from numbers in Gen.Int.Array[0, 4]
        from nulls in Gen.Bool.Array[10]
        from payments in Payments.Array[3]
        from prices in Decimals(9, 2).Array[0, 4]
        select new EveryValue(
            id,
            integers.Item1,
            integers.Item2,
            integers.Item3,
            integers.Item4,
            integers.Item5,
            integers.Item6,
            integers.Item7
        )
        {
            Int64 = integers.Item8,
            UInt64 = unsigned,
            Single = single,
            Double = real,
            Text = text,
            Amount = amount,
            Wide = wide,
            At = Shifted(instants.Item1, instants.Item3),
            Utc = instants.Item2,
            Day = day,
            Time = new(times.Item1),
            Duration = new(times.Item2),
            Bytes = [.. bytes],
            Color = color,
            Point = point,
            Line = lines[0],
            Owner = new(integers.Item8),
            Array = [.. lines],
            List = [.. texts],
            Map = texts.Distinct().ToImmutableDictionary(t => t, t => t.Length),
            SortedMap = texts.Distinct().ToImmutableSortedDictionary(t => t, _ => lines[0]),
            Matrix =
            [
                [.. numbers.Select(n => (int?)n)],
                [null],
                [],
            ],
            MaybeInt = nulls[0] ? null : integers.Item6,
            MaybeText = nulls[1] ? null : text,
            MaybeLine = nulls[2] ? null : lines[0],
            MaybePoint = nulls[3] ? null : point,
            MaybeColor = nulls[4] ? null : color,
            MaybeOwner = nulls[5] ? null : new(integers.Item8),
            MaybeTime = nulls[8] ? null : new(times.Item1),
            MaybeDuration = nulls[9] ? null : new(times.Item2),
            MaybeArray = nulls[6] ? null : [.. texts],
            MaybeMap = nulls[7] ? null : texts.Distinct().ToImmutableDictionary(t => t, t => t.Length == 0 ? null : t),
            Payment = payments[0],
            MaybePayment = nulls[5] ? null : payments[1],
            Payments = [.. payments, null],
            MaybeCharged = nulls[4] ? null : new(payments[2]),
            Marks = texts.Distinct().ToImmutableDictionary(t => t, t => t.Length % 2 == 0 ? new NoMark() : (Mark)new TextMark(t)),
            TextSet = [.. texts],
            SortedTextSet = texts.ToImmutableSortedSet(StringComparer.Ordinal),
            IntSet = [.. numbers],
            OwnerSet = [.. numbers.Select(n => new OwnerId(n))],
            ColorSet = nulls[7] ? [] : [color, Color.Red],
            InstantSet = [Shifted(instants.Item1, instants.Item3), instants.Item2],
            DurationSet = [new(times.Item2), new(times.Item1)],
            PriceSet = [.. prices],
            MaybeSet = nulls[6] ? null : [id, Guid.Empty],
            Prices = [.. prices.Select(p => (decimal?)p), null],
        };

    public static byte[] Json<TState>(StateContract<TState> contract, TState state)
        where TState : class
    {
        var buffer = new ArrayBufferWriter<byte>();
        new JsonStateCodec().Encode(contract, state, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    public static byte[] Avro<TState>(StateContract<TState> contract, TState state)
        where TState : class
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new AvroWriter(buffer);
        contract.WriteAvro(ref writer, state);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Any decimal that fits, with trailing zeros or without.</summary>
    public static Gen<decimal> Decimals(int precision, int scale) =>
        Gen.Select(
            Gen.ULong,
            Gen.ULong,
            Gen.Int[0, precision],
            Gen.Int[0, scale],
            Gen.Bool,
            (high, low, digits, places, negative) =>
            {
                var unscaled = new UInt128(high, low) % (UInt128)System.Numerics.BigInteger.Pow(10, Math.Max(1, digits - scale + places));
                var value = new decimal((int)(ulong)unscaled, (int)((ulong)unscaled >> 32), (int)(unscaled >> 64), negative, (byte)places);
                return value;
            }
        );

    private static DateTimeOffset Shifted(DateTime utc, int minutes)
    {
        var offset = TimeSpan.FromMinutes(minutes);
        var local = utc.Ticks + offset.Ticks;
        return local < DateTime.MinValue.Ticks || local > DateTime.MaxValue.Ticks
            ? new(utc, TimeSpan.Zero)
            : new(new DateTime(local, DateTimeKind.Unspecified), offset);
    }

    private static Gen<T> OrFrom<T>(this Gen<T> gen, Gen<T> other) => Gen.OneOf(gen, other);

    private static Gen<string?> Nullable(this Gen<string> gen) => Gen.OneOf(gen.Select(s => (string?)s), Gen.Const((string?)null));
}
