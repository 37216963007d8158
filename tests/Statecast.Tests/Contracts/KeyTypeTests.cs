using Statecast.Contracts;
using Statecast.Tests.Serialization;
using Xunit;

namespace Statecast.Tests.Contracts;

/// <summary>Each type that can be a key, single and as a part.</summary>
public sealed class KeyTypeTests
{
    private static readonly Guid SomeGuid = new("00112233-4455-6677-8899-AABBCCDDEEFF");

    [Fact]
    public void String_key() => Check<string, TextKey>(new("a b"), "a b", "a%20b");

    [Fact]
    public void Guid_key() => Check<Guid, GuidKey>(new(SomeGuid), SomeGuid, "00112233-4455-6677-8899-aabbccddeeff");

    [Fact]
    public void Int_key() => Check<int, IntKey>(new(int.MinValue), int.MinValue, "-2147483648");

    [Fact]
    public void Byte_key() => Check<byte, ByteKey>(new(255), 255, "255");

    [Fact]
    public void Unsigned_long_key() => Check<ulong, ULongKey>(new(ulong.MaxValue), ulong.MaxValue, "18446744073709551615");

    [Fact]
    public void Date_key() => Check<DateOnly, DateKey>(new(new(987, 6, 5)), new(987, 6, 5), "0987-06-05");

    [Fact]
    public void Enum_key() => Check<Color, EnumKey>(new(Color.Blue), Color.Blue, "Blue");

    [Fact]
    public void Typed_id_key() => Check<Sku, TypedKey>(new(new("a/b")), new("a/b"), "a%2Fb");

    [Fact]
    public void Composite_key_of_every_part() =>
        Check<EveryKey.Key, EveryKey>(
            new("ü", SomeGuid, -1, 2, -3, 4, -5, 6, -7, 8, new(2024, 2, 29), Color.Green, new(-9), 10),
            new("ü", SomeGuid, -1, 2, -3, 4, -5, 6, -7, 8, new(2024, 2, 29), Color.Green, new(-9)),
            "%C3%BC/00112233-4455-6677-8899-aabbccddeeff/-1/2/-3/4/-5/6/-7/8/2024-02-29/Green/-9"
        );

    [Theory]
    [InlineData("00112233-4455-6677-8899-AABBCCDDEEFF")]
    [InlineData("00112233445566778899aabbccddeeff")]
    [InlineData("{00112233-4455-6677-8899-aabbccddeeff}")]
    public void Guid_in_another_form_is_refused(string text) => Assert.Throws<FormatException>(() => Typed<Guid, GuidKey>().ParseKey(text));

    [Theory]
    [InlineData("01")]
    [InlineData("+1")]
    [InlineData("-0")]
    [InlineData(" 1")]
    [InlineData("1.0")]
    [InlineData("1e3")]
    [InlineData("2147483648")]
    [InlineData("-2147483649")]
    [InlineData("99999999999999999999")]
    public void Integer_in_another_form_is_refused(string text) =>
        Assert.Throws<FormatException>(() => Typed<int, IntKey>().ParseKey(text));

    [Theory]
    [InlineData("256")]
    [InlineData("-1")]
    public void Integer_out_of_range_is_refused(string text) => Assert.Throws<FormatException>(() => Typed<byte, ByteKey>().ParseKey(text));

    [Theory]
    [InlineData("18446744073709551616")]
    [InlineData("-1")]
    [InlineData("007")]
    public void Unsigned_in_another_form_is_refused(string text) =>
        Assert.Throws<FormatException>(() => Typed<ulong, ULongKey>().ParseKey(text));

    [Theory]
    [InlineData("2024-2-29")]
    [InlineData("2023-02-29")]
    [InlineData("20240229")]
    [InlineData("2024-02-29T00:00:00")]
    public void Date_in_another_form_is_refused(string text) =>
        Assert.Throws<FormatException>(() => Typed<DateOnly, DateKey>().ParseKey(text));

    [Theory]
    [InlineData("blue")]
    [InlineData("-1")]
    [InlineData("Purple")]
    public void Symbol_that_is_none_is_refused(string text) => Assert.Throws<FormatException>(() => Typed<Color, EnumKey>().ParseKey(text));

    [Fact]
    public void Undeclared_enum_value_is_refused()
    {
        var defect = Assert.Throws<StateValueException>(() => Typed<Color, EnumKey>().FormatKey((Color)99));
        Assert.Equal("EnumKey.Id: 99 is no member of Color: only declared members travel.", defect.Message);
    }

    [Fact]
    public void Contract_describes_itself()
    {
        StateContract contract = StateContract.Of<EveryValue>();
        Assert.Equal("tests.every-value", contract.Name);
        Assert.Equal(3, contract.Major);
        Assert.Equal("tests.every-value.v3", contract.Destination);
        Assert.Equal(typeof(EveryValue), contract.StateType);
        Assert.Equal("Guid EveryValue", contract.Accept(new Names()));
        Assert.Same(contract, StateContract.Of<EveryValue>());
    }

    private static void Check<TKey, TState>(TState state, TKey key, string text)
        where TKey : notnull
        where TState : class, IStateContract<TState>
    {
        var contract = Typed<TKey, TState>();
        Assert.Equal(key, contract.KeyOf(state));
        Assert.Equal(text, contract.FormatKey(key));
        Assert.Equal(text, contract.KeyTextOf(state));
        Assert.Equal(key, contract.ParseKey(text));
        // And on the wire inside its state, in both codecs.
        var json = Samples.Json(contract, state);
        var back = new Statecast.Serialization.Json.JsonStateCodec().Decode(contract, contract.SchemaFingerprint, json);
        Assert.Equal(state, back);
        Assert.Equal(Samples.Avro(contract, state), Samples.Avro(contract, back));
    }

    private static StateContract<TKey, TState> Typed<TKey, TState>()
        where TKey : notnull
        where TState : class, IStateContract<TState> => (StateContract<TKey, TState>)StateContract.Of<TState>();

    private sealed class Names : IContractVisitor<string>
    {
        public string Visit<TKey, TState>(StateContract<TKey, TState> contract)
            where TKey : notnull
            where TState : class => $"{typeof(TKey).Name} {typeof(TState).Name}";
    }
}
