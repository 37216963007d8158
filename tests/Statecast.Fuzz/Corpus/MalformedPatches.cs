using System.Text;

namespace Statecast.Fuzz.Corpus;

/// <summary>JSON patches whose forms are wrong, or are made to be the end of who reads them.</summary>
internal static class MalformedPatches
{
    private static readonly string[] Numbers =
    [
        "-1",
        "-0",
        "9",
        "2147483647",
        "2147483648",
        "9007199254740993",
        "1e999",
        "1e2147483648",
        "\"0\"",
    ];

    public static IEnumerable<byte[]> All => Texts().Select(Encoding.UTF8.GetBytes);

    private static IEnumerable<string> Texts()
    {
        foreach (var number in Numbers)
        {
            yield return Of("list", Splice($"{number},0,[]"));
            yield return Of("list", Splice($"0,{number},[]"));
            yield return Of("list", Splice($"{number},{number},[\"x\"]"));
            yield return Of("map", $$$"""{"$set":{"m1":{{{number}}}}}""");
            yield return Of("intSet", $$"""{"$add":[{{number}}]}""");
        }
        foreach (var splice in (string[])["", "0", "0,0", "0,0,{}", "0,0,[],0", "0,0,[null]", "[0,0,[]]"])
            yield return Of("list", Splice(splice));
        foreach (var (field, form) in Twice)
            yield return Of(field, form);
        foreach (var text in (string[])["\\ud800", "\\udc00\\ud800", "\\u0000", "\u202Eabc"])
        {
            yield return Of("list", Splice($"0,0,[\"{text}\"]"));
            yield return Of("map", $$$"""{"$set":{"{{{text}}}":1}}""");
            yield return Of("map", $$"""{"$remove":["{{text}}"]}""");
            yield return Of("textSet", $$"""{"$add":["{{text}}"]}""");
            yield return Of("payment", $$"""{"$type":"{{text}}"}""");
            yield return Of("line", $$"""{"{{text}}":1}""");
        }
        foreach (var depth in (int[])[60, 70, 1_000, 10_000, 100_000])
        foreach (
            var open in (string[])
                ["[", "{\"$value\":", "{\"$splice\":[0,0,[", "{\"$set\":{\"a\":", "{\"$type\":\"card\",\"a\":", "{\"$add\":["]
        )
            yield return "{\"list\":" + string.Concat(Enumerable.Repeat(open, Math.Min(depth, 800_000 / open.Length)));
        yield return Of("list", Splice("0,0,[" + string.Concat(Enumerable.Repeat("\"\",", 100_000)) + "\"\"]"));
        yield return Of("intSet", "{\"$add\":[" + string.Join(',', Enumerable.Range(100, 20_000)) + "]}");
        yield return Of("map", "{\"$set\":{" + string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"{i}\":1")) + "}}");
    }

    // A name, an item or a key that is given twice, as itself or escaped.
    private static IEnumerable<(string Field, string Form)> Twice =>
        [
            ("list", """{"$splice":[0,0,[]],"$splice":[0,0,[]]}"""),
            ("list", """{"$splice":[0,0,[]],"\u0024splice":[0,0,[]]}"""),
            ("list", """{"$value":[],"$value":[]}"""),
            ("list", """{"$splice":[0,0,[]],"$value":[]}"""),
            ("textSet", """{"$add":["x"],"$add":["y"]}"""),
            ("textSet", """{"$add":["x","x"]}"""),
            ("textSet", """{"$add":["x"],"$remove":["x"]}"""),
            ("textSet", """{"$remove":["t1","t1"]}"""),
            ("textSet", """{"$remove":["t1"],"$add":["t1"]}"""),
            ("map", """{"$set":{"x":1,"x":2}}"""),
            ("map", """{"$set":{"x":1,"\u0078":2}}"""),
            ("map", """{"$set":{"m1":1},"$remove":["m1"]}"""),
            ("map", """{"$remove":["m1","m1"]}"""),
            ("map", """{"$set":{},"$set":{}}"""),
            ("line", """{"price":1,"price":2}"""),
            ("payment", """{"$type":"card","$type":"card"}"""),
            ("payment", """{"$type":"card","\u0024type":"cash"}"""),
            ("payment", """{"total":1,"$type":"card","total":2}"""),
        ];

    private static string Of(string field, string form) => $$"""{"{{field}}":{{form}}}""";

    private static string Splice(string parts) => $$"""{"$splice":[{{parts}}]}""";
}
