using System.Buffers;
using Statecast.Consuming;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Json;
using Statecast.Tests.Publishing;
using Xunit;

namespace Statecast.Tests.Consuming;

/// <summary>What a patch makes of a stored state, and what makes it nothing.</summary>
public sealed class StateReaderPatchTests
{
    private static readonly StateContract<Page> Contract = StateContract.Of<Page>();
    private static readonly Page Before = new("a", new('x', 100), "one");
    private static readonly Page After = Before with { Note = "two" };
    private static readonly IStateCodec[] Codecs = [new JsonStateCodec(), new AvroStateCodec()];

    private readonly StateReader<Page> _reader = new(
        Contract,
        Codecs.ToDictionary(c => c.Name),
        [StateIndex.On<Page, string>("note", p => p.Note ?? "")]
    );

    [Theory, InlineData("json", "json"), InlineData("avro", "avro"), InlineData("json", "avro"), InlineData("avro", "json")]
    public void Full_state_comes_out_in_the_patchs_codec_whatever_the_rows_is(string stored, string patched)
    {
        var made = _reader.Patch(Stored(stored), Patch(patched));
        Assert.Null(made.Defect);
        var full = made.Full!;
        Assert.Equal((StateOperation.Upsert, 0, patched), (full.Operation, full.Base, full.Codec));
        Assert.Equal(After, full.State);
        Assert.Equal(Body(patched, After), full.Body.ToArray());
        Assert.Equal(After, Codecs.Single(c => c.Name == patched).Decode(Contract, full.Schema, full.Body));
        Assert.Equal("two", Assert.Single(_reader.Inspect(full).Entries).Value);
    }

    [Fact]
    public void Object_that_a_store_kept_is_a_base_as_well()
    {
        var made = _reader.Patch(new StoredBody("json", Contract.SchemaFingerprint, default) { State = Before }, Patch("json"));
        Assert.Equal(After, made.Full!.State);
    }

    [Fact]
    public void Result_that_is_not_the_sources_is_refused()
    {
        var other = Stored("json", Before with { Text = "another" });
        Assert.Null(_reader.Patch(other, Patch("json")).Full);
        Assert.Contains("fingerprint", _reader.Patch(other, Patch("json")).Defect);
        // Without one nothing can be compared.
        Assert.Null(_reader.Patch(Stored("json"), Patch("json") with { Content = null }).Full);
    }

    [Fact]
    public void Another_schema_is_refused_on_either_side()
    {
        Assert.Contains("schema", _reader.Patch(Stored("json"), Patch("json") with { Schema = default }).Defect);
        Assert.Contains("schema", _reader.Patch(Stored("json") with { Schema = default }, Patch("json")).Defect);
        Assert.Contains("schema", _reader.Patch(Stored("json") with { Major = 2 }, Patch("json")).Defect);
    }

    [Fact]
    public void What_is_no_patch_of_this_contract_is_refused_with_the_reason()
    {
        Assert.Contains("'other'", _reader.Patch(Stored("json"), Patch("json") with { Contract = "other" }).Defect);
        Assert.Contains("'none'", _reader.Patch(Stored("json"), Patch("json") with { Codec = "none" }).Defect);
        Assert.NotNull(_reader.Patch(Stored("json"), Patch("json") with { Body = "{\"note\":"u8.ToArray() }).Defect);
        Assert.NotNull(_reader.Patch(Stored("json") with { Body = "no JSON"u8.ToArray() }, Patch("json")).Defect);
        Assert.NotNull(_reader.Patch(Stored("json") with { Codec = "none" }, Patch("json")).Defect);
    }

    private static StoredBody Stored(string codec, Page? state = null) =>
        new(codec, Contract.SchemaFingerprint, Body(codec, state ?? Before));

    private static byte[] Body(string codec, Page state)
    {
        var buffer = new ArrayBufferWriter<byte>();
        Codecs.Single(c => c.Name == codec).Encode(Contract, state, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    private static StateEvent Patch(string codec)
    {
        var buffer = new ArrayBufferWriter<byte>();
        Assert.True(Codecs.Single(c => c.Name == codec).TryEncodePatch(Contract, Before, After, int.MaxValue, buffer));
        return new()
        {
            Contract = Contract.Name,
            Lane = new(Contract.Destination, 0),
            Key = "a",
            Revision = new(1, 2),
            Operation = StateOperation.Patch,
            Base = 1,
            Codec = codec,
            Schema = Contract.SchemaFingerprint,
            Content = ContentFingerprint.Of(Contract, After),
            Body = buffer.WrittenMemory,
            CapturedAt = DateTimeOffset.UnixEpoch,
            Source = "pages",
        };
    }
}
