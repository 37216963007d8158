using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Tests.Serialization;

namespace Statecast.Fuzz.Corpus;

/// <summary>Patches as the product makes them, all from one state whose collections are so long that each kind of change is shorter than the whole.</summary>
internal sealed class PatchCorpus
{
    private readonly IStateCodec _codec;

    /// <summary>The patches of a codec.</summary>
    /// <param name="codec">JSON's or Avro's.</param>
    /// <param name="golden">The golden states, each a state after one of the patches.</param>
    public PatchCorpus(IStateCodec codec, IReadOnlyList<EveryValue> golden)
    {
        _codec = codec;
        Before = Rich(golden[0]);
        ByField = Afters(Before).ToDictionary(after => after.Field, after => Patch(after.State));
        Valid = [Patch(All(Before)), .. ByField.Values, .. golden.Select(state => Patch(state with { Id = Before.Id }))];
    }

    public EveryValue Before { get; }

    /// <summary>By the one field that each changes, in the place where it stands.</summary>
    public IReadOnlyDictionary<string, byte[]> ByField { get; }

    /// <summary>The first changes all of these fields.</summary>
    public IReadOnlyList<byte[]> Valid { get; }

    private static EveryValue Rich(EveryValue one) =>
        one with
        {
            Array = [.. Texts("a").Select(text => new Line(text, 1.5m))],
            List = [.. Texts("l")],
            Map = Texts("m").ToImmutableDictionary(text => text, text => text.Length),
            SortedMap = Texts("s").ToImmutableSortedDictionary(text => text, text => new Line(text, 2m)),
            Matrix = [.. Enumerable.Range(0, 6).Select(row => ImmutableArray.Create<int?>(row, null, -row))],
            MaybeArray = [.. Texts("n")],
            MaybeMap = Texts("o").ToImmutableDictionary(text => text, text => text[^1] == '0' ? null : text),
            Prices = [.. Enumerable.Range(0, 8).Select(i => i % 3 == 0 ? (decimal?)null : i)],
            TextSet = [.. Texts("t")],
            SortedTextSet = [.. Texts("u")],
            IntSet = [.. Enumerable.Range(-4, 12)],
            OwnerSet = [.. Enumerable.Range(0, 8).Select(i => new OwnerId(i))],
            InstantSet = [.. Enumerable.Range(0, 6).Select(i => DateTimeOffset.UnixEpoch.AddDays(i))],
            DurationSet = [.. Enumerable.Range(0, 6).Select(i => TimeSpan.FromSeconds(i))],
            PriceSet = [.. Enumerable.Range(0, 8).Select(i => i + 0.5m)],
            MaybeSet = [.. Enumerable.Range(0, 4).Select(i => new Guid(i, 0, 0, new byte[8]))],
            Payment = new CardPayment(12.5m, "1234") { Reference = "r" },
            MaybePayment = new TransferPayment(-1m, new("t", 3m), new TextMark("ü")) { Reference = "of a transfer" },
            Payments = [.. Texts("p").Select(text => new CardPayment(1m, text))],
            MaybeCharged = new(new CashPayment(7m) { Reference = "charged" }),
            Marks = Texts("k").ToImmutableDictionary(text => text, text => (Mark)new TextMark(text)),
        };

    private static IEnumerable<string> Texts(string prefix) =>
        Enumerable.Range(0, 8).Select(i => prefix + i.ToString(CultureInfo.InvariantCulture));

    private static EveryValue All(EveryValue before)
    {
        var after = before;
        foreach (var change in Changes.Values)
            after = change(after);
        return after;
    }

    private static IEnumerable<(string Field, EveryValue State)> Afters(EveryValue before) =>
        Changes.Select(change => (change.Key, change.Value(before)));

    // In the middle and at the ends, put in, taken out and replaced; of records and cases some fields.
    private static Dictionary<string, Func<EveryValue, EveryValue>> Changes { get; } =
        new()
        {
            ["Line"] = s => s with { Line = s.Line with { Price = 7m } },
            ["MaybeLine"] = s => s with { MaybeLine = s.MaybeLine! with { Quantity = 9 } },
            ["Array"] = s => s with { Array = s.Array.SetItem(3, new("b", 0.01m, 2, "c")) },
            ["List"] = s => s with { List = s.List.RemoveAt(0) },
            ["Matrix"] = s => s with { Matrix = s.Matrix.Add([1, null]) },
            ["MaybeArray"] = s => s with { MaybeArray = s.MaybeArray!.Value.Insert(2, "ü") },
            ["Prices"] = s => s with { Prices = s.Prices.RemoveRange(2, 3) },
            ["Payments"] = s => s with { Payments = s.Payments.SetItem(7, null) },
            ["Map"] = s => s with { Map = s.Map.SetItem("m1", -1).Add("", 3).Remove("m7") },
            ["SortedMap"] = s => s with { SortedMap = s.SortedMap.Add("😀", new("y", 1m)) },
            ["MaybeMap"] = s => s with { MaybeMap = s.MaybeMap!.SetItem("o1", null) },
            ["Marks"] = s => s with { Marks = s.Marks.SetItem("k2", new NoMark()).Remove("k3") },
            ["TextSet"] = s => s with { TextSet = s.TextSet.Add("ü").Remove("t4") },
            ["SortedTextSet"] = s => s with { SortedTextSet = s.SortedTextSet.Remove("u0") },
            ["IntSet"] = s => s with { IntSet = s.IntSet.Add(int.MaxValue) },
            ["OwnerSet"] = s => s with { OwnerSet = s.OwnerSet.Remove(new(3)).Add(new(-3)) },
            ["InstantSet"] = s => s with { InstantSet = s.InstantSet.Add(DateTimeOffset.UnixEpoch.AddTicks(10)) },
            ["DurationSet"] = s => s with { DurationSet = s.DurationSet.Remove(TimeSpan.Zero) },
            ["PriceSet"] = s => s with { PriceSet = s.PriceSet.Add(-0.01m).Remove(1.5m) },
            ["MaybeSet"] = s => s with { MaybeSet = s.MaybeSet!.Remove(Guid.Empty) },
            ["Payment"] = s => s with { Payment = (CardPayment)s.Payment with { Last4 = "9999" } },
            ["MaybePayment"] = s =>
                (TransferPayment)s.MaybePayment! is var paid
                    ? s with
                    {
                        MaybePayment = paid with { Line = paid.Line with { Sku = "v" }, Mark = new TextMark("w") },
                    }
                    : s,
            ["MaybeCharged"] = s => s with { MaybeCharged = new(s.MaybeCharged!.Value.By with { Total = 8m }) },
        };

    private byte[] Patch(EveryValue after)
    {
        var patch = new ArrayBufferWriter<byte>();
        return _codec.TryEncodePatch(StateContract.Of<EveryValue>(), Before, after, int.MaxValue, patch)
            ? patch.WrittenSpan.ToArray()
            : throw new InvalidOperationException("There is no patch.");
    }
}
