using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Statecast.Conformance.Transport;
using Statecast.Events;
using Statecast.RabbitMQ.Transport;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>What becomes of messages that reach no queue.</summary>
[Collection(RabbitCollection.Name)]
public sealed class RabbitRoutingTests(RabbitFixture rabbit) : IAsyncLifetime
{
    private const int Unrouted = 4203;
    private const int RoutedAgain = 4204;
    private const int ExchangeMissing = 4205;
    private RabbitProbes? _probes;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private RabbitProbes Probes => _probes!;

    public async ValueTask InitializeAsync() => _probes = new(await rabbit.PlaceAsync());

    public ValueTask DisposeAsync() => _probes?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Nobody_bound_counts_as_unrouted_and_is_said_once_per_change(int lanes)
    {
        var sender = await Probes.SenderAsync(lanes);
        StateEvent[] events = [.. Enumerable.Range(0, 30).Select(i => Upsert($"k{i}", 1, lanes: lanes))];
        for (var i = 0; i < 3; i++)
            Assert.All(
                await sender.SendAsync(events, Ct),
                o => Assert.Equal((SendResult.Confirmed, true, null), (o.Result, o.IsUnrouted, o.Reason))
            );
        Assert.Single(Probes.Log.Lines, l => l is { Id: Unrouted, Level: LogLevel.Warning });

        var target = await Probes.OpenTargetAsync(lanes);
        Assert.All(await sender.SendAsync(events, Ct), o => Assert.Equal((SendResult.Confirmed, false), (o.Result, o.IsUnrouted)));
        Assert.Single(Probes.Log.Lines, l => l.Id == RoutedAgain);
        await target.Until(t => t.Newest().Count == 30, Ct);
        Assert.Equal(30, target.Received.Count);
    }

    [Fact]
    public async Task Return_is_told_from_that_of_another_major_with_the_same_id()
    {
        var publisher = ((RabbitSender)await Probes.SenderAsync()).Publisher;
        await Probes.OpenTargetAsync();
        await using var connection = await Probes.Place.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        const string Next = "probe.item.v2";
        await channel.ExchangeDeclareAsync(Next, ExchangeType.Direct, durable: true, cancellationToken: Ct);

        var properties = new BasicProperties { MessageId = "shared", Type = RabbitRouting.ProbeType };
        RabbitPublish[] both =
        [
            new(RabbitProbes.Names.Destination, "0", properties, default),
            new(Next, "0", properties, default),
            // No queue has this key.
            new(RabbitProbes.Names.Destination, "9", properties, default),
        ];
        var outcomes = await publisher.PublishAsync(both, null, Ct);
        Assert.Equal([RabbitAnswer.Confirmed, RabbitAnswer.Unrouted, RabbitAnswer.Unrouted], outcomes.Select(o => o.Answer));
    }

    [Fact]
    public async Task Some_lanes_bound_fails_loudly_and_what_is_bound_goes_through()
    {
        var sender = await Probes.SenderAsync(lanes: 2);
        await using var connection = await Probes.Place.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        var queue = (await channel.QueueDeclareAsync(cancellationToken: Ct)).QueueName;
        await channel.QueueBindAsync(queue, RabbitProbes.Names.Destination, "0", cancellationToken: Ct);

        StateEvent[] events = [.. Enumerable.Range(0, 20).Select(i => Upsert($"k{i}", 1, lanes: 2))];
        var outcomes = await sender.SendAsync(events, Ct);
        for (var i = 0; i < events.Length; i++)
            if (events[i].Lane.Number == 0)
                Assert.Equal((SendResult.Confirmed, false), (outcomes[i].Result, outcomes[i].IsUnrouted));
            else
            {
                Assert.Equal(SendResult.Failed, outcomes[i].Result);
                Assert.Contains(
                    "The lanes 1 of 'probe.item.v1' lead to no queue, while 0 do",
                    outcomes[i].Reason,
                    StringComparison.Ordinal
                );
            }
        Assert.Contains(outcomes, o => o.Result == SendResult.Failed);

        await channel.QueueBindAsync(queue, RabbitProbes.Names.Destination, "1", cancellationToken: Ct);
        Assert.All(await sender.SendAsync(events, Ct), o => Assert.Equal((SendResult.Confirmed, false), (o.Result, o.IsUnrouted)));
    }

    [Fact]
    public async Task Removed_exchange_fails_loudly_until_targets_have_bound_again()
    {
        // The target notices, and makes the exchange long before the source would.
        var sender = await Probes.SenderAsync(configure: o => o.TopologyLookInterval = TimeSpan.FromMinutes(1));
        var target = await Probes.OpenTargetAsync();
        await sender.SendAsync([Upsert("a", 1, lanes: 1)], Ct);
        await target.Until(t => t.Received.Count == 1, Ct);
        await Probes.Place.DeleteExchangeAsync(RabbitProbes.Names.Destination);

        var failed = Assert.Single(await sender.SendAsync([Upsert("a", 2, lanes: 1)], Ct));
        if (failed.Result != SendResult.Confirmed)
        {
            Assert.Equal(SendResult.Failed, failed.Result);
            Assert.Contains("no exchange 'probe.item.v1'", failed.Reason, StringComparison.Ordinal);
            Assert.Contains(Probes.Log.Lines, l => l is { Id: ExchangeMissing, Level: LogLevel.Error });
        }
        // What meets it before the queue is bound finds nobody: the target is told to ask for it.
        var outcome = default(SendOutcome);
        var reading = target.Until(t => t.Newest().ContainsKey("b") && t.Open.Values.Single().IsNew, Ct);
        await RabbitProbes.UntilAsync(
            async () =>
            {
                outcome = (await sender.SendAsync([Upsert("b", 1, lanes: 1)], Ct))[0];
                return outcome is { Result: SendResult.Confirmed, IsUnrouted: false };
            },
            () => $"{outcome.Result}, unrouted {outcome.IsUnrouted}: {outcome.Reason}; reading {reading.Exception?.Message ?? "goes on"}"
        );
        await reading;
    }

    [Fact]
    public async Task Removed_exchange_without_targets_is_made_anew_after_a_while()
    {
        var sender = await Probes.SenderAsync();
        await Probes.Place.DeleteExchangeAsync(RabbitProbes.Names.Destination);
        var outcomes = new List<SendOutcome>();
        await RabbitProbes.UntilAsync(async () =>
        {
            outcomes.AddRange(await sender.SendAsync([Upsert("b", 1, lanes: 1)], Ct));
            return outcomes[^1].Result == SendResult.Confirmed;
        });
        Assert.Equal(SendResult.Failed, outcomes[0].Result);
        Assert.True(outcomes[^1].IsUnrouted);
    }

    [Fact]
    public async Task Answer_goes_to_its_queue_alone_and_is_refused_where_that_is_gone()
    {
        var sender = await Probes.SenderAsync();
        var target = await Probes.OpenTargetAsync();
        var other = await Probes.OpenTargetAsync(name: "other");
        var replyTo = target.Open.Values.Single().ReplyTo!;
        StateEvent Answer(long number, string to) =>
            Upsert("a", 5, lanes: 1, operation: StateOperation.Snapshot) with
            {
                Lane = SnapshotLane.Of(ProbeEvents.Lanes(1)[0], to),
                LaneNumber = number,
            };
        var mark = new RangeMark(Guid.NewGuid(), new(0, 4095), 3);
        StateEvent Mark(StateOperation operation, long number) =>
            Answer(number, replyTo) with
            {
                Operation = operation,
                Key = mark.KeyOf(operation),
                Content = null,
                Body = mark.Write(),
            };
        StateEvent[] run = [Mark(StateOperation.RangeBegin, 1), Answer(2, replyTo), Mark(StateOperation.RangeEnd, 3)];
        Assert.All(await sender.SendAsync(run, Ct), o => Assert.Equal(SendResult.Confirmed, o.Result));
        await target.Until(t => t.Received.Count == 3, Ct);
        Assert.All(run.Zip(target.Events), pair => Assert.Equal(pair.First with { Body = default }, pair.Second with { Body = default }));
        Assert.Equal(mark, RangeMark.Read(target.Events.First().Body.Span));

        await sender.SendAsync([Upsert("b", 1, lanes: 1)], Ct);
        await other.Until(t => t.Received.Count == 1, Ct);
        Assert.Equal("b", other.Events.Single().Key);

        Assert.Equal(SendResult.Refused, Assert.Single(await sender.SendAsync([Answer(4, "probe.item.v1.gone.0")], Ct)).Result);
        foreach (var foreign in (string[])["payroll", "probe.item.v1.last", "probe.item.v1.target.parked"])
        {
            var outcome = Assert.Single(await sender.SendAsync([Answer(5, foreign)], Ct));
            Assert.Equal(SendResult.Failed, outcome.Result);
            Assert.Contains($"'{foreign}' is no queue of a target", outcome.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Answers_have_a_connection_of_their_own_and_order_among_themselves()
    {
        var sender = (RabbitSender)await Probes.SenderAsync();
        var target = await Probes.OpenTargetAsync();
        var snapshots = SnapshotLane.Of(ProbeEvents.Lanes(1)[0], target.Open.Values.Single().ReplyTo!);
        StateEvent Answer(int number) =>
            Upsert($"a{number}", 1, lanes: 1, operation: StateOperation.Snapshot) with
            {
                Lane = snapshots,
                LaneNumber = number,
            };
        var sends = new List<Task<IReadOnlyList<SendOutcome>>>();
        // Of both kinds, of one kind, of the other: none waits for what it does not follow.
        for (var i = 1; i < 90; i += 3)
        {
            sends.Add(sender.SendAsync([Answer(i), Upsert($"l{i}", 1, lanes: 1) with { LaneNumber = i }], Ct).AsTask());
            sends.Add(sender.SendAsync([Answer(i + 1)], Ct).AsTask());
            sends.Add(sender.SendAsync([Upsert($"l{i + 2}", 1, lanes: 1) with { LaneNumber = i + 2 }, Answer(i + 2)], Ct).AsTask());
        }
        foreach (var outcomes in await Task.WhenAll(sends))
            Assert.All(outcomes, o => Assert.Equal(SendResult.Confirmed, o.Result));
        await target.Until(t => t.Received.Count == 90 + 60, Ct);
        foreach (var lane in target.Events.GroupBy(e => e.Lane))
            Assert.Equal(lane.Select(e => e.LaneNumber).Order(), lane.Select(e => e.LaneNumber));

        var live = sender.Publisher.Connection;
        await sender.Answers.Connection!.CloseAsync(Ct);
        Assert.Equal(SendResult.Confirmed, Assert.Single(await sender.SendAsync([Answer(91)], Ct)).Result);
        Assert.Equal(SendResult.Confirmed, Assert.Single(await sender.SendAsync([Upsert("last", 1, lanes: 1)], Ct)).Result);
        Assert.Same(live, sender.Publisher.Connection);
        Assert.NotSame(live, sender.Answers.Connection);
    }

    [Fact]
    public async Task Full_queue_refuses_and_the_event_stays_until_there_is_room()
    {
        var sender = await Probes.SenderAsync();
        await (await Probes.OpenTargetAsync(configure: o => o.MaxQueueLength = 10)).DisposeAsync();
        var refused = new List<SendOutcome>();
        for (var i = 0; i < 40; i++)
            refused.AddRange((await sender.SendAsync([Upsert($"k{i}", 1, lanes: 1)], Ct)).Where(o => o.Result != SendResult.Confirmed));
        Assert.NotEmpty(refused);
        Assert.All(refused, o => Assert.Equal(SendResult.Failed, o.Result));
        Assert.All(refused, o => Assert.Contains("MaxQueueLength", o.Reason, StringComparison.Ordinal));

        var target = await Probes.OpenTargetAsync(configure: o => o.MaxQueueLength = 10);
        await target.Until(t => t.Received.Count > 0, Ct);
        var reading = target.Until(t => t.Newest().ContainsKey("last"), Ct);
        await RabbitProbes.UntilConfirmedAsync(sender, Upsert("last", 1, lanes: 1));
        await reading;
    }
}
