using bench.order;
using Confluent.Kafka;
using Confluent.SchemaRegistry;
using Confluent.SchemaRegistry.Serdes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Benchmarks.Codecs;
using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Log;
using Statecast.Hosting;
using Statecast.Kafka;
using Statecast.Sqlite;
using Contract = Statecast.Benchmarks.Orders.OrderState;

namespace Statecast.Benchmarks.Kafka;

/// <summary>The ways to read a topic that is full, from its beginning to its end. Figures: events a second, processor µs and bytes allocated an event in this process.</summary>
internal sealed class ReadBlocks(KafkaBroker broker, int count, string directory)
{
    /// <summary>Where the peer's states are: the same ones in Avro, behind Confluent's prefix.</summary>
    public const string Avro = "bench.avro";

    private static readonly string Schema = KafkaEvents.ContractOf<Contract>().AvroSchema;
    private string? _registry;
    private int _files;

    /// <summary>Ours: a whole target with a replica in memory, from its start to the last event applied.</summary>
    public Task<double[]> MemoryAsync() => ApplyAsync(r => r.InMemory());

    /// <summary>Ours into a file.</summary>
    public async Task<double[]> SqliteAsync()
    {
        var path = Path.Combine(directory, $"replica-{_files++}.db");
        var found = await ApplyAsync(r => r.InSqlite(path));
        foreach (var suffix in (string[])["", "-wal", "-shm", ".lock"])
            File.Delete(path + suffix);
        return found;
    }

    /// <summary>The limit: the bare client, which looks at nothing.</summary>
    public Task<double[]> BareAsync() =>
        Metered.RunAsync(
            count,
            done =>
            {
                Consume(KafkaEvents.Topic, _ => { }, done);
                return Task.CompletedTask;
            }
        );

    /// <summary>The same, which does not pause for a second when its queue was full, as the client does by default, and which copies no times.</summary>
    public Task<double[]> BareTunedAsync() =>
        Metered.RunAsync(
            count,
            done =>
            {
                Consume(
                    KafkaEvents.Topic,
                    _ => { },
                    done,
                    config =>
                    {
                        config.FetchQueueBackoffMs = 10;
                        config.ConsumeResultFields = "headers,topic";
                    }
                );
                return Task.CompletedTask;
            }
        );

    /// <summary>What users have: Confluent's deserializer, objects in a dictionary.</summary>
    public Task<double[]> DictionaryAsync() =>
        Metered.RunAsync(
            count,
            done =>
            {
                var deserializer = new AvroDeserializer<OrderState>(Registry());
                var context = new SerializationContext(MessageComponentType.Value, Avro);
                var rows = new Dictionary<string, OrderState>();
                Consume(
                    Avro,
                    r =>
                        rows[System.Text.Encoding.UTF8.GetString(r.Message.Key)] = deserializer
                            .DeserializeAsync(r.Message.Value, false, context)
                            .GetAwaiter()
                            .GetResult(),
                    done
                );
                return Task.CompletedTask;
            }
        );

    /// <summary>Fills the peer's topic: the states of the events in their order.</summary>
    public async Task FillAvroAsync(KafkaEvents events)
    {
        await broker.RemoveAsync(Avro);
        await broker.MakeAsync(Avro, KafkaEvents.Lanes);
        var contract = KafkaEvents.ContractOf<Contract>();
        var json = new Statecast.Serialization.Json.JsonStateCodec();
        var avro = new Statecast.Serialization.Avro.AvroStateCodec(new Statecast.Serialization.Avro.AvroSchemaSet());
        var config = new ProducerConfig
        {
            BootstrapServers = broker.Servers,
            LingerMs = 5,
            CompressionType = CompressionType.Lz4,
        };
        using var producer = new ProducerBuilder<string, byte[]>(config).Build();
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        foreach (var e in events.Events)
        {
            buffer.ResetWrittenCount();
            System.Buffers.BuffersExtensions.Write<byte>(buffer, [0, 0, 0, 0, 1]);
            avro.Encode(contract, json.Decode(contract, e.Schema, e.Body), buffer);
            var message = new Message<string, byte[]> { Key = e.Key, Value = buffer.WrittenSpan.ToArray() };
            while (true)
                try
                {
                    producer.Produce(new TopicPartition(Avro, e.Lane.Number), message);
                    break;
                }
                catch (ProduceException<string, byte[]> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
                {
                    await Task.Delay(1);
                }
        }
        producer.Flush();
    }

    private CachedSchemaRegistryClient Registry()
    {
        Schemas.Use(Schema);
        return new(new SchemaRegistryConfig { Url = _registry ??= RegistryStub.Start(Schema) });
    }

    private Task<double[]> ApplyAsync(Action<ReplicaBuilder<Contract>> keep) =>
        Metered.RunAsync(
            count,
            async done =>
            {
                var builder = BenchmarkHost.CreateBuilder();
                builder.Services.AddStatecast("shipping", s => s.UseKafka(broker.Servers).Replica(keep));
                using var host = builder.Build();
                await host.StartAsync();
                var replica = host.Services.GetRequiredService<IStatecast>().Replicas.Single();
                while (replica.Counters.Received < count)
                    await Task.Delay(1);
                done();
                if (replica.Parked > 0)
                    throw new InvalidOperationException("Events were parked: the comparison would not be fair.");
                await host.StopAsync();
            }
        );

    private void Consume(string topic, Action<ConsumeResult<byte[], byte[]>> take, Action done, Action<ConsumerConfig>? tune = null)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = broker.Servers,
            GroupId = "bench",
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
        };
        tune?.Invoke(config);
        using var consumer = new ConsumerBuilder<byte[], byte[]>(config).Build();
        consumer.Assign(Enumerable.Range(0, KafkaEvents.Lanes).Select(n => new TopicPartitionOffset(topic, n, Offset.Beginning)));
        for (var read = 0; read < count; read++)
            take(consumer.Consume(TimeSpan.FromSeconds(30)) ?? throw new TimeoutException($"After {read} records nothing came."));
        done();
    }
}
