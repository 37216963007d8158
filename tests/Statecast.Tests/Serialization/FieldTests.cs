using System.Buffers;
using CsCheck;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Json;
using Xunit;

namespace Statecast.Tests.Serialization;

/// <summary>A field read by itself is what the whole state would have there, or there is no field.</summary>
public sealed class FieldTests
{
    private static readonly AvroSchemaSet Schemas = Known();

    public static TheoryData<string> Codecs => ["json", "avro"];

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Every_field_is_as_in_the_state(string name)
    {
        Samples.Any.Sample(state =>
        {
            var read = new Reading<EveryValue>(Codec(name), state);
            read.Check(EveryValue.Fields.Id, state.Id);
            read.Check(EveryValue.Fields.Flag, state.Flag);
            read.Check(EveryValue.Fields.SByte, state.SByte);
            read.Check(EveryValue.Fields.UInt64, state.UInt64);
            read.Check(EveryValue.Fields.Double, state.Double);
            read.Check(EveryValue.Fields.Text, state.Text);
            read.Check(EveryValue.Fields.At, Whole(name, state).At);
            read.Check(EveryValue.Fields.Day, state.Day);
            read.Check(EveryValue.Fields.Color, state.Color);
            read.Check(EveryValue.Fields.Owner, state.Owner);
            read.Check(EveryValue.Fields.MaybeInt, state.MaybeInt);
            read.Check(EveryValue.Fields.MaybeColor, state.MaybeColor);
            read.Check(EveryValue.Fields.MaybeOwner, state.MaybeOwner);
            if (state.MaybeText is { } text)
                read.Check(EveryValue.Fields.MaybeText, text);
            else
                read.CheckNull(EveryValue.Fields.MaybeText);
        });
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Field_of_an_older_schema_is_resolved(string name)
    {
        var old = new Old.Thing(7, "earlier name", Old.Mood.Wild, 3);
        var body = Encode(Codec(name), old);
        var (contract, schema) = (StateContract.Of<New.Thing>(), StateContract.Of<Old.Thing>().SchemaFingerprint);
        Assert.True(Codec(name).TryReadField(contract, New.Thing.Fields.Name, schema, body, out var title));
        Assert.Equal("earlier name", title);
        Assert.True(Codec(name).TryReadField(contract, New.Thing.Fields.Mood, schema, body, out var mood));
        Assert.Equal(New.Mood.Unknown, mood);
        Assert.True(Codec(name).TryReadField(contract, New.Thing.Fields.Count, schema, body, out var count));
        Assert.Equal(5, count);
        Assert.False(Codec(name).TryReadField(contract, New.Thing.Fields.Note, schema, body, out _));
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void What_stands_behind_is_not_looked_at(string name)
    {
        var body = Encode(Codec(name), Samples.Fixed);
        var cut = body[..(body.Length / 2)];
        var contract = StateContract.Of<EveryValue>();
        Assert.True(Codec(name).TryReadField(contract, EveryValue.Fields.Id, contract.SchemaFingerprint, cut, out var id));
        Assert.Equal(Samples.Fixed.Id, id);
        Assert.Throws<StateFormatException>(() =>
            Codec(name).TryReadField(contract, EveryValue.Fields.MaybeDuration, contract.SchemaFingerprint, cut, out _)
        );
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Value_that_its_type_refuses_is_a_defect(string name)
    {
        var contract = StateContract.Of<Checked>();
        ReadOnlyMemory<byte> body = name == "json" ? "{\"id\":1,\"share\":101}"u8.ToArray() : new byte[] { 2, 0xCA, 1 };
        var defect = Assert.Throws<StateFormatException>(() =>
            Codec(name).TryReadField(contract, Checked.Fields.Share, contract.SchemaFingerprint, body, out _)
        );
        Assert.Contains("101 is no percentage", defect.Message);
    }

    private static AvroSchemaSet Known()
    {
        var schemas = new AvroSchemaSet();
        schemas.Add(StateContract.Of<Old.Thing>().AvroSchema);
        return schemas;
    }

    private static EveryValue Whole(string name, EveryValue state)
    {
        var contract = StateContract.Of<EveryValue>();
        return Codec(name).Decode(contract, contract.SchemaFingerprint, Encode(Codec(name), state));
    }

    private static IStateCodec Codec(string name) => name == "json" ? new JsonStateCodec() : new AvroStateCodec(Schemas);

    private static ReadOnlyMemory<byte> Encode<TState>(IStateCodec codec, TState state)
        where TState : class, IStateContract<TState>
    {
        var buffer = new ArrayBufferWriter<byte>();
        codec.Encode(StateContract.Of<TState>(), state, buffer);
        return buffer.WrittenMemory;
    }

    private sealed class Reading<TState>(IStateCodec codec, TState state)
        where TState : class, IStateContract<TState>
    {
        private readonly StateContract<TState> _contract = StateContract.Of<TState>();
        private readonly ReadOnlyMemory<byte> _body = Encode(codec, state);

        public void Check<TValue>(StateField<TState, TValue> field, TValue expected)
            where TValue : notnull
        {
            Assert.True(codec.TryReadField(_contract, field, _contract.SchemaFingerprint, _body, out var value), field.Name);
            Assert.Equal(expected, value);
        }

        public void Check<TValue>(StateField<TState, TValue> field, TValue? expected)
            where TValue : struct
        {
            if (expected is { } present)
                Check(field, present);
            else
                CheckNull(field);
        }

        public void CheckNull<TValue>(StateField<TState, TValue> field)
            where TValue : notnull =>
            Assert.False(codec.TryReadField(_contract, field, _contract.SchemaFingerprint, _body, out _), field.Name);
    }
}
