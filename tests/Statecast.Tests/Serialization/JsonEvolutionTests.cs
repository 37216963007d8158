using System.Text;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Json;
using Xunit;

namespace Statecast.Tests.Serialization;

/// <summary>The same name and major in another shape.</summary>
public sealed class JsonEvolutionTests
{
    private static readonly JsonStateCodec Codec = new();

    [Fact]
    public void New_target_reads_old_state_and_fills_what_it_lacks()
    {
        var old = StateContract.Of<Old.Thing>();
        var now = StateContract.Of<New.Thing>();
        Assert.Equal(old.Destination, now.Destination);
        Assert.NotEqual(old.SchemaFingerprint, now.SchemaFingerprint);
        var body = Samples.Json(old, new(7, "title", Old.Mood.Glad, 3));
        var state = Codec.Decode(now, old.SchemaFingerprint, body);
        Assert.Equal((7, "title", New.Mood.Glad, null, 5, 1.50m), (state.Id, state.Name, state.Mood, state.Note, state.Count, state.Rate));
        Assert.Empty(state.Tags);
        Assert.Empty(state.Map);
        Assert.Empty(state.Set);
        Assert.Same(StringComparer.Ordinal, state.Set.KeyComparer);
        Assert.Equal(New.Mood.Glad, state.Other);
        Assert.Equal(new("6f9619ff-8b86-d011-b42d-00c04fc964ff"), state.Segment);
        Assert.Equal(new(2024, 5, 1), state.Since);
        Assert.Equal(new(2024, 5, 1, 8, 0, 0, 500, TimeSpan.Zero), state.Seen);
        Assert.Equal(new(8, 30, 0, 250), state.Opens);
        Assert.Equal(-new TimeSpan(1, 2, 0, 0, 500), state.Ahead);
        Assert.Equal("text \"quoted\"", state.Text);
    }

    [Fact]
    public void Unknown_symbol_becomes_the_enum_default() =>
        Assert.Equal(
            New.Mood.Unknown,
            Codec
                .Decode(StateContract.Of<New.Thing>(), default, Samples.Json(StateContract.Of<Old.Thing>(), new(7, "t", Old.Mood.Wild, 3)))
                .Mood
        );

    [Fact]
    public void New_target_reads_old_cases_under_their_names_and_earlier_names()
    {
        var (old, now) = (StateContract.Of<Old.Thing>(), StateContract.Of<New.Thing>());
        New.Note? Read(Old.Note? note) =>
            Codec.Decode(now, old.SchemaFingerprint, Samples.Json(old, new(1, "t", Old.Mood.Calm, 1, note))).Remark;
        Assert.Equal(new New.PlainText("b"), Read(new Old.Text("b")));
        Assert.Equal(new New.Hyperlink("t"), Read(new Old.Link("t")));
        Assert.Null(Read(null));
    }

    [Fact]
    public void Case_added_later_is_refused_with_the_reason_and_others_are_read()
    {
        var (old, now) = (StateContract.Of<Old.Thing>(), StateContract.Of<New.Thing>());
        byte[] Body(New.Note note) =>
            [
                .. Encoding.UTF8.GetBytes(
                    Encoding
                        .UTF8.GetString(Samples.Json(now, new(1, "n", New.Mood.Calm, null) { Remark = note }))
                        .Replace("\"name\"", "\"removed\":1,\"title\"", StringComparison.Ordinal)
                ),
            ];
        Assert.Equal(new Old.Text("b"), Codec.Decode(old, now.SchemaFingerprint, Body(new New.PlainText("b", true))).Remark);
        var defect = Assert.Throws<StateFormatException>(() => Codec.Decode(old, now.SchemaFingerprint, Body(new New.Image([1]))));
        Assert.Equal("remark.$type", defect.Path);
        Assert.Contains("'image' is no case of Note that this contract declares (text, link)", defect.Message, StringComparison.Ordinal);
        Assert.Contains("build with its newer contract and retry what is parked", defect.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Case_added_last_keeps_the_branches_before_it()
    {
        // The bytes of what was declared before stay the same, so only states that hold the new case have another body.
        using var schema = System.Text.Json.JsonDocument.Parse(StateContract.Of<New.Thing>().AvroSchema);
        var field = schema.RootElement.GetProperty("fields").EnumerateArray().Single(f => f.GetProperty("name").GetString() == "remark");
        var branches = field.GetProperty("type").EnumerateArray().Skip(1).ToList();
        Assert.Equal(["text", "hyperlink", "image"], branches.Select(b => b.GetProperty("name").GetString()));
        Assert.Equal("[\"link\"]", branches[1].GetProperty("aliases").GetRawText());
    }

    [Fact]
    public void Unknown_symbol_without_default_is_refused()
    {
        var body = "{\"id\":1,\"title\":\"t\",\"mood\":\"Unknown\",\"removed\":1}"u8.ToArray();
        var defect = Assert.Throws<StateFormatException>(() => Codec.Decode(StateContract.Of<Old.Thing>(), default, body));
        Assert.Equal("mood", defect.Path);
        Assert.Contains("'Unknown' is no member of Mood, which has no [EnumDefault]", defect.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Old_target_ignores_what_it_does_not_know()
    {
        var body = Encoding.UTF8.GetBytes(
            "{\"id\":1,\"new\":{\"a\":[1,{\"b\":null}]},\"title\":\"t\",\"other\":[],\"mood\":\"Calm\",\"removed\":2,\"last\":1.5}"
        );
        Assert.Equal(new(1, "t", Old.Mood.Calm, 2), Codec.Decode(StateContract.Of<Old.Thing>(), default, body));
    }

    [Fact]
    public void Missing_required_property_is_refused()
    {
        // The new shape says 'name', which the old target does not know: renaming needs the alias on the reader's side.
        var body = Samples.Json(StateContract.Of<New.Thing>(), new(1, "n", New.Mood.Calm, null));
        var defect = Assert.Throws<StateFormatException>(() => Codec.Decode(StateContract.Of<Old.Thing>(), default, body));
        Assert.Equal("$", defect.Path);
        Assert.Equal(body.Length - 1, defect.Offset);
        Assert.Contains("'title' is missing", defect.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Name_and_its_alias_together_are_one_property_given_twice()
    {
        var body = "{\"id\":1,\"title\":\"a\",\"name\":\"b\",\"mood\":\"Calm\"}"u8.ToArray();
        var defect = Assert.Throws<StateFormatException>(() => Codec.Decode(StateContract.Of<New.Thing>(), default, body));
        Assert.Equal("name", defect.Path);
        Assert.Contains("twice", defect.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parameters_own_defaults_fill_what_is_missing()
    {
        var contract = StateContract.Of<ParameterDefaults>();
        var state = Codec.Decode(contract, default, "{\"id\":1}"u8.ToArray());
        Assert.Equal(new ParameterDefaults(1) { Items = state.Items }, state);
        Assert.False(state.Items.IsDefault);
        Assert.Empty(state.Items);
        // The schema says the same, so that every Avro reader fills the same.
        using var schema = System.Text.Json.JsonDocument.Parse(contract.AvroSchema);
        var defaults = schema
            .RootElement.GetProperty("fields")
            .EnumerateArray()
            .Skip(1)
            .ToDictionary(f => f.GetProperty("name").GetString()!, f => f.GetProperty("default").GetRawText());
        Assert.Equal("0", defaults["owner"]);
        Assert.Equal("\"00000000-0000-0000-0000-000000000000\"", defaults["guid"]);
        Assert.Equal("-719162", defaults["day"]);
        Assert.Equal("-62135596800000000", defaults["at"]);
        Assert.Equal("0", defaults["time"]);
        Assert.Equal("0", defaults["duration"]);
        Assert.Equal("[]", defaults["items"]);
        Assert.Equal("\"Green\"", defaults["color"]);
        Assert.Equal("\"a\\u0009b\"", defaults["text"]);
        Assert.Equal("-1.5E-07", defaults["ratio"]);
        Assert.Equal("0.1", defaults["share"]);
        Assert.Equal("-9223372036854775808", defaults["small"]);
        Assert.Equal("\"\\u00fb\\u001e\"", defaults["money"]);
        Assert.Equal("true", defaults["flag"]);
        Assert.Equal("null", defaults["note"]);
    }

    [Fact]
    public void Null_is_no_missing_value()
    {
        var body = "{\"id\":1,\"name\":\"a\",\"mood\":\"Calm\",\"count\":null}"u8.ToArray();
        Assert.Equal("count", Assert.Throws<StateFormatException>(() => Codec.Decode(StateContract.Of<New.Thing>(), default, body)).Path);
    }
}
