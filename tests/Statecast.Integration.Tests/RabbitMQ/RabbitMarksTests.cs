using RabbitMQ.Client;
using Statecast.Conformance.Transport;
using Statecast.Events;
using Statecast.RabbitMQ.Transport;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>What the broker remembers of a source.</summary>
[Collection(RabbitCollection.Name)]
public sealed class RabbitMarksTests(RabbitFixture rabbit) : IAsyncLifetime
{
    private static readonly Guid Other = Guid.Parse("99999999-2222-3333-4444-555555555555");
    private static readonly LaneId Lane = ProbeEvents.Lanes(1)[0];
    private RabbitProbes? _probes;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private RabbitProbes Probes => _probes!;

    public async ValueTask InitializeAsync() => _probes = new(await rabbit.PlaceAsync());

    public ValueTask DisposeAsync() => _probes?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task Marker_is_there_before_the_first_message_of_its_batch()
    {
        var sender = await Probes.SenderAsync();
        await using var connection = await Probes.Place.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        // One queue hears both, in the order in which the broker took them.
        var queue = (await channel.QueueDeclareAsync(cancellationToken: Ct)).QueueName;
        await channel.QueueBindAsync(queue, RabbitProbes.Names.Control, RabbitNames.MarkerKey, cancellationToken: Ct);
        await channel.QueueBindAsync(queue, RabbitProbes.Names.Destination, "0", cancellationToken: Ct);
        for (var i = 1; i <= 10; i++)
            await sender.SendAsync([Upsert("a", i, lanes: 1)], Ct);
        long covered = 0;
        var events = 0;
        while (await channel.BasicGetAsync(queue, autoAck: true, Ct) is { } message)
            if (message.RoutingKey == RabbitNames.MarkerKey)
                covered = RabbitMarker.Read(message.Body.Span).Marks.Max(m => m.Number);
            else
                Assert.Equal(++events, covered);
        Assert.Equal(10, events);
    }

    [Fact]
    public async Task Message_sent_again_needs_no_marker()
    {
        var sender = await Probes.SenderAsync();
        for (var i = 0; i < 5; i++)
            await sender.SendAsync([Upsert("a", 7, lanes: 1)], Ct);
        // Whose the destination is, and the one number.
        await RabbitProbes.UntilAsync(async () => await CountAsync() == 2);
    }

    [Fact]
    public async Task Running_sender_hears_what_another_marks()
    {
        var sender = await Probes.SenderAsync();
        var sleeper = await Probes.SenderAsync();
        await sleeper.SendAsync([Upsert("a", 12, lanes: 1, epoch: 9) with { LeaseId = Other }], Ct);
        // It was confirmed, so it is told at once.
        Assert.Contains(new SentMark(Lane, 9, Other, 12), await sender.ReadMarksAsync([Lane], Ct));
    }

    [Fact]
    public async Task Old_lease_stays_known_while_a_newer_sender_says_much()
    {
        await (await Probes.SenderAsync()).SendAsync([Upsert("a", 12, lanes: 1, epoch: 9) with { LeaseId = Other }], Ct);
        var sender = await Probes.SenderAsync();
        for (var i = 1; i <= 60; i++)
            await sender.SendAsync([Upsert("a", i, lanes: 1)], Ct);
        await RabbitProbes.UntilAsync(async () => await CountAsync() == RabbitTopology.MarkersKept);
        var next = await Probes.SenderAsync();
        var marks = await next.ReadMarksAsync([Lane], Ct);
        Assert.Contains(new SentMark(Lane, 9, Other, 12), marks);
        Assert.Contains(marks, m => m is { Epoch: 7, Number: 60 });
    }

    [Fact]
    public async Task Senders_that_open_at_once_each_find_all_of_it()
    {
        await (await Probes.SenderAsync()).SendAsync([Upsert("a", 12, lanes: 1, epoch: 9) with { LeaseId = Other }], Ct);
        var found = await Task.WhenAll(
            Enumerable.Range(0, 6).Select(async _ => await (await Probes.SenderAsync()).ReadMarksAsync([Lane], Ct))
        );
        Assert.All(found, marks => Assert.Contains(new SentMark(Lane, 9, Other, 12), marks));
    }

    [Fact]
    public async Task Removed_queue_is_made_anew_and_filled_by_the_running_sender()
    {
        var sender = await Probes.SenderAsync();
        await sender.SendAsync([Upsert("a", 12, lanes: 1)], Ct);
        await Probes.Place.DeleteQueueAsync(RabbitProbes.Names.Last);
        var ends = await sender.ReadEndsAsync([Lane], Ct);
        await RabbitProbes.UntilAsync(async () =>
        {
            await sender.SendHeartbeatAsync(Word([.. ends.Select(e => e with { Number = 12 })], Time), Ct);
            return (await Probes.Place.QueuesAsync()).Contains(RabbitProbes.Names.Last);
        });
        var next = await Probes.SenderAsync();
        Assert.Contains(await next.ReadMarksAsync([Lane], Ct), m => m.Number == 12);
    }

    [Fact]
    public async Task Lost_connection_is_opened_again_and_what_came_meanwhile_is_known()
    {
        var sender = await Probes.SenderAsync();
        await Probes.Place.CloseConnectionsAsync();
        var sleeper = await Probes.SenderAsync();
        await sleeper.SendAsync([Upsert("a", 12, lanes: 1, epoch: 9) with { LeaseId = Other }], Ct);
        IReadOnlyList<SentMark> marks = [];
        await RabbitProbes.UntilAsync(async () =>
        {
            try
            {
                marks = await sender.ReadMarksAsync([Lane], Ct);
                return true;
            }
            catch (TransportException)
            {
                // Said, and tried again: nothing is told while it cannot be known.
                return false;
            }
        });
        Assert.Contains(new SentMark(Lane, 9, Other, 12), marks);
    }

    private async Task<uint> CountAsync()
    {
        await using var connection = await Probes.Place.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        return await channel.MessageCountAsync(RabbitProbes.Names.Last, Ct);
    }
}
