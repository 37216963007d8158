using Confluent.Kafka;
using Shop.Contracts;

namespace Shop.Verification;

/// <summary>What an earlier run left at the brokers. A queue is emptied by its reader; a topic keeps everything.</summary>
internal static class EarlierRun
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Whether a topic of ours is there. Brokers that cannot be reached are told of by the services.</summary>
    public static bool IsHeld(ShopCarrier carrier)
    {
        if (carrier.Kafka is not { } servers)
            return false;
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).SetLogHandler((_, _) => { }).Build();
        try
        {
            return admin.GetMetadata(Patience).Topics.Exists(t => t.Topic == ContractOf<OrderState>.Value.Destination);
        }
        catch (KafkaException)
        {
            return false;
        }
    }
}
