using Statecast.Contracts;
using Statecast.Tests.Serialization;
using Xunit;

namespace Statecast.Tests.Contracts;

public sealed class KeySmokeTests
{
    [Fact]
    public void Composite_key_round_trips()
    {
        var contract = (StateContract<Composite.Key, Composite>)StateContract.Of<Composite>();
        var key = new Composite.Key("a/b ü😀", new(-5), Color.Blue, new(2024, 2, 29), ulong.MaxValue);
        var text = contract.FormatKey(key);
        Assert.Equal("a%2Fb%20%C3%BC%F0%9F%98%80/-5/Blue/2024-02-29/18446744073709551615", text);
        Assert.Equal(key, contract.ParseKey(text));
    }
}
