using System.Collections.Immutable;
using CsCheck;
using Statecast.Contracts;
using Statecast.Serialization;
using Xunit;

namespace Statecast.Tests.Serialization;

/// <summary>What a state may hold, in both codecs alike.</summary>
public sealed class ValueDomainTests
{
    public static TheoryData<string, EveryValue> Refused =>
        new()
        {
            { "EveryValue.Text: the value is null", Samples.Fixed with { Text = null! } },
            { "EveryValue.Text: the text holds a lone surrogate", Samples.Fixed with { Text = "a\uD800b" } },
            { "EveryValue.MaybeText: the text holds a lone surrogate", Samples.Fixed with { MaybeText = "\uDC00" } },
            { "EveryValue.Single: NaN and infinity", Samples.Fixed with { Single = float.NaN } },
            { "EveryValue.Double: NaN and infinity", Samples.Fixed with { Double = double.NegativeInfinity } },
            { "Point.X: NaN and infinity", Samples.Fixed with { Point = new(double.NaN, 0) } },
            { "EveryValue.Utc: a local time", Samples.Fixed with { Utc = DateTime.SpecifyKind(DateTime.UnixEpoch, DateTimeKind.Local) } },
            { "EveryValue.Amount: 0.00001 does not fit [Decimal(18, 4)]", Samples.Fixed with { Amount = 0.00001m } },
            { "EveryValue.Amount: 100000000000000 does not fit", Samples.Fixed with { Amount = 100_000_000_000_000m } },
            { "EveryValue.Prices[]: 0.001 does not fit [Decimal(9, 2)]", Samples.Fixed with { Prices = [0.001m] } },
            { "Line.Price: 10000000000 does not fit", Samples.Fixed with { Line = new("a", 10_000_000_000m) } },
            { "EveryValue.Color: 5 is no member of Color", Samples.Fixed with { Color = (Color)5 } },
            { "EveryValue.MaybeColor: 5 is no member of Color", Samples.Fixed with { MaybeColor = (Color)5 } },
            { "EveryValue.Line: the value is null", Samples.Fixed with { Line = null! } },
            { "EveryValue.Array[]: the value is null", Samples.Fixed with { Array = [null!] } },
            { "Line.Sku: the value is null", Samples.Fixed with { Array = [new(null!, 1)] } },
            { "EveryValue.List[]: the value is null", Samples.Fixed with { List = null! } },
            { "EveryValue.List[]: the value is null", Samples.Fixed with { List = [null!] } },
            { "EveryValue.Map[]: the value is null", Samples.Fixed with { Map = null! } },
            {
                "EveryValue.Map[]: the text holds a lone",
                Samples.Fixed with
                {
                    Map = ImmutableDictionary<string, int>.Empty.Add("\uD800", 1),
                }
            },
            { "EveryValue.TextSet[]: the value is null", Samples.Fixed with { TextSet = null! } },
            { "EveryValue.TextSet[]: the value is null", Samples.Fixed with { TextSet = [null!] } },
            { "EveryValue.TextSet[]: the text holds a lone", Samples.Fixed with { TextSet = ["a", "\uD800"] } },
            { "EveryValue.ColorSet[]: 5 is no member of Color", Samples.Fixed with { ColorSet = [(Color)5] } },
            { "EveryValue.PriceSet[]: 0.001 does not fit [Decimal(9, 2)]", Samples.Fixed with { PriceSet = [0.001m] } },
            { "EveryValue.Payment: the value is null", Samples.Fixed with { Payment = null! } },
            {
                "EveryValue.Payment: UndeclaredPayment is no declared case of Payment",
                Samples.Fixed with
                {
                    Payment = new UndeclaredPayment(1m),
                }
            },
            { "EveryValue.MaybePayment: UndeclaredPayment is no", Samples.Fixed with { MaybePayment = new UndeclaredPayment(1m) } },
            { "EveryValue.Payments[]: UndeclaredPayment is no", Samples.Fixed with { Payments = [new UndeclaredPayment(1m)] } },
            { "CardPayment.Total: 0.001 does not fit [Decimal(9, 2)]", Samples.Fixed with { Payment = new CardPayment(0.001m, "") } },
            { "CardPayment.Last4: the value is null", Samples.Fixed with { MaybePayment = new CardPayment(0m, null!) } },
            { "EveryValue.MaybeCharged: the value is null", Samples.Fixed with { MaybeCharged = new Charged(null!) } },
            { "EveryValue.SortedMap[]: the value is null", Samples.Fixed with { SortedMap = null! } },
        };

    [Theory, MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public void Value_outside_the_domain_is_refused(string message, EveryValue state)
    {
        var contract = StateContract.Of<EveryValue>();
        Assert.StartsWith(
            message,
            Assert.Throws<StateValueException>(() => Samples.Json(contract, state)).Message,
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            message,
            Assert.Throws<StateValueException>(() => Samples.Avro(contract, state)).Message,
            StringComparison.Ordinal
        );
        // What failed leaves nothing behind for the next state on this thread.
        Assert.Equal(Samples.Json(contract, Samples.Fixed), Samples.Json(contract, Samples.Fixed with { }));
    }

    [Fact]
    public void Equal_states_have_equal_bodies_whatever_their_representation()
    {
        var contract = StateContract.Of<EveryValue>();
        var other = Samples.Fixed with
        {
            Amount = -12.345600m,
            Line = new("a-1", 2.5000m, 3, "first"),
            At = Samples.Fixed.At.ToOffset(TimeSpan.FromHours(-5)).AddTicks(9),
            Utc = DateTime.SpecifyKind(Samples.Fixed.Utc, DateTimeKind.Unspecified),
            Time = Samples.Fixed.Time.Add(TimeSpan.FromTicks(9)),
            Duration = Samples.Fixed.Duration - TimeSpan.FromTicks(9),
            MaybeDuration = TimeSpan.FromTicks(-9),
            Map = ImmutableDictionary<string, int>.Empty.Add("\uFFFD", 4).Add("😀", 3).Add("a", 2).Add("b", 1),
            SortedMap = Samples.Fixed.SortedMap.WithComparers(StringComparer.OrdinalIgnoreCase),
            TextSet = ["😀", "", "b", "\uFFFD", "aa", "a"],
            SortedTextSet = ImmutableSortedSet
                .Create<string>(StringComparer.InvariantCultureIgnoreCase, "b", "a")
                .WithComparer(Backwards)
                .Add("B"),
            IntSet = Samples.Fixed.IntSet.WithComparer(Comparer<int>.Create((left, right) => right.CompareTo(left))),
            InstantSet =
            [
                new(2024, 5, 1, 10, 0, 0, TimeSpan.Zero),
                new DateTimeOffset(2024, 5, 1, 10, 0, 0, TimeSpan.Zero).AddTicks(9),
                new(2024, 5, 1, 9, 0, 0, TimeSpan.Zero),
            ],
            PriceSet = [9.500m, -1.0m, 10m],
            Matrix =
            [
                [1, null, -1],
                default,
                [64],
            ],
            MaybeArray = default(ImmutableArray<string>),
        };
        Assert.Equal(Samples.Json(contract, Samples.Fixed), Samples.Json(contract, other));
        Assert.Equal(Samples.Avro(contract, Samples.Fixed), Samples.Avro(contract, other));
        Assert.Equal(ContentFingerprint.Of(contract, Samples.Fixed), ContentFingerprint.Of(contract, other));
    }

    [Fact]
    public void Negative_zero_decimal_is_zero()
    {
        var contract = StateContract.Of<EveryValue>();
        var (negative, zero) = (Samples.Fixed with { Amount = -0.0m }, Samples.Fixed with { Amount = 0m });
        Assert.Equal(Samples.Json(contract, zero), Samples.Json(contract, negative));
        Assert.Equal(Samples.Avro(contract, zero), Samples.Avro(contract, negative));
    }

    [Fact]
    public void Different_states_have_different_fingerprints() =>
        Gen.Select(Samples.Any, Samples.Any)
            .Sample(
                (left, right) =>
                {
                    var contract = StateContract.Of<EveryValue>();
                    Assert.Equal(
                        Samples.Json(contract, left).AsSpan().SequenceEqual(Samples.Json(contract, right)),
                        ContentFingerprint.Of(contract, left) == ContentFingerprint.Of(contract, right)
                    );
                },
                iter: 300
            );

    [Fact]
    public void Fingerprint_is_over_the_avro_body() =>
        Assert.Equal(
            Fingerprint.Of(Samples.Avro(StateContract.Of<EveryValue>(), Samples.Fixed)),
            ContentFingerprint.Of(StateContract.Of<EveryValue>(), Samples.Fixed)
        );

    // Where UTF-16 and UTF-8 disagree: surrogates stand below U+E000 and mean what is above U+FFFF.
    private static readonly Gen<string> OrderedKeys = Gen.OneOf(
        Samples.Text,
        Gen.OneOf([.. "a,\uD7FF,\uE000,\uFFFD,\U00010000,\U0010FFFF".Split(',').Select(Gen.Const)]).Array[0, 3].Select(string.Concat)
    );

    [Fact]
    public void Maps_are_ordered_by_the_utf8_bytes_of_their_keys() =>
        OrderedKeys
            .Array[0, 12]
            .Sample(keys =>
            {
                var map = keys.Distinct().ToImmutableDictionary(k => k, k => 0);
                using var entries = new MapEntries<int>(map, "m");
                var order = entries.Span.ToArray().Select(e => Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(e.Key))).ToList();
                Assert.Equal(order.Order(StringComparer.Ordinal), order);
                Assert.Equal(map.Count, order.Count);
            });

    [Fact]
    public void Sets_of_texts_are_ordered_like_the_keys_of_maps() =>
        OrderedKeys
            .Array[0, 12]
            .Sample(texts =>
            {
                var items = new SetItems<string>(texts.Length);
                foreach (var text in texts)
                    items.Add(text);
                items.Order();
                using var keys = new MapEntries<int>(texts.Distinct().ToImmutableDictionary(t => t, _ => 0), "m");
                Assert.Equal(keys.Span.ToArray().Select(e => e.Key), items.Span.ToArray());
                items.Dispose();
            });

    [Fact]
    public void Sets_of_guids_are_ordered_by_their_text() =>
        Gen
            .Guid.Array[0, 12]
            .Sample(guids =>
            {
                var items = new SetItems<Guid>(guids.Length);
                foreach (var guid in guids)
                    items.Add(guid);
                items.Order();
                Assert.Equal(
                    guids.Select(g => g.ToString()).Distinct().Order(StringComparer.Ordinal),
                    items.Span.ToArray().Select(g => g.ToString())
                );
                items.Dispose();
            });

    [Fact]
    public void Set_with_a_refused_item_leaves_the_next_one_whole()
    {
        var contract = StateContract.Of<EveryValue>();
        Assert.Throws<StateValueException>(() => Samples.Avro(contract, Samples.Fixed with { TextSet = ["a", "\uD800"] }));
        Assert.Equal(
            Samples.Avro(contract, Samples.Fixed),
            Samples.Avro(contract, Samples.Fixed with { TextSet = [.. Samples.Fixed.TextSet] })
        );
    }

#pragma warning disable STC1503 // what the analyzer refuses, a caller that does without it can still do
    private sealed record UndeclaredPayment(decimal Total) : Payment(Total);
#pragma warning restore STC1503

    private static readonly Comparer<string> Backwards = Comparer<string>.Create((left, right) => string.CompareOrdinal(right, left));

    [Theory]
    [InlineData("1.5", 3, 1, "1.5")]
    [InlineData("1.5", 3, 2, "1.50")]
    [InlineData("1.500", 3, 1, "1.5")]
    [InlineData("99.9", 3, 1, "99.9")]
    [InlineData("100", 3, 1, null)]
    [InlineData("99.99", 3, 1, null)]
    [InlineData("-99.9", 3, 1, "-99.9")]
    [InlineData("0.1", 1, 1, "0.1")]
    [InlineData("1", 1, 1, null)]
    [InlineData("9999999999999999999999999999", 28, 0, "9999999999999999999999999999")]
    [InlineData("10000000000000000000000000000", 28, 0, null)]
    [InlineData("79228162514264337593543950335", 28, 0, null)]
    [InlineData("0.0000000000000000000000000001", 28, 28, "0.0000000000000000000000000001")]
    [InlineData("1", 28, 28, null)]
    public void Decimal_fits_or_is_refused(string text, int precision, int scale, string? expected)
    {
        var value = decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        var fits = ExactDecimal.TryRescale(value, precision, scale, out var rescaled);
        Assert.Equal(expected, fits ? rescaled.ToString(System.Globalization.CultureInfo.InvariantCulture) : null);
        var digits = new byte[64];
        System.Text.Encoding.ASCII.GetBytes(text, digits);
        Assert.Equal(fits, ExactDecimal.TryParse(digits.AsSpan(0, text.Length), precision, scale, out var parsed));
        Assert.Equal(rescaled, parsed);
    }
}
