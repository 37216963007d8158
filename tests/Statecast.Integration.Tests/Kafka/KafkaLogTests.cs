using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Statecast.Conformance.Transport;
using Statecast.Kafka;
using Statecast.Kafka.Transport;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>What stands in the topics, what others may write there, and what befalls them.</summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaLogTests(KafkaFixture kafka) : IAsyncLifetime
{
    private const int Lanes = 4;
    private static readonly string Topic = ProbeContracts.Item.Destination;
    private KafkaTransport _transport = null!;
    private string _servers = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _servers = await kafka.EmptyAsync();
        _transport = new(new() { BootstrapServers = _servers, TopicLookInterval = TimeSpan.FromMilliseconds(200) });
    }

    [Fact]
    public async Task Records_are_cloud_events_in_binary_mode_and_deletes_are_tombstones()
    {
        await using var sender = await Sender();
        await sender.SendAsync([Upsert("a%2Fb", 3, "value"), Delete("gone", 4)], Ct);
        var records = Raw(2).ToDictionary(r => r.Message.Key);
        var upsert = records["a%2Fb"];
        Assert.Equal("value", Encoding.UTF8.GetString(upsert.Message.Value));
        Assert.Equal(KeyText("a%2Fb"), upsert.Partition.Value);
        var headers = upsert.Message.Headers.ToDictionary(h => h.Key, h => Encoding.UTF8.GetString(h.GetValueBytes()));
        Assert.Equal("application/json", headers["content-type"]);
        Assert.Equal(
            ("1.0", Source, Topic, "a%2Fb", "upsert", "7", "3"),
            (
                headers["ce_specversion"],
                headers["ce_source"],
                headers["ce_type"],
                headers["ce_subject"],
                headers["ce_ecstop"],
                headers["ce_ecstepoch"],
                headers["ce_ecstrevision"]
            )
        );
        Assert.Null(records["gone"].Message.Value);
        Assert.DoesNotContain(records["gone"].Message.Headers, h => h.Key == "content-type");
    }

    [Theory]
    [InlineData("ce_ecstrevision", null, "ecstrevision")]
    [InlineData("ce_type", "another.v1", "another.v1")]
    [InlineData("ce_subject", "b", "subject 'b'")]
    [InlineData("content-type", "text/plain", "text/plain")]
    [InlineData("ce_ecstop", "merge", "merge")]
    public async Task Record_that_is_no_event_comes_with_its_key_and_its_defect(string header, string? value, string reason)
    {
        await using var sender = await Sender();
        var message = Foreign("a", 1);
        message.Headers.Remove(header);
        if (value is not null)
            message.Headers.Add(header, Encoding.UTF8.GetBytes(value));
        await ProduceAsync(message);
        await sender.SendAsync([Upsert("a", 2)], Ct);
        await using var target = await Target();
        await target.Until(t => t.Received.Count == 2, Ct);
        Assert.Null(target.Received[0].Event);
        Assert.Equal("a", target.Received[0].Key);
        Assert.Contains(reason, target.Received[0].Defect, StringComparison.Ordinal);
        Assert.Equal("a", target.Received[1].Event?.Key);
    }

    [Fact]
    public async Task Plain_record_of_any_language_arrives_with_the_required_attributes_alone()
    {
        await using (await Sender()) { }
        await ProduceAsync(Foreign("a", 5));
        await using var target = await Target();
        await target.Until(t => t.Received.Count == 1, Ct);
        Assert.Equal(
            (7, 5, "foreign"),
            (target.Events.Single().Revision.Epoch, target.Events.Single().Revision.Number, target.Newest()["a"])
        );
    }

    [Fact]
    public async Task Second_sources_events_are_handed_over_as_unreadable()
    {
        await using var sender = await Sender();
        var message = Foreign("a", 9);
        message.Headers.Remove("ce_source");
        message.Headers.Add("ce_source", "others"u8.ToArray());
        await ProduceAsync(message);
        await sender.SendAsync([Upsert("b", 1)], Ct);
        await using var target = await Target();
        await target.Until(t => t.Received.Count == 2, Ct);
        var refused = target.Received.Single(r => r.Event is null);
        Assert.Equal("a", refused.Key);
        Assert.Contains("'others'", refused.Defect, StringComparison.Ordinal);
    }

    // Else a stranger's epoch would look like one of its own that the database lost.
    [Fact]
    public async Task Strangers_epoch_and_numbers_are_none_of_the_sources_past()
    {
        var lane = LaneOf("a");
        await using (var before = await Sender())
            await before.SendAsync([Upsert("a", 1)], Ct);
        var message = Foreign("a", 9);
        foreach (
            var (name, value) in new[]
            {
                ("ce_source", "others"),
                ("ce_ecstepoch", "99"),
                ("ce_ecstlease", $"{Guid.NewGuid():N}"),
                ("ce_ecstseq", "77"),
            }
        )
        {
            message.Headers.Remove(name);
            message.Headers.Add(name, Encoding.UTF8.GetBytes(value));
        }
        await ProduceAsync(message);
        await using var sender = await Sender();
        Assert.Equal([7L], (await sender.ReadMarksAsync([lane], Ct)).Select(m => m.Epoch));
        // It buries the key all the same, and is told as nobody's.
        var read = await sender.ReadBackAsync(lane, 0, 2, Ct);
        Assert.Equal([1L, 0L], read.Select(r => r.Revision.Number));
        Assert.Equal([7L], (await sender.ReadMarksAsync([lane], Ct)).Select(m => m.Epoch));
    }

    [Fact]
    public async Task Foreign_records_are_read_back_and_only_those_that_bury_a_key()
    {
        await using var sender = await Sender();
        await sender.SendAsync([Upsert("a", 5)], Ct);
        await ProduceAsync(Foreign("a", 2));
        await ProduceAsync(new() { Key = "a", Value = "garbage"u8.ToArray() });
        // In a partition that is not its own it takes nobody's place.
        await ProduceAsync(Foreign("a", 2), partition: (KeyText("a") + 1) % Lanes);
        var lane = LaneOf("a");
        var end = (await sender.ReadEndsAsync([lane], Ct))[0].Position;
        Assert.Equal(3, end);
        // What none of the source's own relays sent has no revision that could stand for the key.
        Assert.Equal([5L, 0L, 0L], (await sender.ReadBackAsync(lane, 0, end, Ct)).Select(r => r.Revision.Number));
        var other = LaneOf("a") with { Number = (lane.Number + 1) % Lanes };
        Assert.Empty(await sender.ReadBackAsync(other, 0, 1, Ct));
    }

    [Fact]
    public async Task Sleepers_word_does_not_bury_the_floor()
    {
        await using var sender = await Sender();
        var ends = (await sender.ReadEndsAsync(ProbeEvents.Lanes(), Ct)).Select(e => e with { Floor = new(9, 1) }).ToList();
        await sender.SendHeartbeatAsync(Word(ends, Time) with { Epoch = 9 }, Ct);
        await sender.SendHeartbeatAsync(Word(await sender.ReadEndsAsync(ProbeEvents.Lanes(), Ct), Time.AddSeconds(1)), Ct);
        await using var target = await Target();
        await target.UntilTail(Lanes, Ct);
        await sender.SendHeartbeatAsync(Word(ends, Time.AddSeconds(2)) with { Epoch = 9 }, Ct);
        await target.Until(t => t.Words.Any(w => w.Word.Clock == Time.AddSeconds(2)), Ct);
        Assert.DoesNotContain(target.Words, w => w.Word.Epoch == 7);
    }

    [Fact]
    public async Task Mark_of_anothers_transaction_moves_the_tail_on()
    {
        await kafka.RequireServerAsync("has no transactions");
        await using var sender = await Sender();
        await sender.SendAsync([.. Enumerable.Range(0, 20).Select(i => Upsert($"k{i}", 1))], Ct);
        await using var target = await Target();
        await target.UntilTail(Lanes, Ct);

        var config = new ProducerConfig { BootstrapServers = _servers, TransactionalId = $"another-{Guid.NewGuid():N}" };
        using (var another = new ProducerBuilder<string, byte[]>(config).Build())
        {
            another.InitTransactions(TimeSpan.FromSeconds(30));
            another.BeginTransaction();
            for (var lane = 0; lane < Lanes; lane++)
                await another.ProduceAsync(new TopicPartition(Topic, lane), Foreign("a", 1), Ct);
            another.CommitTransaction();
        }

        // A mark is not delivered, and the source's word is on what lies behind it. The broker writes it after its answer.
        var ends = await sender.ReadEndsAsync(ProbeEvents.Lanes(), Ct);
        for (var tries = 0; ends.Sum(e => e.Position) < 20 + (2 * Lanes) && tries < 100; tries++)
        {
            await Task.Delay(100, Ct);
            ends = await sender.ReadEndsAsync(ProbeEvents.Lanes(), Ct);
        }
        Assert.Equal(20 + (2 * Lanes), ends.Sum(e => e.Position));
        await target.Until(t => ends.All(e => t.Next[e.Lane] == e.Position && t.AtTail.Contains(e.Lane)), Ct);
        Assert.Equal(20 + Lanes, target.Received.Count);
        Assert.Contains(target.Deliveries.SelectMany(d => d.Batches), b => b is { HasGaps: true, AtTail: true });
    }

    [Fact]
    public async Task Topic_made_anew_is_read_from_its_beginning_under_another_incarnation()
    {
        await using var sender = await Sender();
        await sender.SendAsync([.. Enumerable.Range(0, 20).Select(i => Upsert($"k{i}", 1))], Ct);
        await using var target = await Target();
        await target.UntilTail(Lanes, Ct);
        var before = target.Open.Values.Select(o => o.Incarnation).Distinct().Single();
        var ends = await sender.ReadEndsAsync(ProbeEvents.Lanes(), Ct);

        await KafkaFixture.EmptyAsync(_servers);
        var again = await sender.ReadEndsAsync(ProbeEvents.Lanes(), Ct);
        Assert.All(again, e => Assert.Equal(0, e.Position));
        Assert.DoesNotContain(again, e => e.Incarnation == ends[0].Incarnation);
        target.Received.Clear();
        await sender.SendAsync([.. Enumerable.Range(0, 20).Select(i => Upsert($"k{i}", 2))], Ct);
        await target.Until(t => t.Newest().Count == 20 && t.AtTail.Count == Lanes, Ct);
        var after = target.Open.Values.Select(o => o.Incarnation).Distinct().Single();
        Assert.NotEqual(before, after);
        Assert.Equal(again[0].Incarnation, after);
        Assert.All(target.Events, e => Assert.Equal(2, e.Revision.Number));
    }

    [Fact]
    public async Task Seek_of_a_topic_that_is_gone_moves_nothing_of_the_one_made_anew()
    {
        await using var sender = await Sender();
        await sender.SendAsync([.. Enumerable.Range(0, 20).Select(i => Upsert($"k{i}", 1))], Ct);
        await using var receiver = await _transport.OpenReceiverAsync(new("target", null, ProbeContracts.Item), Ct);
        var before = await OpenedAsync(receiver);

        // While the target's store is busy with what it was told, the topic is made anew; and no control topic has to be read before its lanes open.
        await KafkaFixture.EmptyAsync(_servers);
        await sender.ReadEndsAsync(ProbeEvents.Lanes(), Ct);
        await sender.SendAsync([.. Enumerable.Range(0, 40).Select(i => Upsert($"k{i}", 2))], Ct);
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _servers }).Build();
        await admin.DeleteTopicsAsync([$"{Topic}.control"]);
        await Task.Delay(TimeSpan.FromSeconds(2), Ct);
        foreach (var opened in before)
            await receiver.SeekAsync(opened.Lane, 1, Ct);
        var after = await OpenedAsync(receiver);
        Assert.NotEqual(before[0].Incarnation, after[0].Incarnation);

        // Nobody has said from where these are to be read.
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        wait.CancelAfter(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            while (true)
                Assert.Empty((await receiver.ReceiveAsync(100, wait.Token)).Batches);
        });
    }

    [Fact]
    public async Task Topic_removed_under_a_running_source_is_made_anew_by_the_next_sends()
    {
        await using var sender = await Sender(TimeSpan.FromSeconds(2));
        await sender.SendAsync([Upsert("a", 1)], Ct);
        await KafkaFixture.EmptyAsync(_servers);
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while ((await sender.SendAsync([Upsert("a", 2)], Ct))[0].Result != SendResult.Confirmed)
            Assert.True(DateTime.UtcNow < deadline, "Nothing was confirmed within 30 s.");
        Assert.Equal("2", Encoding.UTF8.GetString(Raw(1)[0].Message.Headers.GetLastBytes("ce_ecstrevision")));
    }

    [Fact]
    public async Task Lost_positions_lead_to_the_beginning_never_to_the_end()
    {
        await kafka.RequireServerAsync("removes no records");
        await using var sender = await Sender();
        await sender.SendAsync([.. Enumerable.Range(1, 10).Select(i => Upsert("a", i))], Ct);
        var lane = LaneOf("a");
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _servers }).Build();
        // Records of a compacted topic cannot be removed by hand, as long as it is one.
        await SetPolicyAsync(admin, "delete");
        for (var removed = false; !removed; )
            try
            {
                await admin.DeleteRecordsAsync([new TopicPartitionOffset(Topic, lane.Number, 6)]);
                removed = true;
            }
            catch (DeleteRecordsException e) when (e.Results.Any(r => r.Error.Code == ErrorCode.PolicyViolation))
            {
                // The broker has not heard of the other policy yet.
                await Task.Delay(50, Ct);
            }
        await SetPolicyAsync(admin, "compact");
        foreach (var position in new[] { 0L, 3L, 500L })
        {
            await using var target = await Target(new() { [lane] = position });
            await target.UntilTail(Lanes, Ct);
            Assert.Equal([7L, 8L, 9L, 10L], target.Events.Select(e => e.Revision.Number));
            // It says so, also where the beginning lies beyond the position.
            Assert.Contains(target.Deliveries.SelectMany(d => d.Batches), b => b.Lane == lane && b.FromBeginning);
        }
    }

    [Fact]
    public async Task Event_too_large_for_the_topic_fails_with_what_mends_it_and_others_pass()
    {
        await using var sender = await Sender();
        // Bytes that do not compress.
        var random = new Random(1);
        var value = string.Create(
            2_000_000,
            random,
            static (span, r) =>
            {
                foreach (ref var c in span)
                    c = (char)r.Next(32, 127);
            }
        );
        var outcomes = await sender.SendAsync([Upsert("a", 1, value), Upsert("b", 1)], Ct);
        Assert.Equal([SendResult.Failed, SendResult.Confirmed], outcomes.Select(o => o.Result));
        Assert.Contains("max.message.bytes", outcomes[0].Reason, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => _transport.DisposeAsync();

    private static int KeyText(string key) => LaneOf(key).Number;

    private async Task<ITransportSender> Sender(TimeSpan? delivery = null)
    {
        var transport = delivery is null
            ? _transport
            : new KafkaTransport(new() { BootstrapServers = _servers, DeliveryTimeout = delivery });
        return await transport.OpenSenderAsync(new(Source, [new(ProbeContracts.Item, Lanes, "json")]), Ct);
    }

    private static async Task<IReadOnlyList<LaneOpened>> OpenedAsync(ITransportReceiver receiver)
    {
        while (true)
            if ((await receiver.ReceiveAsync(100, Ct)).Opened is { Count: > 0 } opened)
                return opened;
    }

    private async Task<ProbeTarget> Target(Dictionary<Events.LaneId, long>? positions = null) =>
        new(await _transport.OpenReceiverAsync(new("target", null, ProbeContracts.Item), Ct), positions);

    private static Message<string, byte[]> Foreign(string key, long revision)
    {
        var headers = new Headers();
        foreach (
            var (name, value) in new[]
            {
                ("ce_specversion", "1.0"),
                ("ce_id", "1"),
                ("ce_source", Source),
                ("ce_type", Topic),
                ("ce_subject", key),
                ("ce_ecstop", "upsert"),
                ("ce_ecstepoch", "7"),
                ("ce_ecstrevision", $"{revision}"),
                ("content-type", "application/json; charset=utf-8"),
            }
        )
            headers.Add(name, Encoding.UTF8.GetBytes(value));
        return new()
        {
            Key = key,
            Value = "foreign"u8.ToArray(),
            Headers = headers,
        };
    }

    private async Task ProduceAsync(Message<string, byte[]> message, int? partition = null)
    {
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = _servers }).Build();
        await producer.ProduceAsync(new TopicPartition(Topic, partition ?? KeyText(message.Key)), message);
    }

    private List<ConsumeResult<string, byte[]>> Raw(int count)
    {
        using var consumer = new ConsumerBuilder<string, byte[]>(
            new ConsumerConfig
            {
                BootstrapServers = _servers,
                GroupId = "raw",
                EnableAutoCommit = false,
            }
        ).Build();
        consumer.Assign(Enumerable.Range(0, Lanes).Select(n => new TopicPartitionOffset(Topic, n, 0)));
        var records = new List<ConsumeResult<string, byte[]>>();
        while (records.Count < count)
            records.Add(consumer.Consume(TimeSpan.FromSeconds(20)) ?? throw new TimeoutException($"{records.Count} of {count} records."));
        return records;
    }

    private static Task SetPolicyAsync(IAdminClient admin, string policy) =>
        admin.IncrementalAlterConfigsAsync(
            new()
            {
                [new() { Type = ResourceType.Topic, Name = Topic }] =
                [
                    new()
                    {
                        Name = "cleanup.policy",
                        Value = policy,
                        IncrementalOperation = AlterConfigOpType.Set,
                    },
                ],
            }
        );
}
