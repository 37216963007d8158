using Statecast.RabbitMQ;
using Statecast.RabbitMQ.Transport;
using Statecast.Transport;
using Xunit;

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>Further nodes of a cluster, as settings name them.</summary>
public sealed class RabbitHostTests
{
    [Theory]
    [InlineData("rabbit2", "rabbit2", null)]
    [InlineData("rabbit2:5673", "rabbit2", 5673)]
    [InlineData("10.0.0.2:5673", "10.0.0.2", 5673)]
    [InlineData("[::1]", "::1", null)]
    [InlineData("[fe80::2]:5673", "fe80::2", 5673)]
    public void Host_is_read_with_and_without_a_port(string text, string name, int? port)
    {
        Assert.True(RabbitMQHost.TryParse(text, out var host));
        Assert.Equal((name, port), (host.Name, host.Port));
    }

    [Theory]
    [InlineData("amqp://orders:secret@rabbit2")]
    [InlineData("orders:secret@rabbit2:5672")]
    [InlineData("rabbit2/secret")]
    [InlineData("rabbit2:secret")]
    [InlineData("rabbit2:0")]
    [InlineData("rabbit2:65536")]
    [InlineData("fe80::2")]
    [InlineData("[secret]:5672")]
    [InlineData("[::1]5672")]
    [InlineData("")]
    public void What_is_no_host_is_refused_by_its_setting_and_not_repeated(string text)
    {
        var options = new RabbitMQOptions { Uri = "amqp://localhost" };
        options.Hosts.Add(text);
        var error = Assert.Throws<TransportException>(() => new RabbitMQTransport(options));
        Assert.Contains("Hosts has an entry", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }
}
