namespace Statecast.Codecs.Tests.Resolution;

/// <summary>Where the peers differ from the specification's matrix, row by row, and by which words of Avro 1.12 they are wrong, or we are stricter.</summary>
internal static class MatrixFaults
{
    private const string Micros = """{"type":"long","logicalType":"timestamp-micros"}""";
    private const string Cents = """{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}""";
    private const string Renamed =
        """{"type":"record","name":"Renamed","aliases":["Former"],"fields":[{"name":"a","type":"int","aliases":["old"]},{"name":"b","type":"int","default":5}]}""";
    private const string Narrow =
        """{"type":"record","name":"Narrow","fields":[{"name":"a","type":"int"},{"name":"b","type":["null","string"],"default":null}]}""";

    private const string Decimals =
        "Logical Types, Decimal: for schema resolution, two decimals match if their scales and precisions match; neither peer compares them";
    private const string OtherMeaning =
        "Logical Types say nothing of two that differ; the peers read the bytes as the reader means them, which is another moment: we are stricter (docs/internals/avro.md)";
    private const string Promotion = "Schema Resolution: string is promotable to bytes, and bytes is promotable to string";
    private const string Unqualified = "Schema Resolution, to match: named types whose unqualified names match";

    /// <summary>What a peer resolves though we refuse it, and why we do.</summary>
    public static IReadOnlyDictionary<string, string> ReadsRefused { get; } =
        new (string Row, string Why)[]
        {
            ($$"""{"type":"bytes","logicalType":"decimal","precision":10,"scale":2} 0207 as {{Cents}}""", Decimals),
            ($$"""{"type":"bytes","logicalType":"decimal","precision":9,"scale":1} 0207 as {{Cents}}""", Decimals),
            ($$"""{"type":"long","logicalType":"timestamp-millis"} 06 as {{Micros}}""", OtherMeaning),
            ($$"""{"type":"int","logicalType":"date"} 06 as {{Micros}}""", OtherMeaning),
        }
            .SelectMany(f => new[] { (Row: $"python-avro: {f.Row}", f.Why), (Row: $"Apache.Avro: {f.Row}", f.Why) })
            .ToDictionary(f => f.Row, f => f.Why);

    /// <summary>What we read and neither peer does, and why it is to be read.</summary>
    public static IReadOnlyDictionary<string, string> NobodyReads { get; } =
        new Dictionary<string, string>
        {
            ["\"bytes\" 0261 as \"string\""] = Promotion,
            ["\"string\" 0261 as \"bytes\""] = Promotion,
            [
                $$"""{"type":"record","name":"Narrow","fields":[{"name":"a","type":"int"},{"name":"b","type":"bytes"}]} 060262 as {{Narrow}}"""
            ] = Promotion,
            [$$"""{"type":"record","name":"some.where.Renamed","fields":[{"name":"a","type":"int"}]} 06 as {{Renamed}}"""] = Unqualified,
            [$$"""{"type":"record","name":"some.where.Former","fields":[{"name":"a","type":"int"}]} 06 as {{Renamed}}"""] = Unqualified,
            ["""{"type":"enum","name":"x.Small","symbols":["B"]} 00 as {"type":"enum","name":"Small","symbols":["A","B"]}"""] = Unqualified,
            ["""{"type":"fixed","name":"a.F","size":2} 0000 as {"type":"fixed","name":"b.F","size":2}"""] = Unqualified,
        };
}
