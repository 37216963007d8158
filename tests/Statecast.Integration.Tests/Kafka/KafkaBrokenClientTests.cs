using Statecast.Conformance.Transport;
using Statecast.Kafka.Transport;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>What becomes of sends, reads and receives whose client is ended under them, or fails for good.</summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaBrokenClientTests(KafkaFixture kafka) : IAsyncLifetime
{
    private const int Lanes = 4;
    private KafkaTransport _transport = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _transport = new(new() { BootstrapServers = await kafka.EmptyAsync() });

    // A relay that stops does not wait for its calls; the library's client must not be freed under one.
    [Fact]
    public async Task Sender_that_is_disposed_has_ended_the_reads_that_nobody_waits_for_any_more()
    {
        for (var round = 0; round < 5; round++)
        {
            var sender = await Sender();
            await sender.SendAsync([Upsert("a", round + 1)], Ct);
            // An end that nothing reaches: the read goes on until it is ended.
            var reading = sender.ReadBackAsync(LaneOf("a"), 0, 1_000_000, Ct).AsTask();
            await Task.Delay(100 + 50 * round, Ct);
            Assert.False(reading.IsCompleted);
            await sender.DisposeAsync();
            // By being ended: one whose client was taken away says something else, or nothing any more.
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(TimeSpan.FromSeconds(30), Ct));
            await Assert.ThrowsAnyAsync<Exception>(() => sender.ReadBackAsync(LaneOf("a"), 0, 1_000_000, Ct).AsTask());
        }
    }

    [Fact]
    public async Task Consumer_that_fails_for_good_ends_the_receive_with_its_reason()
    {
        await using (await Sender()) { }
        await using var receiver = await _transport.OpenReceiverAsync(new("target", null, ProbeContracts.Item), Ct);
        await receiver.ReceiveAsync(100, Ct);
        LoadedRdKafka.Break(((KafkaReceiver)receiver).Client);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        var ended = await Assert.ThrowsAsync<TransportException>(async () =>
        {
            while (true)
                await receiver.ReceiveAsync(100, limit.Token);
        });
        Assert.Contains("broken on purpose", ended.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fatal_error_of_the_producer_leaves_what_was_under_way_unknown_and_the_next_send_goes()
    {
        await using var sender = (KafkaSender)await Sender();
        await sender.SendAsync([Upsert("a", 1)], Ct);
        var broken = sender.Producer.Client!;
        var sending = Enumerable.Range(0, 20).Select(i => sender.SendAsync([Upsert($"k{i}", 1)], Ct).AsTask()).ToList();
        LoadedRdKafka.Break(broken);
        var outcomes = (await Task.WhenAll(sending)).SelectMany(o => o).ToList();
        Assert.All(outcomes, o => Assert.True(o.Result is SendResult.Confirmed or SendResult.Unknown or SendResult.Failed));

        var deadline = DateTime.UtcNow.AddSeconds(20);
        while ((await sender.SendAsync([Upsert("a", 2)], Ct))[0].Result != SendResult.Confirmed)
            Assert.True(DateTime.UtcNow < deadline, "Nothing was confirmed within 20 s.");
        Assert.NotSame(broken, sender.Producer.Client);
    }

    public ValueTask DisposeAsync() => _transport.DisposeAsync();

    private async Task<ITransportSender> Sender() =>
        await _transport.OpenSenderAsync(new(Source, [new(ProbeContracts.Item, Lanes, "json")]), Ct);
}
