using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Statecast.Conformance.Transport;
using Statecast.Kafka;
using Statecast.Kafka.Transport;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>How topics are made, and which are refused.</summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaTopicTests(KafkaFixture kafka) : IAsyncLifetime
{
    private const int Lanes = 4;
    private static readonly string Topic = ProbeContracts.Item.Destination;
    private readonly List<IAsyncDisposable> _made = [];
    private string _servers = "";
    private IAdminClient _admin = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _servers = await kafka.EmptyAsync();
        _admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _servers }).Build();
    }

    [Fact]
    public async Task Topics_are_made_as_the_promises_need_them()
    {
        await using var sender = await Sender();
        var states = await Settings(Topic);
        Assert.Equal("compact", states["cleanup.policy"]);
        Assert.Equal($"{long.MaxValue}", states["delete.retention.ms"]);
        Assert.Equal("60000", states["min.compaction.lag.ms"]);
        Assert.Equal("86400000", states["max.compaction.lag.ms"]);
        Assert.Equal("1", states["min.insync.replicas"]);
        Assert.Equal("1048588", states["max.message.bytes"]);
        Assert.Equal("false", states["unclean.leader.election.enable"]);
        Assert.Equal(Lanes, Partitions(Topic));
        Assert.Equal("compact", (await Settings($"{Topic}.control"))["cleanup.policy"]);
        Assert.Equal(1, Partitions($"{Topic}.control"));
    }

    [Theory]
    [InlineData("delete.retention.ms", "1000")]
    [InlineData("cleanup.policy", "compact,delete")]
    [InlineData("min.compaction.lag.ms", "0")]
    [InlineData("max.message.bytes", "2048")]
    [InlineData("unclean.leader.election.enable", "true")]
    public async Task Topic_that_breaks_a_promise_is_refused_with_the_command_that_mends_it(string setting, string value)
    {
        await kafka.RequireServerAsync("changes no settings");
        await using (await Sender()) { }
        await Alter(setting, value);
        foreach (var open in new Func<Task>[] { async () => await Sender(), async () => await Receiver() })
        {
            var refused = await Assert.ThrowsAsync<TransportException>(open);
            Assert.Contains($"{setting} is {value}", refused.Message, StringComparison.Ordinal);
            Assert.Contains("kafka-configs.sh", refused.Message, StringComparison.Ordinal);
        }
        // The message's own command, with its own value.
        var mend = (await Assert.ThrowsAsync<TransportException>(async () => await Sender())).Message.Split("--add-config ")[1].Split('=');
        Assert.Equal(setting, mend[0]);
        await Alter(setting, mend[1]);
        await using var sender = await Sender();
        await using var receiver = await Receiver();
    }

    [Fact]
    public async Task Topic_made_anew_that_breaks_a_promise_is_refused_by_a_target_that_runs()
    {
        await kafka.RequireServerAsync("removes no topics");
        await using (await Sender()) { }
        await using var target = new ProbeTarget(await Receiver());
        await target.UntilTail(Lanes, Ct);
        await _admin.DeleteTopicsAsync([Topic]);
        await target.Until(t => t.Deliveries.Any(d => d.Closed.Count > 0), Ct);
        await _admin.CreateTopicsAsync([
            new()
            {
                Name = Topic,
                NumPartitions = Lanes,
                ReplicationFactor = 1,
                Configs = new() { ["cleanup.policy"] = "delete" },
            },
        ]);
        var told = await Assert.ThrowsAsync<TransportException>(async () => await target.Until(_ => false, Ct));
        Assert.Contains("cleanup.policy is delete", told.Message, StringComparison.Ordinal);
        Assert.Contains("kafka-configs.sh", told.Message, StringComparison.Ordinal);
        // Not at the next start either; once it is mended.
        await Assert.ThrowsAsync<TransportException>(async () => await Receiver());
    }

    [Fact]
    public async Task Control_topic_made_anew_alone_is_followed_by_a_target_that_runs()
    {
        await kafka.RequireServerAsync("removes no topics");
        await using var sender = await Sender();
        await using var target = new ProbeTarget(await Receiver());
        await target.UntilTail(Lanes, Ct);
        await _admin.DeleteTopicsAsync([$"{Topic}.control"]);
        for (var tries = 0; ; tries++)
            try
            {
                await sender.SendHeartbeatAsync(Word(await sender.ReadEndsAsync(ProbeEvents.Lanes(), Ct), Time), Ct);
                break;
            }
            catch (TransportException) when (tries < 60)
            {
                // Until the sender has made it anew.
                await Task.Delay(250, Ct);
            }
        await target.Until(t => t.Words.Count > 0, Ct);
    }

    [Fact]
    public async Task Finite_retention_of_deletes_can_be_chosen()
    {
        await using (await Sender(new() { TombstoneRetention = TimeSpan.FromDays(2) }))
            Assert.Equal("172800000", (await Settings(Topic))["delete.retention.ms"]);
        await Assert.ThrowsAsync<TransportException>(async () => await Sender());
        await using var same = await Sender(new() { TombstoneRetention = TimeSpan.FromDays(1) });
    }

    [Fact]
    public async Task Missing_topic_is_not_made_where_operators_make_them()
    {
        var refused = await Assert.ThrowsAsync<TransportException>(async () => await Sender(new() { CreateTopics = false }));
        Assert.Contains("CreateTopics", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_admin.GetMetadata(TimeSpan.FromSeconds(10)).Topics, t => t.Topic[0] != '_');
    }

    [Fact]
    public async Task Partitions_added_under_a_running_source_and_target_are_refused()
    {
        await kafka.RequireServerAsync("adds no partitions");
        await using var sender = await Sender();
        await using var target = new ProbeTarget(await Receiver());
        await target.UntilTail(Lanes, Ct);
        await _admin.CreatePartitionsAsync([new() { Topic = Topic, IncreaseTo = Lanes + 2 }]);

        var told = await Assert.ThrowsAsync<TransportException>(async () => await target.Until(_ => false, Ct));
        Assert.Contains("6 partitions", told.Message, StringComparison.Ordinal);
        var ends = await Assert.ThrowsAsync<TransportException>(async () => await sender.ReadEndsAsync(ProbeEvents.Lanes(), Ct));
        Assert.Contains("6 partitions", ends.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Partitions_added_while_nobody_ran_are_refused_by_the_sources_word()
    {
        await kafka.RequireServerAsync("adds no partitions");
        await using (var sender = await Sender())
            await sender.SendHeartbeatAsync(Word(await sender.ReadEndsAsync(ProbeEvents.Lanes(), Ct), Time), Ct);
        await _admin.CreatePartitionsAsync([new() { Topic = Topic, IncreaseTo = Lanes + 2 }]);
        await using var target = new ProbeTarget(await ReceiverOnceLed());
        var told = await Assert.ThrowsAsync<TransportException>(async () => await target.Until(_ => false, Ct));
        Assert.Contains("6 partitions", told.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<TransportException>(async () => await Sender());
    }

    [Fact]
    public async Task Copies_that_cannot_be_had_are_warned_of_or_demanded()
    {
        // There is one broker.
        var demanded = await Assert.ThrowsAsync<TransportException>(async () => await Sender(new() { ReplicationFactor = 3 }));
        Assert.Contains("bring the missing ones up", demanded.Message, StringComparison.Ordinal);

        using var heard = new HeardLog();
        await using (await Sender(log: heard)) { }
        Assert.Equal([$"{Topic}.control", Topic], Warned(heard, 4113));
        Assert.Empty(Warned(heard, 4114));
        // Made already, of fewer than are wanted now: said at each start.
        await using (await Sender(new() { ReplicationFactor = 3 }, log: heard)) { }
        Assert.Equal([Topic, $"{Topic}.control"], Warned(heard, 4114));
        // So few are meant.
        using var quiet = new HeardLog();
        await using var sender = await Sender(new() { ReplicationFactor = 1 }, log: quiet);
        Assert.DoesNotContain(quiet.Lines, l => l.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task Second_source_of_a_destination_is_refused()
    {
        await using (await Sender()) { }
        var refused = await Assert.ThrowsAsync<TransportException>(async () => await Sender(source: "others"));
        Assert.Contains("'probes'", refused.Message, StringComparison.Ordinal);
        await using var again = await Sender();
    }

    [Fact]
    public async Task Last_name_in_the_control_topic_is_the_owners_since_that_is_what_compaction_keeps()
    {
        await using (await Sender()) { }
        // What a second source leaves that began at the same moment, and fell before it gave way.
        await ClaimAsync("others");
        await using var sender = await Sender();
        Assert.Equal(["probes", "others", "probes"], Claims());
        await ClaimAsync("others");
        await sender.ReadEndsAsync(ProbeEvents.Lanes(), Ct);
        Assert.Equal("probes", Claims()[^1]);
    }

    [Fact]
    public async Task Brokers_that_cannot_be_reached_are_named()
    {
        var options = new KafkaOptions { BootstrapServers = "127.0.0.1:1" };
        await using var transport = new KafkaTransport(options);
        var refused = await Assert.ThrowsAsync<TransportException>(async () =>
            await transport.OpenReceiverAsync(new("target", null, ProbeContracts.Item), Ct)
        );
        Assert.Contains("127.0.0.1:1", refused.Message, StringComparison.Ordinal);
        Assert.Contains("BootstrapServers", refused.Message, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        foreach (var made in _made)
            await made.DisposeAsync();
    }

    // The topics that a warning names.
    private static List<string> Warned(HeardLog heard, int id) =>
        [.. heard.Lines.Where(l => l.Id == id && l.Level == LogLevel.Warning).Select(l => l.Text.Split('\'')[1])];

    private async Task<ITransportSender> Sender(KafkaOptions? options = null, string source = Source, HeardLog? log = null) =>
        await Create(options, log).OpenSenderAsync(new(source, [new(ProbeContracts.Item, Lanes, "json")]), Ct);

    private async Task ClaimAsync(string source)
    {
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = _servers }).Build();
        await producer.ProduceAsync(new TopicPartition($"{Topic}.control", 0), new() { Key = KafkaControl.SourceKey, Value = source }, Ct);
    }

    private List<string> Claims()
    {
        using var consumer = new ConsumerBuilder<string, string>(
            new ConsumerConfig
            {
                BootstrapServers = _servers,
                GroupId = "claims",
                EnablePartitionEof = true,
            }
        ).Build();
        consumer.Assign(new TopicPartitionOffset($"{Topic}.control", 0, Offset.Beginning));
        var claims = new List<string>();
        while (consumer.Consume(TimeSpan.FromSeconds(30)) is { IsPartitionEOF: false } record)
            if (record.Message.Key == KafkaControl.SourceKey)
                claims.Add(record.Message.Value);
        return claims;
    }

    // A partition that was just added has no leader for a moment, of which a host tries again.
    private async Task<ITransportReceiver> ReceiverOnceLed()
    {
        while (true)
            try
            {
                return await Receiver();
            }
            catch (TransportException e) when (e.Message.Contains("NotLeaderForPartition", StringComparison.Ordinal))
            {
                await Task.Delay(50, Ct);
            }
    }

    private async Task<ITransportReceiver> Receiver() => await Create().OpenReceiverAsync(new("target", null, ProbeContracts.Item), Ct);

    private KafkaTransport Create(KafkaOptions? options = null, HeardLog? log = null)
    {
        options ??= new();
        (options.BootstrapServers, options.TopicLookInterval) = (_servers, TimeSpan.FromMilliseconds(200));
        var transport = new KafkaTransport(options, logger: log?.For<KafkaTransport>());
        _made.Add(transport);
        return transport;
    }

    private int Partitions(string topic) => _admin.GetMetadata(topic, TimeSpan.FromSeconds(10)).Topics.Single().Partitions.Count;

    private async Task<Dictionary<string, string>> Settings(string topic) =>
        (await _admin.DescribeConfigsAsync([new() { Type = ResourceType.Topic, Name = topic }]))[0]
            .Entries.ToDictionary(e => e.Key, e => e.Value.Value);

    private Task Alter(string setting, string value) =>
        _admin.IncrementalAlterConfigsAsync(
            new Dictionary<ConfigResource, List<ConfigEntry>>
            {
                [new() { Type = ResourceType.Topic, Name = Topic }] =
                [
                    new()
                    {
                        Name = setting,
                        Value = value,
                        IncrementalOperation = AlterConfigOpType.Set,
                    },
                ],
            }
        );
}
