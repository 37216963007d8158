using System.Collections.Immutable;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Compatibility;
using Statecast.Serialization.Json;
using Statecast.Serialization.Json.Schema;
using Xunit;

namespace Statecast.Tests.Serialization.Compatibility;

/// <summary>The JSON checker against the codec itself: each type is written, at its extremes, and read as each other.</summary>
public sealed class JsonVerdictTests
{
    private static readonly IReadOnlyList<ICell> Cells =
    [
        new Cell<BooleanCell>(new(1, true)),
        new Cell<ByteCell>(new(1, 0), new(1, 255)),
        new Cell<IntCell>(new(1, int.MinValue), new(1, int.MaxValue)),
        new Cell<UIntCell>(new(1, 0), new(1, uint.MaxValue)),
        new Cell<LongCell>(new(1, long.MinValue), new(1, long.MaxValue)),
        new Cell<ULongCell>(new(1, 0), new(1, ulong.MaxValue)),
        new Cell<FloatCell>(new(1, float.MinValue), new(1, 0.1f)),
        new Cell<DoubleCell>(new(1, double.MaxValue), new(1, 0.1)),
        new Cell<WholeCell>(new(1, -9_999_999_999m), new(1, 9_999_999_999m)),
        new Cell<CentsCell>(new(1, -9_999_999.99m), new(1, 0.01m)),
        new Cell<MillsCell>(new(1, -99_999_999_999.999m), new(1, 0.001m)),
        new Cell<TextCell>(new(1, ""), new(1, "a text")),
        new Cell<GuidCell>(new(1, new("00112233-4455-6677-8899-aabbccddeeff"))),
        new Cell<InstantCell>(new(1, DateTimeOffset.UnixEpoch)),
        new Cell<DayCell>(new(1, new(2024, 5, 1))),
        new Cell<TimeCell>(new(1, new(8, 30))),
        new Cell<DurationCell>(new(1, TimeSpan.FromDays(-1.5))),
        new Cell<BytesCell>(new(1, [1, 2, 3, 4])),
        new Cell<EnumCell>(new(1, Small.A), new(1, Small.B)),
        new Cell<WideEnumCell>(new(1, Wide.A), new(1, Wide.C)),
        new Cell<LenientEnumCell>(new(1, Lenient.A), new(1, Lenient.Z)),
        new Cell<MaybeIntCell>(new(1, null), new(1, int.MaxValue)),
        new Cell<ListCell>(new(1, []), new(1, [int.MinValue, int.MaxValue, int.MaxValue])),
        new Cell<SetCell>(new(1, []), new(1, [int.MinValue, int.MaxValue])),
        new Cell<LongListCell>(new(1, []), new(1, [long.MaxValue])),
        new Cell<MapCell>(
            new(1, ImmutableDictionary<string, int>.Empty),
            new(1, ImmutableDictionary<string, int>.Empty.Add("a", int.MaxValue))
        ),
        new Cell<RecordCell>(new(1, new(int.MaxValue, null)), new(1, new(0, "b"))),
        new Cell<WideRecordCell>(new(1, new(0, null, true))),
        new Cell<CasesCell>(new(1, new FirstCase(1))),
        new Cell<MoreCasesCell>(new(1, new OneCase(1)), new(1, new OtherCase("b"))),
    ];

    // What is read, and yet refused: something would be lost, or mean another thing.
    private static readonly HashSet<(Type Writer, Type Reader)> Lossy =
    [
        (typeof(ListCell), typeof(SetCell)),
        // Avro reads the bytes as UTF-8, JSON their base64.
        (typeof(BytesCell), typeof(TextCell)),
        (typeof(CentsCell), typeof(FloatCell)),
        (typeof(CentsCell), typeof(DoubleCell)),
        (typeof(MillsCell), typeof(FloatCell)),
        (typeof(MillsCell), typeof(DoubleCell)),
        (typeof(DayCell), typeof(InstantCell)),
        // A stand-in takes any text for a symbol that it does not know.
        (typeof(TextCell), typeof(LenientEnumCell)),
        (typeof(GuidCell), typeof(LenientEnumCell)),
        (typeof(InstantCell), typeof(LenientEnumCell)),
        (typeof(DayCell), typeof(LenientEnumCell)),
        (typeof(TimeCell), typeof(LenientEnumCell)),
        (typeof(DurationCell), typeof(LenientEnumCell)),
        (typeof(BytesCell), typeof(LenientEnumCell)),
        // The case's fields are those of the record, as it happens.
        (typeof(CasesCell), typeof(RecordCell)),
    ];

    [Fact]
    public void Compatible_is_what_the_codec_reads_and_incompatible_what_it_refuses()
    {
        var wrong = new List<string>();
        var compatible = 0;
        foreach (var writer in Cells)
        foreach (var reader in Cells)
        {
            var report = SchemaCompatibility.Check(CompatibilityMode.Backward, reader.Schema, [writer.Schema]);
            var readsAll = writer.Bodies.All(reader.Reads);
            compatible += report.IsCompatible ? 1 : 0;
            if (report.IsCompatible != (readsAll && !Lossy.Contains((writer.Type, reader.Type))))
                wrong.Add($"{writer.Type.Name} read as {reader.Type.Name}: reads {readsAll}, says {report}");
            // The other direction is the same question, asked the other way round.
            Assert.Equal(
                report.IsCompatible,
                SchemaCompatibility.Check(CompatibilityMode.Forward, writer.Schema, [reader.Schema]).IsCompatible
            );
        }
        Assert.Empty(wrong);
        // Neither verdict is rare enough to be always right by chance.
        Assert.InRange(compatible, Cells.Count + 30, Cells.Count * Cells.Count / 2);
    }

    private interface ICell
    {
        Type Type { get; }
        JsonStateSchema Schema { get; }
        IReadOnlyList<byte[]> Bodies { get; }
        bool Reads(byte[] body);
    }

    private sealed class Cell<TState>(TState first, TState? second = null) : ICell
        where TState : class, IStateContract<TState>
    {
        private static readonly StateContract<TState> Contract = StateContract.Of<TState>();

        public Type Type => typeof(TState);

        public JsonStateSchema Schema { get; } = JsonStateSchema.Parse(Contract.JsonSchema);

        public IReadOnlyList<byte[]> Bodies { get; } =
            second is null ? [Samples.Json(Contract, first)] : [Samples.Json(Contract, first), Samples.Json(Contract, second)];

        public bool Reads(byte[] body)
        {
            try
            {
                new JsonStateCodec().Decode(Contract, Contract.SchemaFingerprint, body);
                return true;
            }
            catch (StateFormatException)
            {
                return false;
            }
        }
    }
}
