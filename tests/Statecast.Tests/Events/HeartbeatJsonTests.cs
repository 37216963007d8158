using System.Text;
using System.Text.Json.Nodes;
using Statecast.Events;
using Xunit;

namespace Statecast.Tests.Events;

/// <summary>Heartbeats as JSON: who reads them knows one exception, and any other would end its loop at every start, since the word stays where it is.</summary>
public sealed class HeartbeatJsonTests
{
    private static readonly Heartbeat Word = new()
    {
        Source = "shop",
        Destination = "shop.order.v1",
        Epoch = 3,
        LeaseId = new("11111111-2222-3333-4444-555555555555"),
        Clock = new(2024, 5, 1, 8, 30, 0, TimeSpan.Zero),
        Interval = TimeSpan.FromSeconds(1),
        FirstRepublishEnded = true,
        Ends = [new(new("shop.order.v1", 0), 1, 17, 12, new(3, 9)) { Line = [new(default, 4)] }, new(new("shop.order.v1", 1), 1, 4, 2)],
    };

    [Fact]
    public void Word_comes_back_as_it_was()
    {
        var read = HeartbeatJson.Read(HeartbeatJson.Write(Word));
        Assert.Equal(Word with { Ends = [] }, read with { Ends = [] });
        Assert.Equal(Word.Ends.Select(e => e with { Line = null }), read.Ends.Select(e => e with { Line = null }));
        Assert.Equal(Word.Ends[0].Line, read.Ends[0].Line);
    }

    [Theory]
    [InlineData("ends", "[null]")]
    [InlineData("ends", "null")]
    [InlineData("ends", "[{}]")]
    // More than a span of time holds, once three of them are missed or before.
    [InlineData("intervalMs", "9223372036854775807")]
    [InlineData("intervalMs", "900000000000000")]
    [InlineData("intervalMs", "0")]
    [InlineData("intervalMs", "-1000")]
    [InlineData("epoch", "-1")]
    [InlineData("lease", "\"none\"")]
    [InlineData("clock", "\"yesterday\"")]
    [InlineData("source", "null")]
    public void What_is_no_word_is_refused(string member, string value)
    {
        var json = JsonNode.Parse(HeartbeatJson.Write(Word))!;
        json[member] = "@";
        var text = json.ToJsonString().Replace("\"@\"", value, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => HeartbeatJson.Read(Encoding.UTF8.GetBytes(text)));
    }

    [Theory]
    [InlineData("lane", "-1")]
    [InlineData("number", "-1")]
    [InlineData("floorEpoch", "-1")]
    [InlineData("floorNumber", "-1")]
    public void End_that_cannot_be_is_refused(string member, string value)
    {
        var json = JsonNode.Parse(HeartbeatJson.Write(Word))!;
        json["ends"]![1]![member] = JsonNode.Parse(value);
        Assert.Throws<FormatException>(() => HeartbeatJson.Read(Encoding.UTF8.GetBytes(json.ToJsonString())));
    }
}
