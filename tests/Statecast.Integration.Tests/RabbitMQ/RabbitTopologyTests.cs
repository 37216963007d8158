using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Statecast.Conformance.Transport;
using Statecast.Events;
using Statecast.RabbitMQ.Transport;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>What exchanges and queues are made like, and what is said where they are otherwise.</summary>
[Collection(RabbitCollection.Name)]
public sealed class RabbitTopologyTests(RabbitFixture rabbit) : IAsyncLifetime
{
    private RabbitProbes? _probes;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static RabbitTargetNames Own => RabbitProbes.TargetNames();

    private RabbitProbes Probes => _probes!;

    public async ValueTask InitializeAsync() => _probes = new(await rabbit.PlaceAsync());

    public ValueTask DisposeAsync() => _probes?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task Queue_of_a_lane_is_safe_and_parks_what_was_delivered_in_vain()
    {
        await Probes.SenderAsync(lanes: 2);
        await Probes.OpenTargetAsync(lanes: 2);
        foreach (var lane in (int[])[0, 1])
        {
            var queue = await Probes.Place.QueueAsync(Own.Queue(lane));
            Assert.True(queue.GetProperty("durable").GetBoolean());
            var arguments = queue.GetProperty("arguments");
            Assert.Equal("quorum", arguments.GetProperty("x-queue-type").GetString());
            Assert.True(arguments.GetProperty("x-single-active-consumer").GetBoolean());
            Assert.Equal("reject-publish", arguments.GetProperty("x-overflow").GetString());
            Assert.Equal(1_000_000, arguments.GetProperty("x-delivery-limit").GetInt64());
            Assert.Equal("at-least-once", arguments.GetProperty("x-dead-letter-strategy").GetString());
            Assert.Equal(Own.Dead, arguments.GetProperty("x-dead-letter-exchange").GetString());
            Assert.False(arguments.TryGetProperty("x-max-length", out _));
            Assert.False(arguments.TryGetProperty("x-expires", out _));
        }
        var last = (await Probes.Place.QueueAsync(RabbitProbes.Names.Last)).GetProperty("arguments");
        Assert.Equal(("drop-head", 16), (last.GetProperty("x-overflow").GetString(), last.GetProperty("x-max-length").GetInt32()));
        Assert.Equal(
            new[] { "probe.item.v1", "probe.item.v1.asks", "probe.item.v1.control", "probe.item.v1.target.dead" },
            (await Probes.Place.ExchangesAsync()).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Message_refused_too_often_ends_in_the_parked_queue()
    {
        var sender = await Probes.SenderAsync(configure: o => o.DeliveryLimit = 100);
        var target = await Probes.OpenTargetAsync(configure: o => o.DeliveryLimit = 100);
        await target.DisposeAsync();
        await sender.SendAsync([Upsert("a", 1, lanes: 1)], Ct);
        await using var connection = await Probes.Place.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        // Somebody else's reader that puts it back for ever.
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, e) => await channel.BasicRejectAsync(e.DeliveryTag, requeue: true, Ct);
        await channel.BasicConsumeAsync(Own.Queue(0), autoAck: false, consumer, Ct);
        await RabbitProbes.UntilAsync(async () => (await Probes.Place.CountAsync(Own.Parked)) == 1);
        Assert.Equal(0u, await Probes.Place.CountAsync(Own.Expired));
        var parked = await channel.BasicGetAsync(Own.Parked, autoAck: true, Ct);
        Assert.Equal("application/cloudevents+json; charset=utf-8", parked!.BasicProperties.ContentType);
    }

    [Fact]
    public async Task Heartbeats_nobody_reads_in_time_end_in_a_queue_of_length_one()
    {
        var sender = await Probes.SenderAsync(configure: o => o.HeartbeatLifetime = TimeSpan.FromMilliseconds(1));
        await (await Probes.OpenTargetAsync()).DisposeAsync();
        var ends = await sender.ReadEndsAsync(ProbeEvents.Lanes(1), Ct);
        for (var i = 0; i < 5; i++)
            await sender.SendHeartbeatAsync(Word(ends, Time.AddSeconds(i)), Ct);
        await using var connection = await Probes.Place.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        await RabbitProbes.UntilAsync(async () =>
            await channel.MessageCountAsync(Own.Queue(0), Ct) == 0 && await channel.MessageCountAsync(Own.Expired, Ct) == 1
        );
        Assert.Equal(0u, await channel.MessageCountAsync(Own.Parked, Ct));
    }

    [Fact]
    public async Task Queue_declared_otherwise_is_refused_with_the_difference_and_what_mends_it()
    {
        await Probes.SenderAsync();
        await (await Probes.OpenTargetAsync()).DisposeAsync();
        var other = await Probes.TargetAsync(configure: o => o.MaxQueueLength = 5_000);
        var error = await Assert.ThrowsAsync<TransportException>(() => other.Until(_ => false, Ct));
        Assert.Contains($"declaring the queue '{Own.Queue(0)}' failed", error.Message, StringComparison.Ordinal);
        Assert.Contains("x-max-length", error.Message, StringComparison.Ordinal);
        Assert.Contains(
            "Set this service's settings to what is there; or let the queue run empty, remove it",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Instance_with_a_store_of_its_own_has_queues_of_its_own()
    {
        var sender = await Probes.SenderAsync();
        var shared = await Probes.OpenTargetAsync();
        var own = await Probes.OpenTargetAsync(instance: "eu.1");
        await sender.SendAsync([Upsert("a", 1, lanes: 1)], Ct);
        await shared.Until(t => t.Received.Count == 1, Ct);
        await own.Until(t => t.Received.Count == 1, Ct);
        Assert.Contains("probe.item.v1.target.eu%2E1.0", await Probes.Place.QueuesAsync());
        Assert.Equal("probe.item.v1.target.eu%2E1.0", own.Open.Values.Single().ReplyTo);
    }

    [Fact]
    public async Task Replica_in_memory_needs_an_instance_and_its_queues_go_with_it()
    {
        await Probes.SenderAsync();
        var carrier = Probes.Carrier(o => o.MemoryQueueExpiry = TimeSpan.FromSeconds(1));
        var error = await Assert.ThrowsAsync<TransportException>(async () =>
            await carrier.OpenReceiverAsync(new("target", null, ProbeContracts.Item) { InMemory = true }, Ct)
        );
        Assert.Contains(".Instance(\"name\")", error.Message, StringComparison.Ordinal);

        var target = new ProbeTarget(await carrier.OpenReceiverAsync(new("target", "one", ProbeContracts.Item) { InMemory = true }, Ct));
        await target.Until(t => t.Open.Count == 1, Ct);
        Assert.True(target.Open.Values.Single().IsNew);
        var names = RabbitProbes.TargetNames(instance: "one");
        // While it runs it stays, also where it reads nothing.
        Assert.Contains(names.Parked, await Probes.Place.QueuesAsync());
        await target.DisposeAsync();
        await RabbitProbes.UntilAsync(async () =>
            (await Probes.Place.QueuesAsync()).TrueForAll(q => !q.StartsWith(names.Prefix, StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task Queue_that_stays_is_not_new_and_holds_what_came_meanwhile()
    {
        var sender = await Probes.SenderAsync();
        var target = await Probes.OpenTargetAsync();
        Assert.True(target.Open.Values.Single().IsNew);
        await target.DisposeAsync();
        await sender.SendAsync([Upsert("a", 1, lanes: 1)], Ct);
        var again = await Probes.OpenTargetAsync();
        Assert.False(again.Open.Values.Single().IsNew);
        await again.Until(t => t.Received.Count == 1, Ct);
    }

    [Fact]
    public async Task Second_source_is_refused_at_its_start()
    {
        await Probes.SenderAsync();
        var error = await Assert.ThrowsAsync<TransportException>(() => Probes.SenderAsync(source: "intruders"));
        Assert.Contains("belongs to the source 'probes', not to 'intruders'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_lane_count_is_taken_once_the_targets_have_read_all()
    {
        var sender = await Probes.SenderAsync(lanes: 2);
        var target = await Probes.OpenTargetAsync(lanes: 2);
        await target.DisposeAsync();
        await sender.SendAsync([Upsert("a", 1, lanes: 2), Upsert("b", 1, lanes: 2), Upsert("c", 1, lanes: 2)], Ct);
        await sender.DisposeAsync();

        var error = await Assert.ThrowsAsync<TransportException>(() => Probes.SenderAsync(lanes: 3));
        Assert.Contains("has 2 lanes, and its source now declares 3", error.Message, StringComparison.Ordinal);
        Assert.Contains("'target' still has", error.Message, StringComparison.Ordinal);

        var reading = await Probes.OpenTargetAsync(lanes: 2);
        await reading.Until(t => t.Received.Count == 3, Ct);
        var wider = await Probes.SenderAsync(lanes: 3);
        await reading.Until(t => t.Open.Count == 3, Ct);
        var keys = Enumerable.Range(0, 20).Select(i => Upsert($"k{i}", 1, lanes: 3)).ToList();
        await RabbitProbes.UntilAsync(async () =>
            (await wider.SendAsync(keys, Ct)).All(o => o is { Result: SendResult.Confirmed, IsUnrouted: false })
        );
        await reading.Until(t => t.Newest().Count == 23, Ct);
    }

    [Fact]
    public async Task Fewer_lanes_lose_nothing_that_was_taken_and_not_stored()
    {
        var sender = await Probes.SenderAsync(lanes: 4);
        var target = await Probes.OpenTargetAsync(lanes: 4);
        await sender.SendAsync([.. Enumerable.Range(0, 40).Select(i => Upsert($"k{i}", 1, lanes: 4))], Ct);
        // None is acknowledged: its store is slow.
        for (var taken = 0; taken < 40; )
            taken += (await target.Receiver.ReceiveAsync(100, Ct)).Batches.Sum(b => b.Events.Count);
        await sender.DisposeAsync();
        var narrower = await Probes.SenderAsync(lanes: 2);
        for (var closed = 0; closed < 2; )
            closed += (await target.Receiver.ReceiveAsync(100, Ct)).Closed.Count;
        await target.DisposeAsync();

        var again = await Probes.OpenTargetAsync(lanes: 4);
        await again.Until(t => t.Newest().Count == 40, Ct);
        await again.Until(t => t.Open.Count == 2, Ct);
        await RabbitProbes.UntilAsync(async () => !(await Probes.Place.QueuesAsync()).Exists(q => q == Own.Queue(2) || q == Own.Queue(3)));
        await narrower.SendAsync([.. Enumerable.Range(0, 20).Select(i => Upsert($"n{i}", 1, lanes: 2))], Ct);
        await again.Until(t => t.Newest().Count == 60, Ct);
    }

    [Fact]
    public async Task Queue_of_a_lane_that_went_stays_until_all_of_it_is_acknowledged()
    {
        var sender = await Probes.SenderAsync(lanes: 2);
        var target = await Probes.OpenTargetAsync(lanes: 2);
        var events = Enumerable.Range(0, 20).Select(i => Upsert($"k{i}", 1, lanes: 2)).ToList();
        await sender.SendAsync(events, Ct);
        var held = new List<Delivery>();
        while (held.Sum(d => d.Batches.Sum(b => b.Events.Count)) < 20)
            held.Add(await target.Receiver.ReceiveAsync(100, Ct));
        await sender.DisposeAsync();
        await Probes.SenderAsync(lanes: 1);
        while ((await target.Receiver.ReceiveAsync(100, Ct)).Closed.Count == 0) { }
        // Two looks and more.
        await Task.Delay(TimeSpan.FromSeconds(1), Ct);
        Assert.Contains(Own.Queue(1), await Probes.Place.QueuesAsync());
        await target.Receiver.AcknowledgeAsync(held[^1], Ct);
        await RabbitProbes.UntilAsync(async () => !(await Probes.Place.QueuesAsync()).Contains(Own.Queue(1)));
    }

    [Fact]
    public async Task Target_says_its_queues_at_each_start_and_one_word_of_it_is_kept()
    {
        var sender = await Probes.SenderAsync();
        var target = await Probes.OpenTargetAsync();
        await WordsAsync(1);
        await target.DisposeAsync();
        await using var connection = await Probes.Place.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        // As if it had been killed before it said anything.
        await channel.QueuePurgeAsync(RabbitProbes.Names.Targets, Ct);
        await Probes.OpenTargetAsync();
        await WordsAsync(1);

        var word = (await channel.BasicGetAsync(RabbitProbes.Names.Targets, autoAck: false, Ct))!;
        for (var i = 0; i < 150; i++)
            await channel.BasicPublishAsync(RabbitProbes.Names.Asks, RabbitNames.TargetKey, word.Body, Ct);
        await channel.BasicNackAsync(word.DeliveryTag, multiple: false, requeue: true, Ct);
        await WordsAsync(151);
        var ends = await sender.ReadEndsAsync(ProbeEvents.Lanes(1), Ct);
        await Task.Delay(TimeSpan.FromMilliseconds(400), Ct);
        await sender.SendHeartbeatAsync(Word(ends, Time), Ct);
        await WordsAsync(1);

        Task WordsAsync(uint count) =>
            RabbitProbes.UntilAsync(async () => await Probes.Place.CountAsync(RabbitProbes.Names.Targets) == count);
    }

    [Fact]
    public async Task Queue_of_what_targets_say_is_made_anew_and_filled_by_those_that_run()
    {
        var names = RabbitProbes.Names;
        var sender = await Probes.SenderAsync();
        await Probes.OpenTargetAsync();
        await RabbitProbes.UntilAsync(async () => await Probes.Place.CountAsync(names.Targets) == 1);
        await Probes.Place.DeleteQueueAsync(names.Targets);
        await LookedAsync(sender, async () => (await Probes.Place.QueuesAsync()).Contains(names.Targets));
        await RabbitProbes.UntilAsync(async () => await Probes.Place.CountAsync(names.Targets) >= 1);
    }

    [Fact]
    public async Task Bindings_of_the_source_that_others_removed_are_made_again()
    {
        var names = RabbitProbes.Names;
        var sender = await Probes.SenderAsync();
        var sleeper = await Probes.SenderAsync();
        await Probes.Place.DeleteExchangeAsync(names.Control);
        await Probes.Place.DeleteExchangeAsync(names.Asks);
        // Another makes the exchanges before any look: nothing seems to be missing, and nothing leads anywhere.
        await using var connection = await Probes.Place.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        foreach (var exchange in (string[])[names.Control, names.Asks])
            await channel.ExchangeDeclareAsync(exchange, ExchangeType.Direct, durable: true, cancellationToken: Ct);
        var number = 0;
        await LookedAsync(
            sender,
            async () => (await sender.SendAsync([Upsert("a", ++number, lanes: 1)], Ct))[0].Result == SendResult.Confirmed
        );
        await LookedAsync(sleeper, async () => (await sleeper.ReadMarksAsync(ProbeEvents.Lanes(1), Ct)).Any(m => m.Number == number));
        var asks = Probes.Carrier();
        var heard = asks.Requests.ReceiveAsync(names.Destination, Ct).AsTask();
        await Probes.Carrier().Requests.AskAsync(new(names.Destination, ["a"]), Ct);
        Assert.Equal(["a"], (await heard.WaitAsync(TimeSpan.FromSeconds(30), Ct)).Keys);
    }

    // A sender looks with its heartbeats, and says so where one is not sent.
    private static Task LookedAsync(ITransportSender sender, Func<Task<bool>> condition)
    {
        var said = 0;
        return RabbitProbes.UntilAsync(async () =>
        {
            try
            {
                var ends = await sender.ReadEndsAsync(ProbeEvents.Lanes(1), Ct);
                await sender.SendHeartbeatAsync(Word(ends, Time.AddSeconds(said++)), Ct);
                return await condition();
            }
            catch (TransportException)
            {
                return false;
            }
        });
    }

    [Theory]
    [InlineData("shop", "shop")]
    [InlineData("Shop-1_b", "Shop-1_b")]
    [InlineData("a.b", "a%2Eb")]
    [InlineData("a%2Eb", "a%252Eb")]
    [InlineData("*.#", "%2A%2E%23")]
    [InlineData("ü", "%C3%BC")]
    public void Names_are_escaped(string name, string expected) => Assert.Equal(expected, RabbitNames.Escape(name));

    [Fact]
    public void Name_that_is_too_long_is_refused()
    {
        var error = Assert.Throws<TransportException>(() => RabbitProbes.Names.Of(new('x', 200), null));
        Assert.Contains("AMQP allows names of 255 bytes", error.Message, StringComparison.Ordinal);
    }
}
