using System.Threading.Channels;
using RabbitMQ.Client;
using Statecast.Events;

namespace Statecast.RabbitMQ.Transport;

/// <summary>
/// Lanes that the source has no more. Each is read until nothing stands in its queue, and closed behind its last message; the queue stays until all that it brought
/// is in the replica. Who dies in between finds it again, reads it, and closes it once more. Called by the loop of the lanes, but for acknowledgements.
/// </summary>
/// <param name="parts">What is shared.</param>
/// <param name="connection">The target's.</param>
/// <param name="names">Its names.</param>
/// <param name="inbox">Where its messages wait.</param>
internal sealed class RabbitLeftLanes(RabbitParts parts, IConnection connection, RabbitTargetNames names, ChannelWriter<object> inbox)
{
    // The newest message that each closed one brought.
    private readonly SortedDictionary<int, ulong> _closed = [];

    private bool _any;

    // Told by whoever acknowledges.
    private ulong _acknowledged;

    // The newest message that a closed lane waits for; 0 for none.
    private ulong _awaited;

    /// <summary>Notes that everything up to a message is in the replica.</summary>
    /// <returns>Whether lanes waited for that.</returns>
    public bool Acknowledged(ulong upTo)
    {
        Interlocked.Exchange(ref _acknowledged, upTo);
        // A look costs the broker something: not at every acknowledgement.
        return Interlocked.Read(ref _awaited) is var awaited and > 0
            && upTo >= awaited
            && Interlocked.CompareExchange(ref _awaited, 0, awaited) == awaited;
    }

    /// <summary>Some lanes went, and are still read.</summary>
    public void Expect() => _any = true;

    /// <summary>A lane is there again.</summary>
    public void Return(int lane) => _closed.Remove(lane);

    /// <summary>Goes on with all that went.</summary>
    /// <param name="channel">What they are read on.</param>
    /// <param name="read">The lanes that are read.</param>
    /// <param name="count">How many lanes there are.</param>
    /// <param name="ct">Ends it.</param>
    public async Task LookAsync(IChannel channel, Dictionary<int, RabbitConsumer> read, int count, CancellationToken ct)
    {
        if (!_any)
            return;
        var going = read.Keys.Where(l => l >= count).OrderDescending().ToList();
        foreach (var lane in going)
            if (await CloseAsync(channel, read[lane], ct).ConfigureAwait(false))
                read.Remove(lane);
        // From the last one down: the next start counts the queues until one is missing.
        foreach (var (lane, newest) in _closed.Reverse().ToList())
        {
            if (
                read.Keys.Any(l => l > lane)
                || Interlocked.Read(ref _acknowledged) < newest
                || !await parts.Topology.RemoveEmptyAsync(connection, names.Queue(lane), ct).ConfigureAwait(false)
            )
                break;
            _closed.Remove(lane);
        }
        _any = _closed.Count > 0 || read.Keys.Any(l => l >= count);
    }

    private async Task<bool> CloseAsync(IChannel channel, RabbitConsumer consumer, CancellationToken ct)
    {
        // What another reader left unacknowledged may be on its way back into the queue at first.
        if (parts.Surroundings.Clock.GetElapsedTime(consumer.Since) < parts.Options.TopologyLookInterval)
            return false;
        if (await parts.Topology.FindAsync(connection, consumer.Queue, ct).ConfigureAwait(false) is { MessageCount: > 0 })
            return false;
        await channel.BasicCancelAsync(consumer.Tag!, cancellationToken: ct).ConfigureAwait(false);
        // What was delivered before is in the inbox by then.
        await consumer.Over.WaitAsync(ct).ConfigureAwait(false);
        _closed[consumer.Lane] = consumer.Newest;
        Interlocked.Exchange(ref _awaited, _closed.Values.Max());
        inbox.TryWrite(new RabbitLaneNews([new LaneId(names.Of.Destination, consumer.Lane)], []));
        return true;
    }
}
