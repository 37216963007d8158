using RabbitMQ.Client;
using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Kafka;
using Statecast.Events;
using Statecast.RabbitMQ;
using Statecast.RabbitMQ.Transport;
using Statecast.Transport;

namespace Statecast.Benchmarks.RabbitMQ;

/// <summary>The ways to send all events into one queue. Each block has a new one. Figures: see <see cref="Metered"/>.</summary>
/// <param name="server">The broker.</param>
/// <param name="events">The events.</param>
/// <param name="quorum">Whether it is a quorum queue, as targets' are; else a classic one, which costs the broker less.</param>
internal sealed class RabbitSendBlocks(RabbitServer server, RabbitEvents events, bool quorum)
{
    private const string Bare = "bench.bare";
    private const string Key = "0";

    // What the relay sends at once by default.
    private const int BatchEvents = 1_000;

    /// <summary>What the relay has under way on this carrier by default.</summary>
    public static int InFlight { get; } = new RabbitMQTransport(new() { Uri = "amqp://localhost" }).Abilities.InFlightEvents;

    /// <summary>Ours: the carrier's sending side, fed as the relay feeds it.</summary>
    public async Task<double[]> StatecastAsync()
    {
        const string Queue = "bench.taken";
        await using var transport = new RabbitMQTransport(new() { Uri = server.Uri });
        await using var sender = await transport.OpenSenderAsync(new("orders", [new(RabbitEvents.Contract, 1, "json")]), default);
        await server.MakeAsync(RabbitEvents.Destination, Queue, quorum, Key);
        var found = await Metered.RunAsync(
            events.Events.Length,
            async () =>
            {
                var under = new Queue<Task<IReadOnlyList<SendOutcome>>>();
                for (var at = 0; at < events.Events.Length; at += BatchEvents)
                {
                    if (under.Count == InFlight / BatchEvents)
                        SendBlocks.Check(await under.Dequeue());
                    var batch = new ArraySegment<StateEvent>(events.Events, at, Math.Min(BatchEvents, events.Events.Length - at));
                    under.Enqueue(sender.SendAsync(batch, default).AsTask());
                }
                while (under.TryDequeue(out var last))
                    SendBlocks.Check(await last);
            }
        );
        await RequireAllAsync(Queue);
        await server.RemoveQueuesAsync(Queue);
        return found;
    }

    /// <summary>The limit: the bare client, confirmations tracked by hand, of messages that were made before.</summary>
    public async Task<double[]> BareAsync()
    {
        await server.MakeAsync(Bare, Bare, quorum, Key);
        await using var publisher = await BarePublisher.OpenAsync(server, InFlight);
        var found = await Metered.RunAsync(
            events.Messages.Length,
            async () =>
            {
                foreach (var (properties, body) in events.Messages)
                    await publisher.PublishAsync(Bare, Key, properties, body);
                await publisher.FlushAsync();
            }
        );
        await RequireAllAsync(Bare);
        await server.RemoveQueuesAsync(Bare);
        return found;
    }

    /// <summary>The client's own tracking: a task and a header for each message, as many under way.</summary>
    public async Task<double[]> TrackedAsync()
    {
        await server.MakeAsync(Bare, Bare, quorum, Key);
        await using var connection = await server.ConnectAsync();
        // Without its own limiter, which slows down long before it is reached.
        await using var channel = await connection.CreateChannelAsync(new(true, true, outstandingPublisherConfirmationsRateLimiter: null));
        var found = await Metered.RunAsync(
            events.Messages.Length,
            async () =>
            {
                var under = new Queue<ValueTask>(InFlight);
                foreach (var (properties, body) in events.Messages)
                {
                    if (under.Count == InFlight)
                        await under.Dequeue();
                    under.Enqueue(channel.BasicPublishAsync(Bare, Key, mandatory: true, properties, body));
                }
                while (under.TryDequeue(out var last))
                    await last;
            }
        );
        await RequireAllAsync(Bare);
        await server.RemoveQueuesAsync(Bare);
        return found;
    }

    private async Task RequireAllAsync(string queue)
    {
        // A queue's count follows its confirmations.
        for (var looks = 0; await server.CountAsync(queue) != events.Events.Length; looks++)
            if (looks < 100)
                await Task.Delay(20);
            else
                throw new InvalidOperationException(
                    $"There are {await server.CountAsync(queue)} messages in '{queue}', and not {events.Events.Length}."
                );
    }
}
