using System.Diagnostics;
using Confluent.Kafka;
using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Orders;

namespace Statecast.Benchmarks.Kafka;

/// <summary>What the client, the broker and this machine take by themselves: from a bare Produce to the return of a bare Consume, at even intervals.</summary>
internal sealed class BareLatency : IDisposable
{
    public const string Topic = "bench.latency";
    private const int Lines = 3;
    private readonly IProducer<int, byte[]> _producer;
    private readonly IConsumer<int, byte[]> _consumer;

    private BareLatency(string servers)
    {
        _producer = new ProducerBuilder<int, byte[]>(
            new ProducerConfig
            {
                BootstrapServers = servers,
                Acks = Acks.All,
                EnableIdempotence = true,
                LingerMs = 1,
                CompressionType = CompressionType.Lz4,
            }
        ).Build();
        _consumer = new ConsumerBuilder<int, byte[]>(
            new ConsumerConfig
            {
                BootstrapServers = servers,
                GroupId = "bench",
                EnableAutoCommit = false,
            }
        ).Build();
    }

    public static async Task<BareLatency> StartAsync(KafkaBroker broker)
    {
        await broker.RemoveAsync(Topic);
        await broker.MakeAsync(Topic, KafkaEvents.Lanes);
        var latency = new BareLatency(broker.Servers);
        latency._consumer.Assign(Enumerable.Range(0, KafkaEvents.Lanes).Select(n => new TopicPartitionOffset(Topic, n, Offset.Beginning)));
        return latency;
    }

    /// <returns>Milliseconds: p50, p99.</returns>
    public async Task<double[]> RunAsync(int orders, int perSecond)
    {
        var sent = new long[orders];
        var reading = Task.Factory.StartNew(() => Read(sent), TaskCreationOptions.LongRunning);
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < orders; i++)
        {
            var due = TimeSpan.FromSeconds(i / (double)perSecond) - Stopwatch.GetElapsedTime(started);
            if (due > TimeSpan.Zero)
                await Task.Delay(due);
            var body = OrderJson.Serialize(OrderMaker.Make(i, Lines).ToState());
            sent[i] = Stopwatch.GetTimestamp();
            _producer.Produce(new TopicPartition(Topic, i % KafkaEvents.Lanes), new() { Key = i, Value = body });
        }
        var millis = (await reading).Order().ToList();
        return [Figure.Percentile(millis, 50), Figure.Percentile(millis, 99)];
    }

    public void Dispose()
    {
        _consumer.Dispose();
        _producer.Dispose();
    }

    private double[] Read(long[] sent)
    {
        var millis = new double[sent.Length];
        for (var read = 0; read < sent.Length; read++)
        {
            var record = _consumer.Consume(TimeSpan.FromSeconds(30)) ?? throw new TimeoutException($"After {read} records nothing came.");
            millis[record.Message.Key] = Figure.Micros(sent[record.Message.Key], Stopwatch.GetTimestamp()) / 1000;
        }
        return millis;
    }
}
