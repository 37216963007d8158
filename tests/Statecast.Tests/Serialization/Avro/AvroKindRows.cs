using Statecast.Serialization.Avro.Resolving;

namespace Statecast.Tests.Serialization.Avro;

/// <summary>Each of the specification's fourteen kinds of types as each other: a square without a gap, so that nobody has to say what was left out.</summary>
internal static class AvroKindRows
{
    // Each writer's row: a value of it, and what it is as each reader's. A point is refused; "?" follows what is read though others of the writer's values are
    // not; "yes" and "?" alone are of a kind that no contract has, judged by the schemas. "-" is no bytes.
    private const string Square = """
        writer   body              null  boolean  int  long  float  double  bytes   string  fixed  enum  array  map      record            union
        null     -                 yes   .        .    .     .      .       .       .       .      .     .      .        .                 null
        boolean  01                .     true     .    .     .      .       .       .       .      .     .      .        .                 .
        int      06                .     .        3    3     3      3       .       .       .      .     .      .        .                 3
        long     06                .     .        .    3     3      3       .       .       .      .     .      .        .                 .
        float    0000c03f          .     .        .    .     1.5    1.5     .       .       .      .     .      .        .                 .
        double   000000000000f83f  .     .        .    .     .      1.5     .       .       .      .     .      .        .                 .
        bytes    0261              .     .        .    .     .      .       "YQ=="  "a"     .      .     .      .        .                 .
        string   0261              .     .        .    .     .      .       "YQ=="  "a"     .      .     .      .        .                 .
        fixed    61                .     .        .    .     .      .       .       .       yes    .     .      .        .                 .
        enum     02                .     .        .    .     .      .       .       .       .      "B"   .      .        .                 .
        array    020600            .     .        .    .     .      .       .       .       .      .     [3]    .        .                 .
        map      02026b0600        .     .        .    .     .      .       .       .       .      .     .      {"k":3}  .                 .
        record   0600              .     .        .    .     .      .       .       .       .      .     .      .        {"a":3,"b":null}  .
        union    0206              ?     .        3?   3?    3?     3?      .       .       .      .     .      .        .                 3
        """;

    /// <summary>The kinds of types, in the order of the square.</summary>
    public static readonly IReadOnlyDictionary<string, string> Kinds = new Dictionary<string, string>
    {
        ["null"] = "\"null\"",
        ["boolean"] = "\"boolean\"",
        ["int"] = "\"int\"",
        ["long"] = "\"long\"",
        ["float"] = "\"float\"",
        ["double"] = "\"double\"",
        ["bytes"] = "\"bytes\"",
        ["string"] = "\"string\"",
        ["fixed"] = """{"type":"fixed","name":"F","size":1}""",
        ["enum"] = """{"type":"enum","name":"Small","symbols":["A","B"]}""",
        ["array"] = """{"type":"array","items":"int"}""",
        ["map"] = """{"type":"map","values":"int"}""",
        ["record"] =
            """{"type":"record","name":"Narrow","fields":[{"name":"a","type":"int"},{"name":"b","type":["null","string"],"default":null}]}""",
        ["union"] = """["null","int"]""",
    };

    public static IEnumerable<AvroResolutionRow> All
    {
        get
        {
            var lines = Square.Split('\n').Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
            return lines
                .Skip(1)
                .SelectMany(line => line.Skip(2).Zip(lines[0].Skip(2), (said, reader) => Row(line[0], reader, line[1], said)));
        }
    }

    private static AvroResolutionRow Row(string writer, string reader, string body, string said)
    {
        // A value that matches nothing of a union has no branch there; that of a union is refused by what its branch is.
        AvroMismatchRule? rule =
            said != "." && said[^1] != '?' ? null
            : reader == "union" ? AvroMismatchRule.UnionBranch
            : AvroMismatchRule.Type;
        string? value = said is "." ? null : said.TrimEnd('?');
        // No contract has a value that is always null, nor a fixed.
        return new(Kinds[writer], Kinds[reader], rule, reader is "null" or "fixed" ? null : body.TrimStart('-'), value);
    }
}
