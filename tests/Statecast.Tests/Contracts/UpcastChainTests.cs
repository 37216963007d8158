using System.Buffers;
using Statecast.Contracts;
using Statecast.Serialization.Json;
using Xunit;

namespace Statecast.Tests.Contracts;

[StateContract("tests.way")]
public sealed partial record WayV1([StateKey] int Id);

[StateContract("tests.way", Version = 2)]
public sealed partial record WayV2([StateKey] int Id, string By)
{
    public static WayV2 Upcast(WayV1 old) => new(old.Id, "2");
}

[StateContract("tests.way", Version = 3)]
public sealed partial record WayV3([StateKey] int Id, string By)
{
    public static WayV3 Upcast(WayV1 old) => new(old.Id, "3");
}

[StateContract("tests.way", Version = 4)]
public sealed partial record WayV4([StateKey] int Id, string By)
{
    public static WayV4 Upcast(WayV2 old) => new(old.Id, old.By + "4");

    public static WayV4 Upcast(WayV3 old) => new(old.Id, old.By + "4");
}

/// <summary>Which way a state of an older major takes where several lead to the newest.</summary>
public sealed class UpcastChainTests
{
    [Fact]
    public void Object_takes_the_way_that_its_body_takes()
    {
        var contract = StateContract.Of<WayV4>();
        var older = StateContract.Of<WayV1>();
        var chain = UpcastChain<WayV4>.Of(contract);
        var codec = new JsonStateCodec();
        var body = new ArrayBufferWriter<byte>();
        codec.Encode(older, new WayV1(7), body);
        var read = chain.Decode(1, codec, older.SchemaFingerprint, body.WrittenMemory);
        // Through the newest older record that has a way.
        Assert.Equal(new(7, "34"), read);
        Assert.Equal(read, chain.Upcast(new WayV1(7)));
        Assert.Equal(new(7, "x4"), chain.Upcast(new WayV2(7, "x")));
        Assert.Null(chain.Upcast("something else"));
    }
}
