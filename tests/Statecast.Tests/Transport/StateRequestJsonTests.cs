using System.Text;
using Statecast.Publishing;
using Statecast.Transport;
using Xunit;

namespace Statecast.Tests.Transport;

/// <summary>Requests as JSON.</summary>
public sealed class StateRequestJsonTests
{
    private const string Run = "11111111-2222-3333-4444-555555555555";

    [Fact]
    public void Request_of_ranges_comes_back_as_it_was()
    {
        var asked = new StateRequest("shop.order.v1", [])
        {
            Target = "shipping",
            ReplyTo = "shop.order.v1.shipping.3",
            Lane = 3,
            Run = new(Run),
            Ranges = [new(0, 63), new(64, 127)],
            Reason = "bootstrap",
        };
        var read = StateRequestJson.Read(StateRequestJson.Write(asked));
        Assert.Equal(asked with { Keys = [], Ranges = [] }, read with { Keys = [], Ranges = [] });
        Assert.Equal(asked.Ranges, read.Ranges);
        Assert.Empty(read.Keys);
    }

    [Fact]
    public void Request_of_keys_comes_back_as_it_was()
    {
        var read = StateRequestJson.Read(StateRequestJson.Write(new("shop.order.v1", ["a", "b%2Fc"])));
        Assert.Equal(["a", "b%2Fc"], read.Keys);
        Assert.Null(read.ReplyTo);
        Assert.Empty(read.Ranges);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"destination":"","keys":["a"]}""")]
    [InlineData("""{"destination":"d.v1","keys":[""]}""")]
    [InlineData("""{"destination":"d.v1","keys":[null]}""")]
    [InlineData("""{"destination":"d.v1","ranges":[{"first":0,"last":1}]}""")]
    [InlineData($$"""{"destination":"d.v1","run":"{{Run}}","ranges":[{"first":0,"last":1}]}""")]
    [InlineData($$"""{"destination":"d.v1","replyTo":"q","ranges":[{"first":0,"last":1}]}""")]
    [InlineData($$"""{"destination":"d.v1","replyTo":"q","run":"{{Run}}","lane":-1,"ranges":[{"first":0,"last":1}]}""")]
    [InlineData($$"""{"destination":"d.v1","replyTo":"q","run":"{{Run}}","ranges":[{"first":2,"last":1}]}""")]
    [InlineData($$"""{"destination":"d.v1","replyTo":"q","run":"{{Run}}","ranges":[{"first":0,"last":4096}]}""")]
    public void What_is_no_request_is_refused(string json) =>
        Assert.Throws<FormatException>(() => StateRequestJson.Read(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Request_for_too_much_is_neither_written_nor_read()
    {
        string[] many = [.. Enumerable.Range(0, StateRequestJson.MaxParts + 1).Select(n => $"{n}")];
        Assert.Throws<ArgumentException>(() => StateRequestJson.Write(new("d.v1", many)));
        var json = $$"""{"destination":"d.v1","keys":[{{string.Join(',', many.Select(k => $"\"{k}\""))}}]}""";
        Assert.Throws<FormatException>(() => StateRequestJson.Read(Encoding.UTF8.GetBytes(json)));
        Assert.Throws<FormatException>(() => StateRequestJson.Read(new byte[StateRequestJson.MaxBytes + 1]));
    }
}
