using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Statecast.Hosting;
using Statecast.Kafka;
using Statecast.RabbitMQ;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>The brokers' settings in the application's configuration. No broker is asked.</summary>
public sealed class BrokerConfigurationTests
{
    [Fact]
    public void Sections_reach_both_carriers_whatever_their_texts_consist_of()
    {
        using var host = Build(
            ("Statecast:Kafka:Security:Login", "2"),
            ("Statecast:Kafka:Security:User", "7"),
            ("Statecast:Kafka:Security:Password", "123456"),
            ("Statecast:Kafka:MaxMessageBytes", "70000"),
            ("Statecast:Kafka:MinInSyncReplicas", "2"),
            ("Statecast:Kafka:MinCompactionLag", "00:05"),
            ("Statecast:RabbitMQ:Hosts:0", "127.0.0.1"),
            ("Statecast:RabbitMQ:BinaryPrefix", "12"),
            ("Statecast:RabbitMQ:ContentMode", "1"),
            ("Statecast:RabbitMQ:DeliveryLimit", "5000"),
            ("Statecast:RabbitMQ:MemoryQueueExpiry", "00:00:00")
        );
        var kafka = host.Services.GetRequiredService<IOptions<KafkaOptions>>().Value;
        Assert.Equal(
            ("123456", 70_000, 2, TimeSpan.FromMinutes(5)),
            (kafka.Security.Password, kafka.MaxMessageBytes, kafka.MinInSyncReplicas, kafka.MinCompactionLag)
        );
        var rabbit = host.Services.GetRequiredService<IOptionsMonitor<RabbitMQOptions>>();
        // Refused for what is meant, not for how it is written.
        var refused = Assert.Throws<OptionsValidationException>(() => rabbit.CurrentValue);
        Assert.Contains("MemoryQueueExpiry is 00:00:00", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Kafka:TombstoneRetention", "7")]
    [InlineData("Kafka:Linger", "5")]
    [InlineData("RabbitMQ:MemoryQueueExpiry", "10")]
    [InlineData("RabbitMQ:SchemaRegistry:Patience", "30")]
    public async Task Duration_that_is_a_bare_number_stops_the_start(string key, string value)
    {
        using var host = Build(($"Statecast:{key}", value));
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains($"'{value}' at 'Statecast:{key}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("00:00:05", error.Message, StringComparison.Ordinal);
    }

    private static IHost Build(params (string Key, string Value)[] configuration)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        foreach (var (key, value) in configuration)
            builder.Configuration[key] = value;
        builder.Services.AddStatecast("tests", s => s.UseKafka("127.0.0.1:1").UseRabbitMQ("amqp://127.0.0.1:1"));
        return builder.Build();
    }
}
