using System.Collections.Immutable;
using System.Text;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Json;
using Xunit;

namespace Statecast.Tests.Serialization.Patches;

/// <summary>What is malformed or does not fit the base is refused, with path and offset.</summary>
public sealed class PatchMalformedTests
{
    private static readonly Patched Base = new(1, "n", new("s", 1m))
    {
        List = [10, 20, 30],
        Tags = ["a", "b"],
        Colors = [Color.Red],
        Map = ImmutableDictionary<string, int?>.Empty.Add("k", 1),
        Payment = new CashPayment(1m),
    };

    /// <summary>A patch, the path, and what the message says.</summary>
    public static TheoryData<string, string, string> Json =>
        new()
        {
            { "", "$", "malformed" },
            { "null", "$", "an object is expected" },
            { "[]", "$", "an object is expected" },
            { "{} 1", "$", "malformed" },
            { """{"id":1}""", "id", "a part of the key" },
            { """{"name":1}""", "name", "a text is expected" },
            { """{"name":null}""", "name", "a text is expected" },
            { """{"name":"x","name":"y"}""", "name", "given twice" },
            { """{"name":"x","title":"y"}""", "title", "given twice" },
            { """{"newer":1,"newer":2}""", "newer", "given twice" },
            { """{"$splice":[]}""", "$splice", "no change that is known" },
            { """{"line":null}""", "line", "an object is expected" },
            { """{"line":1}""", "line", "a change is an object or null" },
            { """{"line":{"$set":{}}}""", "line.$set", "no change that is known" },
            { """{"line":{"$value":{}}}""", "line.$value", "'sku' is missing" },
            { """{"line":{"$value":null}}""", "line.$value", "an object is expected" },
            { """{"line":{"$value":{"sku":"s","price":1},"sku":"x"}}""", "line.sku", "beside '$value'" },
            { """{"line":{"sku":"x","$value":{}}}""", "line.$value", "no change that is known" },
            { """{"maybeLine":{"sku":"x"}}""", "maybeLine", "the base has null" },
            { """{"maybePoint":{"x":1}}""", "maybePoint", "the base has null" },
            { """{"list":[1]}""", "list", "a change is an object or null" },
            { """{"list":{}}""", "list", "has a '$splice'" },
            { """{"list":{"$add":[1]}}""", "list.$add", "no change that is known" },
            { """{"list":{"$splice":1}}""", "list.$splice", "an array is expected" },
            { """{"list":{"$splice":[]}}""", "list.$splice", "a number of items is missing" },
            { """{"list":{"$splice":[0,1]}}""", "list.$splice", "the items put in are missing" },
            { """{"list":{"$splice":[0,1,2]}}""", "list.$splice[2]", "an array is expected" },
            { """{"list":{"$splice":[0,1,[],4]}}""", "list.$splice[3]", "one value too many" },
            { """{"list":{"$splice":[-1,1,[]]}}""", "list.$splice[0]", "not negative" },
            { """{"list":{"$splice":[2,2,[]]}}""", "list.$splice[1]", "the base has 3" },
            { """{"list":{"$splice":[4,0,[]]}}""", "list.$splice[1]", "the base has 3" },
            { """{"list":{"$splice":[2147483647,2147483647,[]]}}""", "list.$splice[1]", "the base has 3" },
            { """{"list":{"$splice":[0,0,["x"]]}}""", "list.$splice[2][0]", "an integer" },
            { """{"list":{"$splice":[0,0,[]],"$splice":[0,0,[]]}}""", "list.$splice", "given twice" },
            { """{"tags":{"$add":["a"]}}""", "tags.$add[0]", "in the set already" },
            { """{"tags":{"$add":["c","c"]}}""", "tags.$add[1]", "in the set already" },
            { """{"tags":{"$remove":["c"]}}""", "tags.$remove[0]", "not in the base's set" },
            { """{"tags":{"$add":["c"],"$remove":["c"]}}""", "tags.$remove[0]", "not in the base's set" },
            { """{"tags":{"$remove":["a"],"$add":["a"]}}""", "tags.$add[0]", "in the set already" },
            { """{"tags":{"$set":{}}}""", "tags.$set", "no change that is known" },
            { """{"colors":{"$add":["Purple"]}}""", "colors.$add[0]", "it could not be told" },
            { """{"colors":{"$add":[1]}}""", "colors.$add[0]", "it could not be told" },
            { """{"map":{"$remove":["x"]}}""", "map.$remove[0]", "no such key" },
            { """{"map":{"$remove":[1]}}""", "map.$remove[0]", "a text is expected" },
            { """{"map":{"$set":{"x":1,"x":2}}}""", "map.$set.x", "given twice" },
            { """{"map":{"$set":{"k":2},"$remove":["k"]}}""", "map.$remove[0]", "given twice" },
            { """{"map":{"k":2}}""", "map.k", "no change that is known" },
            { """{"payment":{"total":2}}""", "payment", "'$type' is missing" },
            { """{"payment":{"$type":"card","total":2}}""", "payment", "another case" },
            { """{"payment":{"$type":"cheque"}}""", "payment.$type", "is no case of Payment" },
            { """{"payment":{"$type":"cash","$type":"cash"}}""", "payment.$type", "given twice" },
        };

    [Theory]
    [MemberData(nameof(Json))]
    public void Json_patch_is_refused(string patch, string path, string reason)
    {
        var defect = Assert.Throws<StateFormatException>(() =>
            PatchSamples.Apply(new JsonStateCodec(), Base, Encoding.UTF8.GetBytes(patch))
        );
        Assert.Equal((patch, path), (patch, defect.Path));
        Assert.Contains(reason, defect.Reason);
        Assert.True(defect.Offset >= 0);
    }

    /// <summary>The fields are: 0 id, 1 name, 2 line, 5 maybeLine, 7 list, 9 tags, 11 map, 12 payment.</summary>
    public static TheoryData<byte[], string, string> Avro =>
        new()
        {
            { [0], "$", "2 bytes are expected" },
            { [0, 0x80], "$", "more than the 14 fields" },
            { [0, 0, 0], "$", "1 bytes follow" },
            { [1, 0, 2], "id", "a part of the key" },
            { [2, 0, 8, 97], "name", "a length of 4 bytes" },
            { [4, 0, 4], "line", "the index 2 is given" },
            { [4, 0, 2, 0x10], "line", "more than the 4 fields" },
            { [4, 0, 2, 1, 8], "line.sku", "a length of 4 bytes" },
            { [0x20, 0, 2, 0], "maybeLine", "the base has null" },
            { [0x80, 0, 2, 1], "list.$splice", "is no integer from 0" },
            { [0x80, 0, 2, 6, 2, 0], "list.$splice", "the base has 3" },
            { [0x80, 0, 2, 0, 0, 100], "list.$splice", "a block of 50 items" },
            { [0, 0x02, 2, 2, 2, 97, 0, 0], "tags.$add", "in the set already" },
            { [0, 0x02, 2, 0, 2, 2, 122, 0], "tags.$remove", "not in the base's set" },
            { [0, 0x08, 2, 0, 2, 2, 122, 0], "map.$remove", "no such key" },
            { [0, 0x10, 2, 0, 0], "payment", "another case" },
        };

    [Theory]
    [MemberData(nameof(Avro))]
    public void Avro_patch_is_refused(byte[] patch, string path, string reason)
    {
        var defect = Assert.Throws<StateFormatException>(() => PatchSamples.Apply(new AvroStateCodec(), Base, patch));
        Assert.Equal(path, defect.Path);
        Assert.Contains(reason, defect.Reason);
        Assert.True(defect.Offset >= 0);
    }

    [Fact]
    public void Limits_of_full_bodies_hold_for_patches()
    {
        var json = Assert.Throws<StateFormatException>(() =>
            PatchSamples.Apply(new JsonStateCodec(10), Base, """{"name":"longer than that"}"""u8.ToArray())
        );
        Assert.Contains("at most 10 are read", json.Message);
        var large = Assert.Throws<StateFormatException>(() =>
            PatchSamples.Apply(new AvroStateCodec(limits: new() { MaxBodyBytes = 10 }), Base, new byte[11])
        );
        Assert.Contains("at most 10 are read", large.Message);
        var avro = new AvroStateCodec(limits: new() { MaxItems = 2 });
        var patch = PatchSamples.Patch(avro, Base, Base with { List = [1, 2, 3] })!;
        Assert.Contains("more than 2 items", Assert.Throws<StateFormatException>(() => PatchSamples.Apply(avro, Base, patch)).Message);
    }
}
