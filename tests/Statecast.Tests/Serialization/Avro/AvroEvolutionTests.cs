using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Xunit;

namespace Statecast.Tests.Serialization.Avro;

/// <summary>The same name and major in another shape, read by the rules of resolution.</summary>
public sealed class AvroEvolutionTests
{
    private static readonly AvroSchemaSet Schemas = new();
    private static readonly AvroStateCodec Codec = new(Schemas);

    public AvroEvolutionTests()
    {
        Schemas.Add(StateContract.Of<Old.Thing>().AvroSchema);
        Schemas.Add(StateContract.Of<New.Thing>().AvroSchema);
    }

    [Fact]
    public void Fingerprint_of_a_schemas_text_is_the_contracts() =>
        Assert.Equal(StateContract.Of<Old.Thing>().SchemaFingerprint, Schemas.Add(StateContract.Of<Old.Thing>().AvroSchema));

    [Fact]
    public void New_target_reads_old_state_and_fills_what_it_lacks()
    {
        var state = ReadNew(new(7, "title", Old.Mood.Glad, 3));
        Assert.Equal((7, "title", New.Mood.Glad, null, 5, 1.50m), (state.Id, state.Name, state.Mood, state.Note, state.Count, state.Rate));
        Assert.Empty(state.Tags);
        Assert.Empty(state.Map);
        Assert.Empty(state.Set);
        Assert.Same(StringComparer.Ordinal, state.Set.KeyComparer);
        Assert.Equal(new("6f9619ff-8b86-d011-b42d-00c04fc964ff"), state.Segment);
        Assert.Equal(new(2024, 5, 1), state.Since);
        Assert.Equal(-new TimeSpan(1, 2, 0, 0, 500), state.Ahead);
    }

    [Fact]
    public void Unknown_symbol_becomes_the_enum_default() => Assert.Equal(New.Mood.Unknown, ReadNew(new(7, "t", Old.Mood.Wild, 3)).Mood);

    [Fact]
    public void Cases_are_read_under_their_names_and_earlier_names()
    {
        Assert.Equal(new New.PlainText("b"), ReadNew(new(1, "t", Old.Mood.Calm, 1, new Old.Text("b"))).Remark);
        Assert.Equal(new New.Hyperlink("t"), ReadNew(new(1, "t", Old.Mood.Calm, 1, new Old.Link("t"))).Remark);
        Assert.Null(ReadNew(new(1, "t", Old.Mood.Calm, 1)).Remark);
    }

    [Fact]
    public void What_cannot_be_read_is_refused_with_the_reason_and_what_mends_it()
    {
        var body = Samples.Avro(StateContract.Of<New.Thing>(), new(1, "n", New.Mood.Calm, null));
        var refused = Assert.Throws<StateFormatException>(() =>
            Codec.Decode(StateContract.Of<Old.Thing>(), StateContract.Of<New.Thing>().SchemaFingerprint, body)
        );
        Assert.Contains("cannot be read as tests.evolving 1", refused.Reason, StringComparison.Ordinal);
        Assert.Contains("give the field a default, or an alias if it was renamed", refused.Reason, StringComparison.Ordinal);
    }

    private static New.Thing ReadNew(Old.Thing thing) =>
        Codec.Decode(
            StateContract.Of<New.Thing>(),
            StateContract.Of<Old.Thing>().SchemaFingerprint,
            Samples.Avro(StateContract.Of<Old.Thing>(), thing)
        );
}
