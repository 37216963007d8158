using Statecast.Integration.Tests.EndToEnd;
using Statecast.Kafka.Transport;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>What befalls a source and a target while their brokers are well.</summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaFaultTests(KafkaFixture kafka)
{
    [Fact]
    public Task Producer_that_fails_for_good_under_load_is_made_anew_and_nothing_is_missing() =>
        FaultRounds.RunAsync(
            "Kafka: a fatal error of the producer under load, twice",
            gate: 5,
            async () =>
            {
                // Records wait for others in the client, so that some are under way whenever it fails.
                await using var pair = await KafkaPair.StartAsync(
                    await kafka.BrokerAsync(),
                    configure: o => o.Linger = TimeSpan.FromMilliseconds(500)
                );
                for (var time = 0; time < 2; time++)
                {
                    await pair.WriteAsync(40);
                    await NotesShop.IdleAsync(pair.Source, pair.Target);
                    var (lost, broken) = (pair.Sent.Unknown + pair.Sent.Failed, Producer(pair).Client!);
                    var writing = pair.WriteAsync(40);
                    await pair.UntilAsync(() => pair.Unsent > 10);
                    LoadedRdKafka.Break(broken);
                    await writing;
                    await pair.UntilAsync(() => Producer(pair).Client is { } next && !ReferenceEquals(next, broken));
                    await NotesShop.IdleAsync(pair.Source, pair.Target);
                    Assert.True(pair.Sent.Unknown + pair.Sent.Failed > lost, "Nothing was under way when the producer failed.");
                }
                await pair.RequireAsync();
            }
        );

    private static KafkaProducer Producer(KafkaPair pair) => ((KafkaSender)pair.Sent.Opened!).Producer;
}
