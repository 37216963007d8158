using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Conformance.Transport;

/// <summary>Reads a faulty queue: no positions, acknowledgements that get lost, messages that overtake each other.</summary>
internal sealed class FaultyQueueReceiver(FaultyTransport transport, ReceiverOptions options, FaultyQueue queue)
    : FaultyReceiver(transport, options)
{
    private const int Window = 8;

    public override ValueTask AcknowledgeAsync(Delivery delivery, CancellationToken ct)
    {
        lock (Transport.Gate)
        {
            RevokeUnderWay();
            if (delivery.Handle is not List<FaultyMessage> taken)
                return ValueTask.CompletedTask;
            var lost = Transport.Happens(Transport.Options.Redeliver, "lost acknowledgement");
            foreach (var message in taken)
                // What was taken away meanwhile is no longer this target's to acknowledge: it waits again already.
                if (queue.Unacknowledged.Remove(message) && lost)
                    queue.Messages.Insert(0, message);
            if (lost)
                Transport.Change();
        }
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        lock (Transport.Gate)
        {
            queue.Messages.InsertRange(0, queue.Unacknowledged);
            queue.Unacknowledged.Clear();
            Transport.Change();
        }
        return ValueTask.CompletedTask;
    }

    protected override LaneOpened Opened(FaultyDestination destination, FaultyLane lane) =>
        Transport.Options.Answers
            ? new(lane.Id, 0, 0) { ReplyTo = queue.Name, IsNew = queue.IsNew(lane.Id.Number) }
            : new LaneOpened(lane.Id, 0, 0);

    protected override void Closed(int lane)
    {
        foreach (var message in queue.Unacknowledged.Where(m => m.Event?.Lane.Number == lane).ToList())
        {
            queue.Unacknowledged.Remove(message);
            queue.Messages.Insert(0, message);
        }
    }

    protected override (List<LaneBatch> Batches, List<Heartbeat> Heartbeats, object? Handle) Take(
        FaultyDestination destination,
        int maxEvents
    )
    {
        var taken = new List<FaultyMessage>();
        var events = new SortedDictionary<int, List<ReceivedEvent>>();
        var heartbeats = new List<Heartbeat>();
        var maxBytes = MaxBytes;
        while (maxEvents > 0 && maxBytes > 0 && Pick() is { } message)
        {
            if (Hides(Transport.Options.Duplicate, "delivered twice"))
                queue.Messages.Add(message);
            queue.Unacknowledged.Add(message);
            taken.Add(message);
            if (message.Heartbeat is { } word)
            {
                heartbeats.Add(word);
                break; // in-band: what follows it in the queue comes after it
            }
            maxEvents--;
            maxBytes -= message.Event!.Body.Length;
            var lane = message.Event.Lane.Number;
            if (!events.TryGetValue(lane, out var list))
                events.Add(lane, list = []);
            list.Add(new(message.Event, 0));
            if (Hides(Transport.Options.ShortRead, "short read"))
                break;
        }
        var batches = events.Select(e => new LaneBatch(new(destination.Name, e.Key), e.Value, 0, AtTail: false)).ToList();
        return (batches, heartbeats, taken.Count > 0 ? taken : null);
    }

    private FaultyMessage? Pick()
    {
        var ready = queue
            .Messages.Where(m => m.Heartbeat is not null || Lanes.GetValueOrDefault(m.Event!.Lane.Number) is not null)
            .ToList();
        if (ready.Count == 0)
            return null;
        var message =
            ready.Count > 1 && Transport.Happens(Transport.Options.Reorder, "overtaken")
                ? ready[Transport.Any(Math.Min(Window, ready.Count))]
                : ready[0];
        queue.Messages.Remove(message);
        return message;
    }
}
