using System.Text.Json;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Resolving;
using Statecast.Serialization.Avro.Schemas;
using Xunit;

namespace Statecast.Tests.Serialization.Avro;

/// <summary>The matrix of the specification's "Schema Resolution": what is read of what, and as which value, through a contract's generated reader.</summary>
public sealed class AvroResolutionMatrixTests
{
    private static readonly Dictionary<string, IReader> Readers = new IReader[]
    {
        new Reader<BooleanCell>(),
        new Reader<IntCell>(),
        new Reader<LongCell>(),
        new Reader<FloatCell>(),
        new Reader<DoubleCell>(),
        new Reader<BytesCell>(),
        new Reader<TextCell>(),
        new Reader<CentsCell>(),
        new Reader<InstantCell>(),
        new Reader<EnumCell>(),
        new Reader<LenientEnumCell>(),
        new Reader<MaybeIntCell>(),
        new Reader<ListCell>(),
        new Reader<LongListCell>(),
        new Reader<MapCell>(),
        new Reader<RecordCell>(),
        new Reader<RenamedCell>(),
        new Reader<CasesCell>(),
        new Reader<MoreCasesCell>(),
    }.ToDictionary(r => r.Value);

    public static TheoryData<string, string, AvroMismatchRule?, string?, string?> Rows
    {
        get
        {
            var rows = new TheoryData<string, string, AvroMismatchRule?, string?, string?>();
            foreach (var row in AvroResolutionRows.All)
                rows.Add(row.Writer, row.Reader, row.Rule, row.Body, row.Value);
            return rows;
        }
    }

    [Theory, MemberData(nameof(Rows))]
    public void Value_is_read_as_the_specification_has_it(string writer, string reader, AvroMismatchRule? rule, string? body, string? value)
    {
        // By itself, and in everything that can hold it.
        List<AvroMismatchRule> expected = rule is null ? [] : [rule.Value];
        // Of a union each branch that cannot be read is told.
        Assert.Equal(expected, writer[0] == '[' ? Rules(writer, reader).Distinct() : Rules(writer, reader));
        Assert.Equal(rule is null, Rules(Items(writer), Items(reader)).Count == 0);
        Assert.Equal(rule is null, Rules(Values(writer), Values(reader)).Count == 0);
        if (writer[0] != '[')
            Assert.Equal(rule is null, Rules($"[{writer}]", reader).Count == 0);
        if (reader[0] != '[')
            Assert.Equal(rule is null, Rules(writer, $"[{reader}]").Count == 0);
        if (body is not null)
            Assert.Equal(value, Readers[reader].Read(writer, body));
    }

    [Fact]
    public void Every_pair_of_the_fourteen_kinds_has_its_row()
    {
        var kinds = AvroKindRows.Kinds.Values;
        Assert.Equal(Enum.GetValues<AvroType>(), kinds.Select(k => AvroSchema.Parse(k).Type).Order());
        var rows = AvroKindRows.All.Select(r => (r.Writer, r.Reader)).ToList();
        Assert.Equal(kinds.SelectMany(w => kinds.Select(r => (w, r))), rows);
    }

    private static List<AvroMismatchRule> Rules(string writer, string reader) =>
        [.. AvroResolution.Of(AvroSchema.Parse(writer), AvroSchema.Parse(reader)).Mismatches.Select(m => m.Rule)];

    private static string Items(string type) => $$"""{"type":"array","items":{{type}}}""";

    private static string Values(string type) => $$"""{"type":"map","values":{{type}}}""";

    private interface IReader
    {
        /// <summary>The schema of its value.</summary>
        string Value { get; }

        /// <summary>A value of another schema as JSON; null if it is refused.</summary>
        string? Read(string writer, string body);
    }

    private sealed class Reader<TState> : IReader
        where TState : class, IStateContract<TState>
    {
        private static readonly StateContract<TState> Contract = StateContract.Of<TState>();

        public string Value
        {
            get
            {
                using var schema = JsonDocument.Parse(Contract.AvroSchema);
                return schema.RootElement.GetProperty("fields")[1].GetProperty("type").GetRawText();
            }
        }

        public string? Read(string writer, string body)
        {
            var schemas = new AvroSchemaSet();
            // Of another namespace: names are compared without it.
            var schema = schemas.Add(
                $$"""{"type":"record","name":"{{typeof(TState).Name}}","namespace":"of.the.writer","fields":[{"name":"id","type":"int"},{"name":"v","type":{{writer}}}]}"""
            );
            try
            {
                var state = new AvroStateCodec(schemas).Decode(Contract, schema, Convert.FromHexString("02" + body));
                using var json = JsonDocument.Parse(Samples.Json(Contract, state));
                return json.RootElement.GetProperty("v").GetRawText();
            }
            catch (StateFormatException)
            {
                return null;
            }
        }
    }
}
