using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Statecast.Conformance.Transport;
using Statecast.Kafka;
using Statecast.Kafka.Transport;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>The client's reports about itself, from a real broker.</summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaStatisticsTests(KafkaFixture kafka)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Queues_and_round_trips_of_both_sides_are_metrics_where_an_interval_is_set()
    {
        var seen = await MeasuresAsync(TimeSpan.FromMilliseconds(100), until: s => Both(s, "broker.rtt") && Both(s, "queue.messages"));
        Assert.All(seen.Where(m => m.Name.EndsWith("rtt", StringComparison.Ordinal)), m => Assert.InRange(m.Value, 1e-6, 30));
        Assert.Contains(seen, m => m.Name == "statecast.kafka.queue.size" && m.Client == "producer");
        Assert.Contains(seen, m => m.Name == "statecast.kafka.broker.requests" && m.Client == "shipping");
        // A service has a consumer of its name for each of its replicas.
        Assert.All(seen.Where(m => m.Client == "shipping"), m => Assert.Equal(ProbeContracts.Item.Destination, m.Destination));
    }

    [Theory]
    [InlineData(50)]
    [InlineData(4_000_000)]
    public void Interval_out_of_range_is_refused(int milliseconds)
    {
        var options = new KafkaOptions { BootstrapServers = "localhost:1", StatisticsInterval = TimeSpan.FromMilliseconds(milliseconds) };
        Assert.Contains("StatisticsInterval", Assert.Throws<TransportException>(() => new KafkaTransport(options)).Message);
    }

    private static bool Both(IReadOnlyCollection<Measure> seen, string name) =>
        seen.Any(m => m.Name == $"statecast.kafka.{name}" && m.Client == "producer")
        && seen.Any(m => m.Name == $"statecast.kafka.{name}" && m.Client == "shipping");

    private async Task<IReadOnlyCollection<Measure>> MeasuresAsync(TimeSpan interval, Func<IReadOnlyCollection<Measure>, bool> until)
    {
        var seen = new ConcurrentQueue<Measure>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Name.StartsWith("statecast.kafka.", StringComparison.Ordinal))
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((i, value, tags, _) => seen.Enqueue(Measure.Of(i, value, tags)));
        listener.SetMeasurementEventCallback<double>((i, value, tags, _) => seen.Enqueue(Measure.Of(i, value, tags)));
        listener.Start();

        await using var transport = new KafkaTransport(
            new() { BootstrapServers = await kafka.EmptyAsync(), StatisticsInterval = interval }
        );
        await using var sender = await transport.OpenSenderAsync(new(Source, [new(ProbeContracts.Item, 1, "json")]), Ct);
        await using var receiver = await transport.OpenReceiverAsync(new("shipping", "1", ProbeContracts.Item), Ct);
        var deadline = DateTime.UtcNow.AddSeconds(30);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var receiving = ReceiveAllAsync(receiver, ending.Token);
        for (var revision = 1; ; revision++)
        {
            await sender.SendAsync([Upsert("a", revision)], Ct);
            if (until(seen))
                break;
            Assert.True(DateTime.UtcNow < deadline, $"After 30 s only these came: {string.Join(", ", seen.Distinct())}");
        }
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving);
        return seen;
    }

    private static async Task ReceiveAllAsync(ITransportReceiver receiver, CancellationToken ct)
    {
        while (true)
        {
            var delivery = await receiver.ReceiveAsync(100, ct);
            foreach (var opened in delivery.Opened)
                await receiver.SeekAsync(opened.Lane, 0, ct);
            await receiver.AcknowledgeAsync(delivery, ct);
        }
    }

    private sealed record Measure(string Name, string? Client, string? Destination, double Value)
    {
        public static Measure Of(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var named = tags.ToArray().ToDictionary(t => t.Key, t => t.Value as string);
            return new(
                instrument.Name,
                named.GetValueOrDefault("statecast.kafka.client"),
                named.GetValueOrDefault("messaging.destination.name"),
                value
            );
        }
    }
}
