using System.Text;
using Statecast.RabbitMQ.Transport;
using Statecast.Transport;
using Xunit;

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>A marker as JSON. One that is none is passed over by what reads the kept ones; any other exception would stop the source at every start, since it stays there.</summary>
public sealed class RabbitMarkerTests
{
    private static readonly RabbitMarker Marker = new(
        "shop",
        8,
        [new SentMark(new("shop.order.v1", 7), 3, new("11111111-2222-3333-4444-555555555555"), 12)]
    );

    [Fact]
    public void Marker_comes_back_as_it_was()
    {
        var read = RabbitMarker.Read(Marker.Write());
        Assert.Equal((Marker.Source, Marker.Lanes), (read.Source, read.Lanes));
        Assert.Equal(Marker.Marks, read.Marks);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"source":"shop","lanes":8,"marks":null}""")]
    [InlineData("""{"source":"shop","lanes":8,"marks":[null]}""")]
    [InlineData("""{"source":"shop","lanes":8,"marks":[{"destination":"shop.order.v1","lane":0}]}""")]
    [InlineData(
        """{"source":"shop","lanes":8,"marks":[{"destination":"shop.order.v1","lane":-1,"epoch":3,"lease":"11111111-2222-3333-4444-555555555555","number":1}]}"""
    )]
    public void What_is_no_marker_is_refused(string json) =>
        Assert.Throws<FormatException>(() => RabbitMarker.Read(Encoding.UTF8.GetBytes(json)));
}
