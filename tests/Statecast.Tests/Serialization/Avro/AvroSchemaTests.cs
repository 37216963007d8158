using Statecast.Serialization.Avro.Schemas;
using Xunit;

namespace Statecast.Tests.Serialization.Avro;

/// <summary>Schemas are read as Avro 1.12 has them; fingerprints are those of the specification's own test data.</summary>
public sealed class AvroSchemaTests
{
    [Theory]
    [InlineData("\"null\"", 7195948357588979594)]
    [InlineData("{\"type\":\"boolean\"}", -6970731678124411036)]
    [InlineData("\"int\"", 8247732601305521295)]
    [InlineData("\"long\"", -3434872931120570953)]
    [InlineData("\"float\"", 5583340709985441680)]
    [InlineData("\"double\"", -8181574048448539266)]
    [InlineData("\"bytes\"", 5746618253357095269)]
    [InlineData("\"string\"", -8142146995180207161)]
    [InlineData("[  ]", -1241056759729112623)]
    [InlineData("[ \"int\"  ]", -5232228896498058493)]
    [InlineData("[ \"int\" , {\"type\":\"boolean\"} ]", 5392556393470105090)]
    public void Rabin_fingerprint_is_that_of_other_implementations(string schema, long fingerprint) =>
        Assert.Equal(fingerprint, (long)AvroFingerprints.Rabin(AvroSchema.Parse(schema)));

    [Theory]
    [InlineData("{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}", "\"long\"")]
    [InlineData(
        "{\"type\":\"record\",\"doc\":\"d\",\"name\":\"R\",\"namespace\":\"a.b\",\"aliases\":[\"Q\"],\"fields\":[{\"type\":[\"null\",\"R\"],\"default\":null,\"name\":\"next\"}]}",
        "{\"name\":\"a.b.R\",\"type\":\"record\",\"fields\":[{\"name\":\"next\",\"type\":[\"null\",\"a.b.R\"]}]}"
    )]
    [InlineData(
        "{\"type\":\"enum\",\"name\":\"x.E\",\"namespace\":\"ignored\",\"default\":\"A\",\"symbols\":[\"A\",\"B\"]}",
        "{\"name\":\"x.E\",\"type\":\"enum\",\"symbols\":[\"A\",\"B\"]}"
    )]
    [InlineData("{\"type\":\"fixed\",\"size\":16,\"name\":\"F\"}", "{\"name\":\"F\",\"type\":\"fixed\",\"size\":16}")]
    [InlineData(
        "{\"type\":\"map\",\"values\":{\"items\":\"int\",\"type\":\"array\"}}",
        "{\"type\":\"map\",\"values\":{\"type\":\"array\",\"items\":\"int\"}}"
    )]
    [InlineData(
        "{\"type\":\"record\",\"name\":\"A\",\"namespace\":\"n\",\"fields\":[{\"name\":\"b\",\"type\":{\"type\":\"record\",\"name\":\"m.B\",\"fields\":[{\"name\":\"c\",\"type\":{\"type\":\"fixed\",\"name\":\"C\",\"size\":1}}]}}]}",
        "{\"name\":\"n.A\",\"type\":\"record\",\"fields\":[{\"name\":\"b\",\"type\":{\"name\":\"m.B\",\"type\":\"record\",\"fields\":[{\"name\":\"c\",\"type\":{\"name\":\"m.C\",\"type\":\"fixed\",\"size\":1}}]}}]}"
    )]
    public void Canonical_form(string schema, string canonical)
    {
        Assert.Equal(canonical, AvroSchema.Parse(schema).ToCanonicalForm());
        Assert.Equal(canonical, AvroSchema.Parse(canonical).ToCanonicalForm());
    }

    [Theory]
    [InlineData("\"strin\"", "$", "'strin' is no type")]
    [InlineData("{\"name\":\"R\"}", "$", "'type' is missing")]
    [InlineData("{\"type\":\"record\",\"name\":\"R\"}", "$", "'fields' is missing")]
    [InlineData("{\"type\":\"record\",\"name\":\"1R\",\"fields\":[]}", "$", "'1R' is no name")]
    [InlineData("{\"type\":\"record\",\"name\":\"int\",\"fields\":[]}", "$", "Avro's own types")]
    [InlineData(
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\",\"default\":\"x\"}]}",
        "$.fields[0].default",
        "no int"
    )]
    [InlineData(
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"a\",\"type\":\"int\"}]}",
        "$",
        "'a' is given twice"
    )]
    [InlineData("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"A\"]}", "$.symbols", "given twice")]
    [InlineData("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"],\"default\":\"B\"}", "$.default", "none of the symbols")]
    [InlineData("{\"type\":\"fixed\",\"name\":\"F\",\"size\":-1}", "$", "'size'")]
    [InlineData("[\"int\",\"int\"]", "$[1]", "one int at most")]
    [InlineData("[\"int\",[\"null\"]]", "$[1]", "no union directly")]
    [InlineData("{\"type\":\"array\"}", "$", "'items' is missing")]
    [InlineData("{\"type\":\"int\",\"type\":\"long\"}", "$", "given twice")]
    [InlineData("{\"type\":\"int\"", "$", "',' or '}' is expected")]
    [InlineData("\"int\" x", "$", "something follows")]
    [InlineData("\"\\x\"", "$", "no such escape")]
    [InlineData("01", "$", "something follows")]
    [InlineData("", "$", "not the end")]
    public void What_is_no_schema_is_refused_with_its_place(string schema, string path, string says)
    {
        var refused = Assert.Throws<AvroSchemaException>(() => AvroSchema.Parse(schema));
        Assert.Equal(path, refused.Path);
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.InRange(refused.Offset, 0, schema.Length);
    }

    [Fact]
    public void Limits_hold()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"type\":\"array\",\"items\":", 100_000));
        Assert.Contains(
            "deeper than 64",
            Assert.Throws<AvroSchemaException>(() => AvroSchema.Parse(deep[..900_000])).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "at most 1000000",
            Assert.Throws<AvroSchemaException>(() => AvroSchema.Parse(deep)).Message,
            StringComparison.Ordinal
        );
        var many = "[" + string.Join(',', Enumerable.Repeat("1", 200_000)) + "]";
        Assert.Contains(
            "more than 100000 values",
            Assert.Throws<AvroSchemaException>(() => AvroSchema.Parse(many)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}", "decimal")]
    [InlineData("{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":5}", null)]
    [InlineData("{\"type\":\"fixed\",\"name\":\"F\",\"size\":2,\"logicalType\":\"decimal\",\"precision\":4}", "decimal")]
    [InlineData("{\"type\":\"fixed\",\"name\":\"F\",\"size\":2,\"logicalType\":\"decimal\",\"precision\":5}", null)]
    [InlineData("{\"type\":\"int\",\"logicalType\":\"timestamp-micros\"}", null)]
    [InlineData("{\"type\":\"string\",\"logicalType\":\"uuid\"}", "uuid")]
    [InlineData("{\"type\":\"string\",\"logicalType\":\"unheard-of\"}", null)]
    public void Logical_type_that_does_not_fit_is_ignored(string schema, string? logical) =>
        Assert.Equal(logical, AvroSchema.Parse(schema).Logical?.Name);

    [Theory]
    [InlineData(
        "[\"null\",{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"},{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}]"
    )]
    [InlineData(
        "{\"type\":\"record\",\"name\":\"A\",\"namespace\":\"n\",\"aliases\":[\"n.Old\"],\"fields\":[{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"namespace\":\"\",\"symbols\":[\"X\"],\"default\":\"X\"},\"default\":\"X\",\"aliases\":[\"f\"]},{\"name\":\"a\",\"type\":[\"null\",\"n.A\"],\"default\":null}]}"
    )]
    public void Printed_schema_is_the_same(string schema)
    {
        var printed = AvroSchema.Parse(schema).ToJson();
        Assert.Equal(schema, printed);
        Assert.Equal(printed, AvroSchema.Parse(printed).ToJson());
    }
}
