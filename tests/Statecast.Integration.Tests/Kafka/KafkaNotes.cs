using System.Collections.Concurrent;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Contracts;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Kafka;
using Statecast.Kafka.Transport;
using Statecast.Replicas;
using Statecast.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>The small shop over Kafka, with a look into its raw topic.</summary>
internal sealed class KafkaNotes : IDisposable
{
    public const string Topic = "e2e.note.v1";
    private const int Lanes = 8;
    private readonly string _servers;

    /// <summary>A shop over brokers.</summary>
    /// <param name="servers">Where they are found.</param>
    /// <param name="configure">Changes the options.</param>
    /// <param name="folder">Another process's folder; null for one of its own.</param>
    /// <param name="carry">Adds the carrier, of these settings; null for what a service does.</param>
    /// <param name="deliveryTimeout">After which a send without an answer is sent again, and half of how long a killed relay's lease holds.</param>
    public KafkaNotes(
        string servers,
        Action<KafkaOptions, NotesShop>? configure = null,
        string? folder = null,
        Action<StatecastBuilder, Action<KafkaOptions>>? carry = null,
        TimeSpan? deliveryTimeout = null
    )
    {
        _servers = servers;
        carry ??= (s, settings) => s.UseKafka(servers, settings);
        var sending = deliveryTimeout ?? TimeSpan.FromSeconds(2);
        Shop = new(folder)
        {
            HeartbeatInterval = "00:00:00.200",
            LeaseDuration = $"{sending * 2}",
            DeliveryTimeout = $"{sending}",
            Carrier = s =>
            {
                carry(
                    s,
                    o =>
                    {
                        o.MinCompactionLag = TimeSpan.FromMilliseconds(500);
                        o.MaxCompactionLag = TimeSpan.FromSeconds(1);
                        o.TopicLookInterval = TimeSpan.FromMilliseconds(200);
                        configure?.Invoke(o, Shop!);
                    }
                );
                s.UseSqliteDatabase();
            },
        };
    }

    public NotesShop Shop { get; }

    /// <summary>The carrier by itself, as an operator uses it.</summary>
    public KafkaTransport Transport() =>
        new(new() { BootstrapServers = _servers }, new() { HeartbeatInterval = TimeSpan.FromMilliseconds(200) });

    /// <summary>How many partitions the topic has.</summary>
    public int Partitions()
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _servers }).Build();
        return admin.GetMetadata(Topic, TimeSpan.FromSeconds(10)).Topics[0].Partitions.Count;
    }

    /// <summary>Lets the broker compact within seconds.</summary>
    public async Task CompactSoonAsync()
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _servers }).Build();
        await admin.IncrementalAlterConfigsAsync(
            new()
            {
                [new() { Type = ResourceType.Topic, Name = Topic }] = [Set("segment.ms", "500"), Set("min.cleanable.dirty.ratio", "0.01")],
            }
        );
    }

    /// <summary>Has all notes written until the broker has compacted: there are less than half as many records as offsets.</summary>
    public Task UntilCompactedAsync(IHost source) => UntilCompactedAsync(source, async records => records.Count < await OffsetsAsync() / 2);

    /// <summary>
    /// Has all notes written again and again until the broker has compacted as wanted: its active segment is never compacted, and a write ends it, so that every
    /// lane is written until it has taken what stands below.
    /// </summary>
    public async Task UntilCompactedAsync(IHost source, Func<List<ConsumeResult<string, byte[]?>>, Task<bool>> enough)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        for (var i = 0; ; i++)
        {
            await NotesShop.SaveAsync(
                source,
                db =>
                {
                    foreach (var note in db.Notes)
                        note.Text = $"again {i}";
                }
            );
            await source.Services.GetRequiredService<IStatecast>().WhenIdleAsync(deadline.Token);
            if (await enough(Raw()))
                return;
            await Task.Delay(200, deadline.Token);
        }
    }

    /// <summary>All records of the topic, up to its ends now.</summary>
    public List<ConsumeResult<string, byte[]?>> Raw()
    {
        // A client that met a topic in the middle of its making may wait for long: another sees it as it is.
        for (var tries = 1; ; tries++)
            if (TryRead(out var seen) is { } records)
                return records;
            else if (tries == 6)
                throw new TimeoutException($"The topic cannot be read. {seen} {Describe()}");
    }

    /// <summary>What the broker says there is.</summary>
    private string Describe()
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _servers }).Build();
        return string.Join(
            "; ",
            admin
                .GetMetadata(TimeSpan.FromSeconds(10))
                .Topics.Where(t => t.Topic[0] != '_')
                .Select(t => $"{t.Topic}: {t.Partitions.Count} partitions, leaders {string.Join(' ', t.Partitions.Select(p => p.Leader))}")
        );
    }

    /// <summary>All records of the topic; null if they do not come.</summary>
    public List<ConsumeResult<string, byte[]?>>? TryRead(out string seen)
    {
        var errors = new ConcurrentQueue<string>();
        using var consumer = new ConsumerBuilder<string, byte[]?>(
            new ConsumerConfig
            {
                BootstrapServers = _servers,
                GroupId = "raw",
                EnableAutoCommit = false,
                EnablePartitionEof = true,
                FetchWaitMaxMs = 10,
            }
        ).SetErrorHandler((_, e) => errors.Enqueue(e.ToString())).SetLogHandler((_, m) => errors.Enqueue(m.Message)).Build();
        consumer.Assign(Enumerable.Range(0, Lanes).Select(n => new TopicPartitionOffset(Topic, n, Offset.Beginning)));
        var records = new List<ConsumeResult<string, byte[]?>>();
        var ended = new HashSet<int>();
        while (ended.Count < Lanes)
        {
            if (consumer.Consume(TimeSpan.FromSeconds(5)) is not { } record)
            {
                seen = $"Ended: {string.Join(' ', ended)}; {records.Count} records. {string.Join('\n', errors)}";
                return null;
            }
            if (record.IsPartitionEOF)
                ended.Add(record.Partition.Value);
            else if (!ended.Contains(record.Partition.Value))
                records.Add(record);
        }
        seen = "";
        return records;
    }

    /// <summary>Reads what comes to a key's lane from now on.</summary>
    public IConsumer<string, byte[]?> FromEnd(string key)
    {
        var consumer = new ConsumerBuilder<string, byte[]?>(
            new ConsumerConfig
            {
                BootstrapServers = _servers,
                GroupId = "behind",
                EnableAutoCommit = false,
                FetchWaitMaxMs = 10,
            }
        ).Build();
        var lane = new TopicPartition(Topic, KeyText.Lane(key, Lanes));
        // Not "the end", which would be looked up when it is first read.
        consumer.Assign(new TopicPartitionOffset(lane, consumer.QueryWatermarkOffsets(lane, TimeSpan.FromSeconds(20)).High));
        return consumer;
    }

    /// <summary>How many offsets were ever given out.</summary>
    public async Task<long> OffsetsAsync()
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _servers }).Build();
        var ends = await admin.ListOffsetsAsync(
            Enumerable
                .Range(0, Lanes)
                .Select(n => new TopicPartitionOffsetSpec { TopicPartition = new(Topic, n), OffsetSpec = OffsetSpec.Latest() })
        );
        return ends.ResultInfos.Sum(r => r.TopicPartitionOffsetError.Offset.Value);
    }

    /// <summary>Writes a record as it was read, or any other.</summary>
    public async Task ProduceAsync(TopicPartition partition, Message<string, byte[]?> message)
    {
        using var producer = new ProducerBuilder<string, byte[]?>(new ProducerConfig { BootstrapServers = _servers }).Build();
        await producer.ProduceAsync(partition, message);
    }

    /// <summary>The last record of every key, by its revision.</summary>
    public Dictionary<string, long> LastRevisions() =>
        Raw().GroupBy(r => r.Message.Key).ToDictionary(g => g.Key, g => RevisionOf(g.MaxBy(r => r.Offset.Value)!));

    /// <summary>Whether the last word of every key in the topic is its newest: what was on its way may stand there twice, or late.</summary>
    public bool NewestAreLast() =>
        LastRevisions().Values.Sum() == Shop.Number("notes.db", "SELECT sum(revision) FROM statecast_head WHERE contract = 'e2e.note'");

    public static long RevisionOf(ConsumeResult<string, byte[]?> record) =>
        record.Message.Headers is { } headers && headers.TryGetLastBytes("ce_ecstrevision", out var bytes)
            ? long.Parse(Encoding.UTF8.GetString(bytes), null)
            : 0;

    /// <summary>Waits until everything is sent and applied, then holds the replica beside the source's own rows.</summary>
    public static async Task AssertEqualAsync(IHost source, params IHost[] targets)
    {
        foreach (var target in targets)
        {
            await NotesShop.IdleAsync(source, target);
            using var scope = source.Services.CreateScope();
            var rows = scope
                .ServiceProvider.GetRequiredService<NotesDb>()
                .Notes.OrderBy(n => n.Id)
                .Select(n => $"{n.Id} {n.Text}")
                .ToList();
            var replica = await target
                .Services.GetRequiredService<IReplica<int, NoteState>>()
                .EnumerateAsync()
                .Select(e => $"{e.Key} {e.Value.Text}")
                .ToListAsync();
            Assert.Equal(rows, replica.OrderBy(r => int.Parse(r.Split(' ')[0], null)));
        }
    }

    /// <summary>The source's database as it is now, while its source does not run.</summary>
    public void Backup() => Shop.Change("notes.db", $"VACUUM INTO '{Shop.File("copy.db")}'");

    /// <summary>The source's database as it was.</summary>
    public void Restore()
    {
        SqliteConnection.ClearAllPools();
        foreach (var file in new[] { "notes.db-wal", "notes.db-shm" })
            File.Delete(Shop.File(file));
        File.Copy(Shop.File("copy.db"), Shop.Database, overwrite: true);
    }

    public void Dispose() => Shop.Dispose();

    private static ConfigEntry Set(string name, string value) =>
        new()
        {
            Name = name,
            Value = value,
            IncrementalOperation = AlterConfigOpType.Set,
        };
}
