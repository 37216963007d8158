using System.Collections.Immutable;
using System.Text;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Json;
using Xunit;

namespace Statecast.Tests.Serialization.Patches;

/// <summary>What a change looks like, case by case: absent, null and present are three things.</summary>
public sealed class PatchFormTests
{
    private static readonly JsonStateCodec Json = new();
    private static readonly AvroStateCodec Avro = new();
    private static readonly Line Milk = new("milk", 1.50m, 2, "white");
    private static readonly Patched Empty = new(1, "n", new("s", 1m));
    private static readonly Patched Full = Empty with
    {
        Note = "note",
        Count = 3,
        MaybeLine = Milk,
        MaybePoint = new(1, 2),
        List = [10, 20, 30, 40, 50, 60, 70, 80, 90],
        MaybeList = [Milk, new("tea", 2m), new("egg", 3m)],
        Tags = ["apple", "banana", "cherry", "damson"],
        Colors = [Color.Red, Color.Green],
        Map = ImmutableDictionary<string, int?>.Empty.Add("$set", 1).Add("$value", 2).Add("longer-key", 3).Add("other-key", null),
        Payment = new CardPayment(5m, "1234") { Reference = "r" },
        MaybeCharged = new(new CashPayment(7m)),
    };

    /// <summary>Each: the state before, the one after, and the JSON.</summary>
    public static TheoryData<string, Patched, Patched, string> Cases =>
        new()
        {
            { "nothing", Full, Full with { Line = new("s", 1.00m) }, "{}" },
            { "text", Full, Full with { Name = "x" }, """{"name":"x"}""" },
            { "text to null", Full, Full with { Note = null }, """{"note":null}""" },
            { "null to text", Empty, Empty with { Note = "" }, """{"note":""}""" },
            { "number to null", Full, Full with { Count = null }, """{"count":null}""" },
            { "null to number", Empty, Empty with { Count = 0 }, """{"count":0}""" },
            { "field of a record", Full, Full with { Line = Full.Line with { Price = 2m } }, """{"line":{"price":2.00}}""" },
            {
                "nullable field of a record to null",
                Full,
                Full with
                {
                    MaybeLine = Milk with { @class = null },
                },
                """{"maybeLine":{"class":null}}"""
            },
            { "record to null", Full, Full with { MaybeLine = null }, """{"maybeLine":null}""" },
            {
                "null to record",
                Empty,
                Empty with
                {
                    MaybeLine = Milk,
                },
                """{"maybeLine":{"$value":{"sku":"milk","price":1.50,"quantity":2,"class":"white"}}}"""
            },
            { "field of a struct", Full, Full with { MaybePoint = new(1, 3) }, """{"maybePoint":{"y":3}}""" },
            { "struct to null", Full, Full with { MaybePoint = null }, """{"maybePoint":null}""" },
            { "null to struct", Empty, Empty with { MaybePoint = new(0, 0) }, """{"maybePoint":{"$value":{"x":0,"y":0}}}""" },
            { "item replaced", Full, Full with { List = Full.List.SetItem(1, 21) }, """{"list":{"$splice":[1,1,[21]]}}""" },
            { "item added", Full, Full with { List = Full.List.Add(99) }, """{"list":{"$splice":[9,0,[99]]}}""" },
            { "items removed", Full, Full with { List = Full.List.RemoveRange(1, 2) }, """{"list":{"$splice":[1,2,[]]}}""" },
            { "short list", Empty with { List = [1, 2] }, Empty with { List = [1, 3] }, """{"list":{"$value":[1,3]}}""" },
            { "list emptied", Full, Full with { List = default }, """{"list":{"$value":[]}}""" },
            { "item inserted", Full, Full with { MaybeList = Full.MaybeList!.Insert(1, Milk) }, Inserted },
            { "list to null", Full, Full with { MaybeList = null }, """{"maybeList":null}""" },
            { "item of a set added", Full, Full with { Tags = Full.Tags.Add("elder") }, """{"tags":{"$add":["elder"]}}""" },
            {
                "items of a set changed",
                Full,
                Full with
                {
                    Tags = Full.Tags.Remove("apple").Add("fig"),
                },
                """{"tags":{"$add":["fig"],"$remove":["apple"]}}"""
            },
            { "set of enums", Full, Full with { Colors = [Color.Red] }, """{"colors":{"$value":["Red"]}}""" },
            {
                "entries of a map",
                Full,
                Full with
                {
                    Map = Full.Map.SetItem("$set", null).Remove("$value"),
                },
                """{"map":{"$set":{"$set":null},"$remove":["$value"]}}"""
            },
            { "map emptied", Full, Full with { Map = Full.Map.Clear() }, """{"map":{"$value":{}}}""" },
            {
                "field of a case",
                Full,
                Full with
                {
                    Payment = new CardPayment(6m, "1234") { Reference = "r" },
                },
                """{"payment":{"$type":"card","total":6.00}}"""
            },
            {
                "another case",
                Full,
                Full with
                {
                    Payment = new CashPayment(5m),
                },
                """{"payment":{"$value":{"$type":"cash","total":5.00,"reference":null}}}"""
            },
            { "case to null", Full, Full with { Payment = null }, """{"payment":null}""" },
            {
                "case within a struct",
                Full,
                Full with
                {
                    MaybeCharged = new(new CashPayment(8m)),
                },
                """{"maybeCharged":{"$type":"cash","total":8.00}}"""
            },
        };

    private const string Inserted = """{"maybeList":{"$splice":[1,0,[{"sku":"milk","price":1.50,"quantity":2,"class":"white"}]]}}""";

    [Theory]
    [MemberData(nameof(Cases))]
    public void Change_has_its_form_and_makes_the_state(string change, Patched before, Patched after, string json)
    {
        before = PatchSamples.AsRead(before);
        var patch = PatchSamples.Patch(Json, before, after)!;
        Assert.Equal((change, json), (change, Encoding.UTF8.GetString(patch)));
        foreach (var codec in PatchSamples.Codecs)
            Assert.Equal(Text(after), Text(PatchSamples.Apply(codec, before, PatchSamples.Patch(codec, before, after)!)));
    }

    [Fact]
    public void Avro_patch_is_the_mask_and_what_changed()
    {
        // 14 fields; the second and the sixth (null: a whole value, of the union's first branch).
        var patch = PatchSamples.Patch(Avro, Full, Full with { Name = "x", MaybeLine = null });
        Assert.Equal([0b0010_0010, 0, 2, (byte)'x', 0, 0], patch);
        // The eighth: an edit, from the second on, one out, a block of one, its end.
        patch = PatchSamples.Patch(Avro, Full, Full with { List = Full.List.SetItem(1, 21) });
        Assert.Equal([0b1000_0000, 0, 2, 2, 2, 2, 42, 0], patch);
    }

    [Fact]
    public void Patch_that_is_not_smaller_is_not_offered()
    {
        var (before, after) = (new Patched(1, "a", Milk), Full with { Name = "b" });
        foreach (var codec in PatchSamples.Codecs)
        {
            var body = PatchSamples.Body(codec, after).Length;
            Assert.Null(PatchSamples.Patch(codec, before, after, body / 2));
            Assert.NotNull(PatchSamples.Patch(codec, before, before with { Name = "b" }, body));
        }
    }

    [Fact]
    public void States_of_two_keys_make_no_patch()
    {
        foreach (var codec in PatchSamples.Codecs)
        {
            var defect = Assert.Throws<ArgumentException>(() => PatchSamples.Patch(codec, Empty, Empty with { Id = 2 }));
            Assert.Contains("'id'", defect.Message);
        }
    }

    [Fact]
    public void Contract_without_patches_says_so()
    {
        foreach (var codec in PatchSamples.Codecs)
        {
            Assert.Null(PatchSamples.Patch(codec, new TextKey("a"), new TextKey("a")));
            var defect = Assert.Throws<StateFormatException>(() => PatchSamples.Apply(codec, new TextKey("a"), "{}"u8.ToArray()));
            Assert.Contains("Patches = true", defect.Message);
        }
    }

    [Fact]
    public void Unknown_field_and_earlier_name_are_read_in_json()
    {
        var applied = PatchSamples.Apply(Json, Full, """{"newer":{"$splice":[1]},"title":"x"}"""u8.ToArray());
        Assert.Equal(Text(Full with { Name = "x" }), Text(applied));
        applied = PatchSamples.Apply(Json, Full, """{"maybeCharged":{"total":9.00,"$type":"coins"}}"""u8.ToArray());
        Assert.Equal(Text(Full with { MaybeCharged = new(new CashPayment(9m)) }), Text(applied));
    }

    [Fact]
    public void Avro_patch_of_another_schema_is_refused()
    {
        var contract = StateContract.Of<Patched>();
        var patch = PatchSamples.Patch(Avro, Full, Full with { Name = "x" })!;
        var defect = Assert.Throws<StateFormatException>(() => Avro.ApplyPatch(contract, Full, Fingerprint.Of("other"u8), patch));
        Assert.Contains("contract's own schema", defect.Message);
    }

    private static string Text(Patched state) => Encoding.UTF8.GetString(Samples.Json(StateContract.Of<Patched>(), state));
}
