using System.Text;
using Confluent.Kafka;
using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Orders;
using Statecast.Events;
using Statecast.Kafka;
using Statecast.Kafka.Transport;
using Statecast.Transport;

namespace Statecast.Benchmarks.Kafka;

/// <summary>The ways to send all events. Each block writes a topic that is made for it. Figures: events a second, processor µs and bytes allocated an event in this process.</summary>
internal sealed class SendBlocks(KafkaBroker broker, KafkaEvents events)
{
    public const string Bare = "bench.bare";

    // What the relay sends at once by default.
    private const int BatchEvents = 1_000;

    /// <summary>Ours: the carrier's sending side, fed as the relay feeds it.</summary>
    public async Task<double[]> StatecastAsync()
    {
        await broker.RemoveAsync(KafkaEvents.Topic, KafkaEvents.Control);
        await using var transport = new KafkaTransport(new KafkaOptions { BootstrapServers = broker.Servers });
        // As many as the relay has under way on this carrier.
        var batchesInFlight = transport.Abilities.InFlightEvents / BatchEvents;
        await using var sender = await transport.OpenSenderAsync(
            new("orders", [new(KafkaEvents.ContractOf<OrderState>(), KafkaEvents.Lanes, "json")]),
            default
        );
        return await Metered.RunAsync(
            events.Events.Length,
            async () =>
            {
                var under = new Queue<Task<IReadOnlyList<SendOutcome>>>();
                for (var at = 0; at < events.Events.Length; at += BatchEvents)
                {
                    if (under.Count == batchesInFlight)
                        Check(await under.Dequeue());
                    var batch = new ArraySegment<StateEvent>(events.Events, at, Math.Min(BatchEvents, events.Events.Length - at));
                    under.Enqueue(sender.SendAsync(batch, default).AsTask());
                }
                while (under.TryDequeue(out var last))
                    Check(await last);
            }
        );
    }

    /// <summary>The limit: the bare client with a delivery handler, key and body alone.</summary>
    public Task<double[]> BareAsync() => ProduceAsync(_ => null);

    /// <summary>The bare client with the same headers, made before the clock starts as if they were the same for all.</summary>
    public Task<double[]> BareWithHeadersAsync()
    {
        var headers = new Headers();
        foreach (var (name, value) in CloudEventAttributes.Of(events.Events[0], "application/json"))
            headers.Add($"ce_{name}", Encoding.UTF8.GetBytes(value));
        return ProduceAsync(_ => headers);
    }

    private async Task<double[]> ProduceAsync(Func<StateEvent, Headers?> headers)
    {
        await broker.RemoveAsync(Bare);
        await broker.MakeAsync(Bare, KafkaEvents.Lanes);
        var config = new ProducerConfig
        {
            BootstrapServers = broker.Servers,
            Acks = Acks.All,
            EnableIdempotence = true,
            LingerMs = 1,
            CompressionType = CompressionType.Lz4,
            DeliveryReportFields = "status",
            QueueBufferingMaxKbytes = 256 * 1024,
        };
        using var producer = new ProducerBuilder<string, byte[]>(config).Build();
        var partitions = Enumerable.Range(0, KafkaEvents.Lanes).Select(n => new TopicPartition(Bare, n)).ToArray();
        return await Metered.RunAsync(
            events.Events.Length,
            () =>
            {
                var left = events.Events.Length;
                // Not on the thread of the client, which would then dispose itself.
                var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                Action<DeliveryReport<string, byte[]>> handler = report =>
                {
                    if (report.Error.IsError)
                        done.TrySetException(new KafkaException(report.Error));
                    else if (Interlocked.Decrement(ref left) == 0)
                        done.SetResult();
                };
                foreach (var e in events.Events)
                {
                    var message = new Message<string, byte[]>
                    {
                        Key = e.Key,
                        Value = KafkaEvents.BodyOf(e),
                        Headers = headers(e),
                    };
                    while (true)
                        try
                        {
                            producer.Produce(partitions[e.Lane.Number], message, handler);
                            break;
                        }
                        catch (ProduceException<string, byte[]> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
                        {
                            Thread.Sleep(1);
                        }
                }
                return done.Task;
            }
        );
    }

    public static void Check(IReadOnlyList<SendOutcome> outcomes)
    {
        foreach (var outcome in outcomes)
            if (outcome.Result != SendResult.Confirmed)
                throw new InvalidOperationException($"An event was not confirmed: {outcome}");
    }
}
