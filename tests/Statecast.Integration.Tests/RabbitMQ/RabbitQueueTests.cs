using System.Text;
using RabbitMQ.Client;
using Statecast.Conformance.Transport;
using Statecast.Events;
using Statecast.RabbitMQ;
using Statecast.RabbitMQ.Transport;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>A target's queues: redelivery, another reader, removal, backpressure.</summary>
[Collection(RabbitCollection.Name)]
public sealed class RabbitQueueTests(RabbitFixture rabbit) : IAsyncLifetime
{
    private RabbitProbes? _probes;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static RabbitTargetNames Own => RabbitProbes.TargetNames();

    private RabbitProbes Probes => _probes!;

    public async ValueTask InitializeAsync() => _probes = new(await rabbit.PlaceAsync());

    public ValueTask DisposeAsync() => _probes?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task Removed_queue_is_found_and_made_anew_by_the_next_who_opens()
    {
        var sender = await Probes.SenderAsync(lanes: 2);
        var target = await Probes.OpenTargetAsync(lanes: 2);
        await target.Receiver.AcknowledgeAsync(new(), Ct);
        // Both queues are read by now.
        await sender.SendAsync([.. Enumerable.Range(0, 20).Select(i => Upsert($"before{i}", 1, lanes: 2))], Ct);
        await target.Until(t => t.Newest().Count == 20, Ct);
        await Probes.Place.DeleteQueueAsync(Own.Queue(1));
        // Not over the connection that read the removed one.
        var removed = await Assert.ThrowsAsync<TransportException>(() => target.Until(_ => false, Ct));
        Assert.Contains($"'{Own.Queue(1)}' was removed", removed.Message, StringComparison.Ordinal);
        await target.DisposeAsync();
        target = await Probes.OpenTargetAsync(lanes: 2);
        Assert.Equal([false, true], target.Open.OrderBy(o => o.Key.Number).Select(o => o.Value.IsNew));

        await sender.SendAsync([.. Enumerable.Range(0, 20).Select(i => Upsert($"k{i}", 1, lanes: 2))], Ct);
        await target.Until(t => t.Newest().Keys.Count(k => k[0] == 'k') == 20, Ct);
    }

    [Fact]
    public async Task What_was_not_acknowledged_comes_again()
    {
        var sender = await Probes.SenderAsync();
        var first = await Probes.OpenTargetAsync();
        await sender.SendAsync([.. Enumerable.Range(1, 10).Select(i => Upsert("a", i, lanes: 1))], Ct);
        // Received, and never acknowledged.
        var taken = 0;
        while (taken < 10)
            taken += (await first.Receiver.ReceiveAsync(3, Ct)).Batches.Sum(b => b.Events.Count);
        await first.DisposeAsync();
        var second = await Probes.OpenTargetAsync();
        await second.Until(t => t.Received.Count == 10, Ct);
        Assert.Equal(Enumerable.Range(1, 10).Select(i => (long)i), second.Events.Select(e => e.Revision.Number));
    }

    [Fact]
    public async Task Acknowledgement_covers_what_was_received_before_it_alone()
    {
        var sender = await Probes.SenderAsync();
        var first = await Probes.OpenTargetAsync();
        await sender.SendAsync([.. Enumerable.Range(1, 10).Select(i => Upsert("a", i, lanes: 1))], Ct);
        var kept = await first.Receiver.ReceiveAsync(4, Ct);
        while (kept.Batches.Count == 0)
            kept = await first.Receiver.ReceiveAsync(4, Ct);
        var count = kept.Batches[0].Events.Count;
        // The next is on its way already.
        await first.Receiver.ReceiveAsync(4, Ct);
        await first.Receiver.AcknowledgeAsync(kept, Ct);
        await first.DisposeAsync();
        var second = await Probes.OpenTargetAsync();
        await second.Until(t => t.Received.Count == 10 - count, Ct);
        Assert.Equal(count + 1, second.Events.First().Revision.Number);
    }

    [Fact]
    public async Task Second_instance_stands_by_and_takes_over_what_the_first_left()
    {
        var sender = await Probes.SenderAsync(lanes: 2);
        var first = await Probes.OpenTargetAsync(lanes: 2);
        var second = await Probes.TargetAsync();
        using (var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1)))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await second.Receiver.ReceiveAsync(10, soon.Token));
        await sender.SendAsync([.. Enumerable.Range(0, 20).Select(i => Upsert($"k{i}", 1, lanes: 2))], Ct);
        var taken = 0;
        while (taken < 20)
            taken += (await first.Receiver.ReceiveAsync(30, Ct)).Batches.Sum(b => b.Events.Count);
        var connection = ((RabbitReceiver)first.Receiver).Connection;
        await connection.AbortAsync();

        // It begins anew: what the first stored meanwhile must be read.
        var error = await Assert.ThrowsAsync<TransportException>(() => second.Until(_ => false, Ct));
        Assert.Contains("this one begins anew", error.Message, StringComparison.Ordinal);
        await second.DisposeAsync();
        var again = await Probes.OpenTargetAsync(lanes: 2);
        await again.Until(t => t.Newest().Count == 20, Ct);
        Assert.All(again.Open.Values, o => Assert.False(o.IsNew));
    }

    [Fact]
    public async Task Order_is_kept_whatever_concurrency_the_client_is_told()
    {
        const int Events = 5_000;
        ConnectionFactory? told = null;
        var sender = await Probes.SenderAsync();
        var target = await Probes.OpenTargetAsync(configure: o =>
            o.ConfigureConnections(f => (told, f.ConsumerDispatchConcurrency) = (f, 8))
        );
        Assert.Equal(1, told!.ConsumerDispatchConcurrency);
        await sender.SendAsync([.. Enumerable.Range(1, Events).Select(i => Upsert("a", i, lanes: 1))], Ct);
        await target.Until(t => t.Received.Count == Events, Ct);
        Assert.Equal(Enumerable.Range(1, Events).Select(i => (long)i), target.Events.Select(e => e.Revision.Number));
    }

    [Fact]
    public async Task Connection_lost_while_the_source_is_waited_for_fails_the_receive()
    {
        var target = await Probes.TargetAsync();
        // No source has said how many lanes there are.
        await RabbitProbes.UntilAsync(async () =>
            (await Probes.Place.QueuesAsync()).Exists(q => q.StartsWith($"{Own.Prefix}.hearing-", StringComparison.Ordinal))
        );
        // It reads that queue, and has looked for its own.
        await Task.Delay(TimeSpan.FromSeconds(2), Ct);
        await ((RabbitReceiver)target.Receiver).Connection.AbortAsync();
        var error = await Assert.ThrowsAsync<TransportException>(() => target.Until(_ => false, Ct));
        Assert.Contains("waiting for the source of 'probe.item.v1' failed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lost_connection_fails_the_receive_with_what_mends_it()
    {
        await Probes.SenderAsync();
        var target = await Probes.OpenTargetAsync();
        var failure = Assert.ThrowsAsync<TransportException>(() => target.Until(_ => false, Ct));
        // The sender has a connection too.
        await Probes.Place.CloseConnectionsAsync(failure);
        var error = await failure;
        Assert.Contains("reading 'probe.item.v1.target' failed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_are_heard_again_after_their_queue_was_removed()
    {
        await Probes.SenderAsync();
        var requests = Probes.Carrier().Requests!;
        var hearing = requests.ReceiveAsync(RabbitProbes.Names.Destination, Ct).AsTask();
        await using (var connection = await Probes.Place.ConnectAsync())
        await using (var channel = await connection.CreateChannelAsync(cancellationToken: Ct))
            await RabbitProbes.UntilAsync(async () => await channel.ConsumerCountAsync(RabbitProbes.Names.Requests, Ct) == 1);
        await Probes.Place.DeleteQueueAsync(RabbitProbes.Names.Requests);
        var error = await Assert.ThrowsAsync<TransportException>(() => hearing.WaitAsync(TimeSpan.FromSeconds(30), Ct));
        Assert.Contains("No requests to 'probe.item.v1' are heard now", error.Message, StringComparison.Ordinal);

        // Heard anew first: who asks while there is no queue asks nobody.
        var again = requests.ReceiveAsync(RabbitProbes.Names.Destination, Ct).AsTask();
        await RabbitProbes.UntilAsync(async () => (await Probes.Place.QueuesAsync()).Contains(RabbitProbes.Names.Requests));
        await Probes.Carrier().Requests!.AskAsync(new(RabbitProbes.Names.Destination, ["k"]), Ct);
        Assert.Equal(["k"], (await again.WaitAsync(TimeSpan.FromSeconds(30), Ct)).Keys);
    }

    [Fact]
    public async Task Broker_sends_no_more_ahead_than_the_prefetch()
    {
        var sender = await Probes.SenderAsync();
        var target = await Probes.OpenTargetAsync(configure: o => o.Prefetch = 10);
        await sender.SendAsync([.. Enumerable.Range(0, 100).Select(i => Upsert($"k{i}", 1, lanes: 1))], Ct);
        var held = new List<Delivery>();
        while (held.Sum(d => d.Batches.Sum(b => b.Events.Count)) < 10)
            held.Add(await target.Receiver.ReceiveAsync(100, Ct));
        Assert.All(held, d => Assert.InRange(d.Batches.Sum(b => b.Events.Count), 0, 5));
        await using var connection = await Probes.Place.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        Assert.Equal(90u, await channel.MessageCountAsync(Own.Queue(0), Ct));
        await target.Receiver.AcknowledgeAsync(held[^1], Ct);
        await target.Until(t => t.Received.Count == 90, Ct);
    }

    [Fact]
    public async Task Word_of_several_lanes_is_told_once_every_lane_brought_it()
    {
        var sender = await Probes.SenderAsync(lanes: 2);
        // Little comes ahead: the lane without events brings its copy long before the other one does.
        var target = await Probes.OpenTargetAsync(lanes: 2, configure: o => o.Prefetch = 4);
        var ends = await sender.ReadEndsAsync(ProbeEvents.Lanes(2), Ct);
        var events = Enumerable.Range(0, 200).Select(i => Upsert($"k{i}", 1, lanes: 2)).Where(e => e.Lane.Number == 1).ToList();
        await sender.SendAsync(events, Ct);
        await sender.SendHeartbeatAsync(Word(ends, Time), Ct);
        await target.Until(t => t.Words.Count > 0, Ct);
        Assert.Equal(events.Count, target.Words[0].EventsBefore);
    }

    [Fact]
    public async Task Message_that_is_no_event_comes_with_its_reason_and_key()
    {
        await Probes.SenderAsync();
        var target = await Probes.OpenTargetAsync();
        await using var connection = await Probes.Place.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        var many = string.Join(',', Enumerable.Range(0, 100).Select(i => $"\"name{i}\":{i}"));
        (string Type, byte[] Body, string Reason)[] messages =
        [
            ("application/cloudevents+json", """{"specversion":"1.0","subject":"k"}"""u8.ToArray(), "'ecstop' is missing"),
            ("application/cloudevents+json", """{"specversion":"1.0","specversion":"1.0"}"""u8.ToArray(), "'specversion' twice"),
            ("application/cloudevents+json", """{"specversion":"1.0","spec\u0076ersion":"1.0"}"""u8.ToArray(), "'specversion' twice"),
            ("application/cloudevents+json", Encoding.UTF8.GetBytes($$"""{{{many}},"name99":0}"""), "'name99' twice"),
            ("application/cloudevents+json", "not JSON"u8.ToArray(), "it is no JSON"),
            ("application/cloudevents+json", """{"specversion":"1.0","subject":"\ud800"}"""u8.ToArray(), "it is no JSON"),
            ("application/cloudevents+json", [.. "{\"subject\":\""u8, 0xFF, .. "\"}"u8], "a text in it is no UTF-8"),
            ("application/cloudevents-batch+json", "[]"u8.ToArray(), "application/cloudevents+json is read"),
            ("text/plain", "hello"u8.ToArray(), "its content type is 'text/plain'"),
        ];
        foreach (var (type, body, _) in messages)
            await channel.BasicPublishAsync(
                RabbitProbes.Names.Destination,
                "0",
                mandatory: true,
                new BasicProperties { ContentType = type },
                body,
                Ct
            );
        await target.Until(t => t.Received.Count == messages.Length, Ct);
        foreach (var (received, message) in target.Received.Zip(messages))
        {
            Assert.Null(received.Event);
            Assert.Contains(message.Reason, received.Defect, StringComparison.Ordinal);
            Assert.Equal(message.Body, received.Raw.ToArray());
        }
        Assert.Equal("k", target.Received[0].Key);
    }

    [Fact]
    public async Task Escapes_and_numbers_in_attributes_are_read_as_any_writer_makes_them()
    {
        await Probes.SenderAsync();
        var target = await Probes.OpenTargetAsync();
        await using var connection = await Probes.Place.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        await channel.BasicPublishAsync(
            RabbitProbes.Names.Destination,
            "0",
            mandatory: true,
            new BasicProperties { ContentType = "application/cloudevents+json" },
            Encoding.UTF8.GetBytes(
                $$"""{"specversion":"1.0","source":"{{ProbeEvents.Source}}","type":"{{RabbitProbes.Names.Destination}}","s\u0075bject":"gr\u00fc\u00df \"e","own":{"a":[1]},"ecstop":"upsert","ecstepoch":1,"ecstrevision":12,"data": {"a" : 1} }"""
            ),
            Ct
        );
        await target.Until(t => t.Received.Count == 1, Ct);
        var read = target.Events.Single();
        Assert.Equal(("grüß \"e", new StateRevision(1, 12)), (read.Key, read.Revision));
        Assert.Equal("""{"a" : 1}""", Encoding.UTF8.GetString(read.Body.Span));
    }

    [Theory]
    [InlineData("cloudEvents_")]
    [InlineData("cloudEvents:")]
    [InlineData("ce-")]
    public async Task Binary_mode_is_written_and_read_with_every_known_prefix(string prefix)
    {
        var sender = await Probes.SenderAsync(configure: o =>
        {
            o.ContentMode = RabbitMQContentMode.Binary;
            o.BinaryPrefix = prefix;
        });
        var target = await Probes.OpenTargetAsync();
        StateEvent[] sent = [Upsert("a", 3, "value", lanes: 1), Delete("b", 4, lanes: 1)];
        await sender.SendAsync(sent, Ct);
        await target.Until(t => t.Received.Count == 2, Ct);
        Assert.All(sent.Zip(target.Events), pair => Assert.Equal(pair.First with { Body = default }, pair.Second with { Body = default }));
        Assert.Equal("value"u8.ToArray(), target.Events.First().Body.ToArray());
    }

    [Fact]
    public async Task Second_sources_events_are_refused_once_the_source_is_known()
    {
        var sender = await Probes.SenderAsync();
        var target = await Probes.TargetAsync(source: ProbeEvents.Source);
        await target.Until(t => t.Open.Count == 1, Ct);
        await sender.SendAsync([Upsert("a", 1, lanes: 1) with { Source = "intruders" }, Upsert("b", 1, lanes: 1)], Ct);
        await target.Until(t => t.Received.Count == 2, Ct);
        Assert.Contains("'intruders' publishes 'probe.item.v1' too", target.Received[0].Defect, StringComparison.Ordinal);
        Assert.Equal("a", target.Received[0].Key);
        Assert.Equal("b", target.Received[1].Event!.Key);
    }

    [Fact]
    public async Task Second_sources_under_ever_other_names_fill_neither_log_nor_memory()
    {
        const int SecondSource = 4209;
        var sender = await Probes.SenderAsync();
        var target = await Probes.TargetAsync(source: ProbeEvents.Source);
        await target.Until(t => t.Open.Count == 1, Ct);
        await sender.SendAsync(
            [.. Enumerable.Range(0, 150).Select(i => Upsert($"k{i}", 1, lanes: 1) with { Source = $"intruders{i}" })],
            Ct
        );
        await target.Until(t => t.Received.Count == 150, Ct);
        Assert.All(target.Received, r => Assert.Contains("publishes 'probe.item.v1' too", r.Defect, StringComparison.Ordinal));
        Assert.Equal(100, Probes.Log.Lines.Count(l => l.Id == SecondSource));
    }
}
