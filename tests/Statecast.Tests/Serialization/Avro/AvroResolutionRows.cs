using Statecast.Serialization.Avro.Resolving;

namespace Statecast.Tests.Serialization.Avro;

/// <summary>One row of the specification's matrix.</summary>
/// <param name="Writer">The writer's schema of a value.</param>
/// <param name="Reader">The reader's. If a contract of <c>Cells.cs</c> has it, the body is read by that contract's generated reader.</param>
/// <param name="Rule">By which rule some value of the writer's cannot be read; null if every value can.</param>
/// <param name="Body">A value as the writer wrote it, in hexadecimal digits; null if the row is about the schemas alone.</param>
/// <param name="Value">What it reads as, in JSON; null if it is refused.</param>
internal sealed record AvroResolutionRow(string Writer, string Reader, AvroMismatchRule? Rule, string? Body, string? Value);

/// <summary>The matrix of Avro 1.12's "Schema Resolution".</summary>
internal static class AvroResolutionRows
{
    private const string Small = """{"type":"enum","name":"Small","symbols":["A","B"]}""";
    private const string Lenient = """{"type":"enum","name":"Lenient","symbols":["A","Z"],"default":"A"}""";
    private const string List = """{"type":"array","items":"int"}""";
    private const string LongList = """{"type":"array","items":"long"}""";
    private const string Map = """{"type":"map","values":"int"}""";
    private const string Narrow =
        """{"type":"record","name":"Narrow","fields":[{"name":"a","type":"int"},{"name":"b","type":["null","string"],"default":null}]}""";
    private const string Renamed =
        """{"type":"record","name":"Renamed","aliases":["Former"],"fields":[{"name":"a","type":"int","aliases":["old"]},{"name":"b","type":"int","default":5}]}""";
    private const string One = """{"type":"record","name":"one","fields":[{"name":"a","type":"int"}]}""";
    private const string Other = """{"type":"record","name":"other","fields":[{"name":"b","type":"string"}]}""";
    private const string MaybeInt = """["null","int"]""";
    private const string Micros = """{"type":"long","logicalType":"timestamp-micros"}""";
    private const string Cents = """{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}""";

    public static IEnumerable<AvroResolutionRow> All =>
        AvroKindRows.All.Concat(Collections).Concat(Records).Concat(Enums).Concat(Fixed).Concat(Unions).Concat(Logical);

    private static AvroResolutionRow[] Collections =>
        [
            new(List, List, null, "04020400", "[1,2]"),
            new(List, LongList, null, "04020400", "[1,2]"),
            // In blocks, the second with its size in bytes.
            new(List, LongList, null, "020201020400", "[1,2]"),
            new(LongList, List, AvroMismatchRule.Type, "020200", null),
            new(Map, Map, null, "02026b0600", """{"k":3}"""),
            new("""{"type":"map","values":"string"}""", Map, AvroMismatchRule.Type, "02026b026100", null),
        ];

    private static AvroResolutionRow[] Records =>
        [
            new(Narrow, Narrow, null, "06020262", """{"a":3,"b":"b"}"""),
            // Reordered, and removed, of every kind.
            new(Record("Narrow", ("b", """["null","string"]"""), ("a", "\"int\"")), Narrow, null, "02026206", """{"a":3,"b":"b"}"""),
            new(
                Record(
                    "Narrow",
                    ("gone1", "\"null\""),
                    ("gone2", "\"boolean\""),
                    ("gone3", "\"double\""),
                    ("gone4", "\"string\""),
                    ("gone5", """{"type":"fixed","name":"F","size":2}"""),
                    ("gone6", """{"type":"enum","name":"E","symbols":["X"]}"""),
                    ("gone7", List),
                    ("gone8", Map),
                    ("gone9", One),
                    ("gone10", """["null","long"]"""),
                    ("a", "\"int\"")
                ),
                Narrow,
                null,
                "01" + "000000000000f83f" + "0261" + "ffff" + "00" + "020200" + "02026b0600" + "08" + "020a" + "06",
                """{"a":3,"b":null}"""
            ),
            // A default, for what the writer does not have.
            new(Record("Narrow", ("a", "\"int\"")), Narrow, null, "06", """{"a":3,"b":null}"""),
            new(Record("Renamed", ("a", "\"int\"")), Renamed, null, "06", """{"a":3,"b":5}"""),
            new(Record("Renamed", ("b", "\"int\"")), Renamed, AvroMismatchRule.MissingDefault, "06", null),
            // The reader's aliases: the writer's are nobody's business. A name goes before an alias.
            new(Record("Renamed", ("old", "\"int\"")), Renamed, null, "06", """{"a":3,"b":5}"""),
            new(Record("Renamed", ("old", "\"int\""), ("a", "\"int\"")), Renamed, null, "0608", """{"a":4,"b":5}"""),
            new(Record("Former", ("a", "\"int\"")), Renamed, null, "06", """{"a":3,"b":5}"""),
            new(Record("Another", ("a", "\"int\"")), Renamed, AvroMismatchRule.Name, "06", null),
            new(
                """{"type":"record","name":"Another","aliases":["Renamed"],"fields":[{"name":"a","type":"int"}]}""",
                Renamed,
                AvroMismatchRule.Name,
                "06",
                null
            ),
            new(
                """{"type":"record","name":"Renamed","fields":[{"name":"x","type":"int","aliases":["a"]}]}""",
                Renamed,
                AvroMismatchRule.MissingDefault,
                "06",
                null
            ),
            // Names are compared without their namespaces.
            new(Record("some.where.Renamed", ("a", "\"int\"")), Renamed, null, "06", """{"a":3,"b":5}"""),
            new(Record("some.where.Former", ("a", "\"int\"")), Renamed, null, "06", """{"a":3,"b":5}"""),
            // Fields by the same rules as values.
            new(Record("Renamed", ("a", "\"int\""), ("b", "\"long\"")), Renamed, AvroMismatchRule.Type, "0608", null),
            new(Record("Narrow", ("a", "\"int\""), ("b", "\"bytes\"")), Narrow, null, "060262", """{"a":3,"b":"b"}"""),
        ];

    private static AvroResolutionRow[] Enums =>
        [
            new(Small, Small, null, "02", "\"B\""),
            // By name, not by place.
            new("""{"type":"enum","name":"Small","symbols":["B","A"]}""", Small, null, "02", "\"A\""),
            new("""{"type":"enum","name":"x.Small","symbols":["B"]}""", Small, null, "00", "\"B\""),
            new("""{"type":"enum","name":"Small","symbols":["A","C"]}""", Small, AvroMismatchRule.EnumSymbol, "00", "\"A\""),
            new("""{"type":"enum","name":"Small","symbols":["A","C"]}""", Small, AvroMismatchRule.EnumSymbol, "02", null),
            // The reader's default is for what it does not know; the writer's is none of it.
            new("""{"type":"enum","name":"Small","symbols":["A","C"],"default":"A"}""", Small, AvroMismatchRule.EnumSymbol, "02", null),
            new("""{"type":"enum","name":"Lenient","symbols":["Z","C"]}""", Lenient, null, "00", "\"Z\""),
            new("""{"type":"enum","name":"Lenient","symbols":["Z","C"]}""", Lenient, null, "02", "\"A\""),
            new("""{"type":"enum","name":"Large","symbols":["A"]}""", Small, AvroMismatchRule.Name, "00", null),
        ];

    // No contract has a fixed.
    private static AvroResolutionRow[] Fixed =>
        [
            new("""{"type":"fixed","name":"a.F","size":2}""", """{"type":"fixed","name":"b.F","size":2}""", null, null, null),
            Refused("""{"type":"fixed","name":"F","size":2}""", """{"type":"fixed","name":"F","size":3}""", AvroMismatchRule.FixedSize),
            Refused("""{"type":"fixed","name":"F","size":2}""", """{"type":"fixed","name":"G","size":2}""", AvroMismatchRule.Name),
            new("""{"type":"fixed","name":"F","size":2}""", """{"type":"fixed","name":"G","aliases":["F"],"size":2}""", null, null, null),
            Refused(
                """{"type":"fixed","name":"F","aliases":["G"],"size":2}""",
                """{"type":"fixed","name":"G","size":2}""",
                AvroMismatchRule.Name
            ),
        ];

    private static AvroResolutionRow[] Unions =>
        [
            // The writer's: the branch that was written is read as if it stood alone.
            new(MaybeInt, MaybeInt, null, "00", "null"),
            new("""["int","null"]""", MaybeInt, null, "0006", "3"),
            new("""["int","null"]""", MaybeInt, null, "02", "null"),
            new(MaybeInt, "\"long\"", AvroMismatchRule.Type, "00", null),
            new("""["int","float"]""", "\"double\"", null, "0006", "3"),
            new("""["int","float"]""", "\"double\"", null, "020000c03f", "1.5"),
            // The reader's: the first branch that matches. Of a single type the square has them.
            new("\"int\"", """["null","long"]""", null, null, null),
            new("[\"null\",\"int\"]", """["double","null"]""", null, null, null),
            Refused("""["null","int"]""", """["string","null"]""", AvroMismatchRule.UnionBranch),
            new("[]", "\"int\"", null, null, null),
            Refused("\"int\"", "[]", AvroMismatchRule.UnionBranch),
            // Of records, by their names.
            new($"[{One}]", $"[{One},{Other}]", null, "0006", """{"$type":"one","a":3}"""),
            new($"[{Other},{One}]", $"[{One},{Other}]", null, "000262", """{"$type":"other","b":"b"}"""),
            new(Other, $"[{One},{Other}]", null, "0262", """{"$type":"other","b":"b"}"""),
            new($"[{One},{Other}]", $"[{One}]", AvroMismatchRule.UnionBranch, "0006", """{"$type":"one","a":3}"""),
            new($"[{One},{Other}]", $"[{One}]", AvroMismatchRule.UnionBranch, "020262", null),
        ];

    // Stricter than the specification: the same bytes would mean another value.
    private static AvroResolutionRow[] Logical =>
        [
            new("\"long\"", Micros, null, "80897a", "\"1970-01-01T00:00:01Z\""),
            new(Micros, Micros, null, "80897a", "\"1970-01-01T00:00:01Z\""),
            new("""{"type":"long","logicalType":"timestamp-millis"}""", Micros, AvroMismatchRule.LogicalType, "06", null),
            new("""{"type":"int","logicalType":"date"}""", Micros, AvroMismatchRule.LogicalType, "06", null),
            new(Micros, "\"long\"", null, "06", "3"),
            new("\"bytes\"", Cents, null, "0207", "0.07"),
            new(Decimal(4, 2), Cents, null, "0207", "0.07"),
            new(Decimal(10, 2), Cents, AvroMismatchRule.LogicalType, "0207", null),
            new(Decimal(9, 1), Cents, AvroMismatchRule.LogicalType, "0207", null),
            // Letters are no digits, though text and bytes are promoted to each other.
            new("\"string\"", Cents, AvroMismatchRule.LogicalType, "0207", null),
            new(Cents, "\"string\"", AvroMismatchRule.LogicalType, "0261", null),
        ];

    private static AvroResolutionRow Refused(string writer, string reader, AvroMismatchRule rule) => new(writer, reader, rule, null, null);

    private static string Decimal(int precision, int scale) =>
        $$"""{"type":"bytes","logicalType":"decimal","precision":{{precision}},"scale":{{scale}}}""";

    private static string Record(string name, params (string Name, string Type)[] fields) =>
        $$"""{"type":"record","name":"{{name}}","fields":[{{string.Join(',', fields.Select(f => $$"""{"name":"{{f.Name}}","type":{{f.Type}}}"""))}}]}""";
}
