using Statecast.Integration.Tests.EndToEnd;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>Sends whose outcome nobody tells: the broker has taken them or not, and the client hears nothing before its time is up.</summary>
[Collection(KafkaClusterCollection.Name)]
public sealed class KafkaUnknownTests
{
    [Fact]
    public async Task Sends_that_time_out_after_the_broker_took_them_are_sent_again_and_harm_nobody()
    {
        using var broker = await HeldBroker.StartAsync(KafkaFixture.Home);
        await FaultRounds.RunAsync("Kafka: sends time out, of which the broker has taken some", gate: 6, () => TimeOutAsync(broker));
    }

    private static async Task TimeOutAsync(HeldBroker broker)
    {
        var link = broker.Link;
        // What stands there twice is looked at, and so not compacted.
        await using var pair = await KafkaPair.StartAsync(
            broker.Servers,
            sender: broker.BehindLink,
            // The client gives its verdict before the relay gives up waiting for one.
            o => (o.MaxCompactionLag, o.DeliveryTimeout) = (TimeSpan.FromHours(1), TimeSpan.FromSeconds(1))
        );
        await pair.WriteAsync(40);
        await NotesShop.IdleAsync(pair.Source, pair.Target);

        // The broker takes them, and nobody hears of it; then they reach it late; then never, and what is left of them is the outbox.
        foreach (
            var (hold, end) in new (Action, Action)[]
            {
                (link.HoldAnswers, link.Release),
                (link.Hold, link.Release),
                (link.Hold, link.Lose),
            }
        )
        {
            var before = pair.Sent.Unknown;
            hold();
            await pair.WriteAsync(40);
            await pair.UntilAsync(() => pair.Sent.Unknown > before);
            end();
            await NotesShop.IdleAsync(pair.Source, pair.Target);
        }

        await pair.RequireAsync();
        var doubled = pair.Notes.Raw().GroupBy(r => (r.Message.Key, KafkaNotes.RevisionOf(r))).Count(g => g.Count() > 1);
        Assert.True(doubled > 0, "Nothing that the broker had taken was sent again.");
    }
}
