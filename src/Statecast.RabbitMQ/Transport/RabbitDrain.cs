using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>Another number of lanes moves keys from queue to queue: it is taken only once every target has read what stands in the old ones.</summary>
/// <param name="parts">What is shared.</param>
internal sealed class RabbitDrain(RabbitParts parts)
{
    // So many are kept without a look for doubles.
    private const int MostWords = 100;

    /// <summary>Requires that the queues of all targets that ever made some are empty, or gone.</summary>
    /// <exception cref="TransportException">They are not.</exception>
    public async Task RequireDrainedAsync(RabbitDestination destination, int before, IConnection connection, CancellationToken ct)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var word in await ReadTargetsAsync(destination.Names, connection, ct).ConfigureAwait(false))
        // A name may be null, whatever its type says: the platform looks at members alone.
        foreach (var queue in word.Queues.Where(q => q is not null && destination.Names.MayBeReplyQueue(q) && seen.Add(q)))
            if (await parts.Topology.FindAsync(connection, queue, ct).ConfigureAwait(false) is { MessageCount: > 0 and var left })
                throw new TransportException(
                    $"'{destination.Names.Destination}' has {before} lanes, and its source now declares {destination.Lanes}: keys would move between queues, and '{word.Target}' still has {left} messages in '{queue}'. "
                        + $"Start the source with Lanes = {before}, stop it, let its targets read all that is there, then start it with {destination.Lanes}. A target that is no more: remove its queues."
                );
        LogMessages.LanesChanged(parts.Surroundings.Logger, destination.Names.Destination, before, destination.Lanes);
    }

    /// <summary>A target says its queues at each start: of equal words the newest is kept, before the queue is full and takes none of a newcomer.</summary>
    public static async Task ForgetDoublesAsync(RabbitNames names, uint words, IConnection connection, CancellationToken ct)
    {
        if (words <= MostWords)
            return;
        try
        {
            await ReadTargetsAsync(names, connection, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (RabbitFaults.IsExpected(e) && !ct.IsCancellationRequested)
        {
            // The next look does it, or finds what is missing.
        }
    }

    private static async Task<IReadOnlyCollection<RabbitTargetWord>> ReadTargetsAsync(
        RabbitNames names,
        IConnection connection,
        CancellationToken ct
    )
    {
        var found = new Dictionary<string, (ulong Tag, RabbitTargetWord Word)>(StringComparer.Ordinal);
        // What was not acknowledged goes back when the channel closes.
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct).ConfigureAwait(false);
        while (await channel.BasicGetAsync(names.Targets, autoAck: false, ct).ConfigureAwait(false) is { } message)
            try
            {
                var text = Encoding.UTF8.GetString(message.Body.Span);
                if (JsonSerializer.Deserialize(text, RabbitJson.Default.RabbitTargetWord) is not { } word)
                    continue;
                if (found.TryGetValue(text, out var older))
                    await channel.BasicAckAsync(older.Tag, multiple: false, ct).ConfigureAwait(false);
                found[text] = (message.DeliveryTag, word);
            }
            catch (JsonException)
            {
                // Nobody's word: there is no queue to look at.
            }
        return [.. found.Values.Select(f => f.Word)];
    }
}
