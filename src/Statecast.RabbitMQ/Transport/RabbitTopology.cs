using System.Buffers.Binary;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>Declares exchanges, queues and bindings, which also checks what is there: the broker refuses what differs.</summary>
/// <param name="options">The settings.</param>
/// <param name="faults">Explains what the broker says.</param>
internal sealed class RabbitTopology(RabbitMQOptions options, RabbitFaults faults)
{
    /// <summary>How many markers a destination keeps.</summary>
    public const int MarkersKept = 16;

    // What waits to be read by one party alone, and is answered by it: so many are no longer read by anybody.
    private const int MaxRequests = 10_000;

    private const ushort NotFound = 404;
    private const ushort Different = 406;
    private const ushort AccessRefused = 403;

    /// <summary>What a source needs of a destination, apart from its exchange.</summary>
    public async Task DeclareSourceAsync(IConnection connection, RabbitNames names, CancellationToken ct)
    {
        await DeclareControlAsync(connection, names, ct).ConfigureAwait(false);
        await DeclareAsync(connection, names.Last, Quorum(("x-max-length", MarkersKept), ("x-overflow", "drop-head")), ct)
            .ConfigureAwait(false);
        await DeclareAsync(connection, names.Requests, Refusing(("x-max-length", MaxRequests)), ct).ConfigureAwait(false);
        await DeclareAsync(connection, names.Targets, Refusing(("x-max-length", MaxRequests)), ct).ConfigureAwait(false);
        await BindSourceAsync(connection, names, ct).ConfigureAwait(false);
    }

    /// <summary>The bindings of what a source needs, which is there.</summary>
    public async Task BindSourceAsync(IConnection connection, RabbitNames names, CancellationToken ct)
    {
        await BindAsync(connection, names.Last, names.Control, [RabbitNames.MarkerKey], ct).ConfigureAwait(false);
        await BindAsync(connection, names.Requests, names.Asks, [RabbitNames.RequestKey], ct).ConfigureAwait(false);
        await BindAsync(connection, names.Targets, names.Asks, [RabbitNames.TargetKey], ct).ConfigureAwait(false);
    }

    /// <summary>The exchange that a source publishes to.</summary>
    public Task DeclareExchangeAsync(IConnection connection, RabbitNames names, CancellationToken ct) =>
        DeclareExchangeAsync(connection, names.Destination, autoDelete: false, ct);

    /// <summary>The exchanges for everything but states: what the source says, and what targets do.</summary>
    public async Task DeclareControlAsync(IConnection connection, RabbitNames names, CancellationToken ct)
    {
        await DeclareExchangeAsync(connection, names.Control, autoDelete: false, ct).ConfigureAwait(false);
        await DeclareExchangeAsync(connection, names.Asks, autoDelete: false, ct).ConfigureAwait(false);
    }

    /// <summary>Removes a queue that no lane leads to any more, once it is empty. Called when nothing of it is unacknowledged: the broker does not say.</summary>
    /// <returns>Whether it is gone.</returns>
    public async Task<bool> RemoveEmptyAsync(IConnection connection, string queue, CancellationToken ct)
    {
        if (await FindAsync(connection, queue, ct).ConfigureAwait(false) is not { } found)
            return true;
        if (found.MessageCount > 0)
            return false;
        await DoAsync(
                connection,
                $"removing the queue '{queue}'",
                channel => channel.QueueDeleteAsync(queue, ifUnused: false, ifEmpty: false, cancellationToken: ct),
                ct
            )
            .ConfigureAwait(false);
        return true;
    }

    /// <summary>What one target needs besides its lanes' queues: where dead letters go.</summary>
    /// <param name="connection">The target's.</param>
    /// <param name="names">Its names.</param>
    /// <param name="expires">Whether the queues go when nobody reads them.</param>
    /// <param name="ct">Ends it.</param>
    public async Task DeclareTargetAsync(IConnection connection, RabbitTargetNames names, bool expires, CancellationToken ct)
    {
        await DeclareExchangeAsync(connection, names.Dead, autoDelete: expires, ct).ConfigureAwait(false);
        (string, object?)[] expiry = expires ? [Expiry] : [];
        await DeclareAsync(connection, names.Parked, Quorum(expiry), ct).ConfigureAwait(false);
        await DeclareAsync(connection, names.Expired, Quorum([("x-max-length", 1), ("x-overflow", "drop-head"), .. expiry]), ct)
            .ConfigureAwait(false);
    }

    /// <summary>
    /// Says in which store the replica is, for as long as the connection lives, unless another instance says otherwise. The broker compares: a queue that is there
    /// is declared again with equal arguments only, and its length limit, which nothing ever reaches, is made of the store's id.
    /// </summary>
    /// <exception cref="TransportException">Another instance reads these queues into another store.</exception>
    public async Task ClaimStoreAsync(IConnection connection, RabbitTargetNames names, Guid store, CancellationToken ct)
    {
        var arguments = new Dictionary<string, object?>
        {
            ["x-queue-type"] = "classic",
            ["x-max-length"] = 1 + (BinaryPrimitives.ReadInt32LittleEndian(store.ToByteArray()) & 0x3FFF_FFFF),
            // What a broker that restarted kept of readers that never came back.
            ["x-expires"] = 60_000,
        };
        var channel = await OpenAsync(connection, ct).ConfigureAwait(false);
        try
        {
            await channel
                .QueueDeclareAsync(names.Store, durable: true, exclusive: false, autoDelete: true, arguments, cancellationToken: ct)
                .ConfigureAwait(false);
            // The channel stays open: the queue goes with its last reader.
            await channel.BasicConsumeAsync(names.Store, autoAck: true, new AsyncDefaultBasicConsumer(channel), ct).ConfigureAwait(false);
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Different)
        {
            throw new TransportException(
                $"The queues '{names.Prefix}.…' are read by another instance, which keeps the replica in another store: each would get a part. Give this instance queues of its own "
                    + "with .Instance(\"name\"), another name in each; or let the instances share one store. If the other one is about to stop, this one begins once it is gone.",
                e
            );
        }
        catch (Exception e) when (RabbitFaults.IsExpected(e) && !ct.IsCancellationRequested)
        {
            throw faults.Explain(e, $"declaring the queue '{names.Store}'");
        }
    }

    /// <summary>One lane's queue, and its bindings.</summary>
    /// <returns>Whether it was not there: what was sent before is lost to this target.</returns>
    public async Task<bool> DeclareLaneAsync(IConnection connection, RabbitTargetNames names, int lane, bool expires, CancellationToken ct)
    {
        var queue = names.Queue(lane);
        var isNew = await FindAsync(connection, queue, ct).ConfigureAwait(false) is null;
        await DeclareAsync(connection, queue, LaneArguments(names, expires), ct).ConfigureAwait(false);
        await BindLaneAsync(connection, names, lane, ct).ConfigureAwait(false);
        return isNew;
    }

    /// <summary>The bindings of a lane's queue that is there.</summary>
    /// <exception cref="TransportException">It is not, or the broker refuses.</exception>
    public async Task BindLaneAsync(IConnection connection, RabbitTargetNames names, int lane, CancellationToken ct)
    {
        // Where its dead letters go, before there can be any.
        await BindAsync(connection, names.Parked, names.Dead, [RabbitNames.LaneKey(lane), names.Queue(lane)], ct).ConfigureAwait(false);
        await BindAsync(connection, names.Expired, names.Dead, [RabbitNames.HeartbeatKey(lane)], ct).ConfigureAwait(false);
        await BindAsync(
                connection,
                names.Queue(lane),
                names.Of.Destination,
                [RabbitNames.LaneKey(lane), RabbitNames.HeartbeatKey(lane)],
                ct
            )
            .ConfigureAwait(false);
    }

    /// <summary>How many messages of a queue are ready; null if there is no such queue.</summary>
    public async Task<QueueDeclareOk?> FindAsync(IConnection connection, string queue, CancellationToken ct)
    {
        await using var channel = await OpenAsync(connection, ct).ConfigureAwait(false);
        try
        {
            return await channel.QueueDeclarePassiveAsync(queue, ct).ConfigureAwait(false);
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == NotFound)
        {
            return null;
        }
        catch (Exception e) when (RabbitFaults.IsExpected(e) && !ct.IsCancellationRequested)
        {
            throw faults.Explain(e, $"looking for the queue '{queue}'");
        }
    }

    /// <summary>Whether an exchange is there.</summary>
    public async Task<bool> HasExchangeAsync(IConnection connection, string exchange, CancellationToken ct)
    {
        await using var channel = await OpenAsync(connection, ct).ConfigureAwait(false);
        try
        {
            await channel.ExchangeDeclarePassiveAsync(exchange, ct).ConfigureAwait(false);
            return true;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == NotFound)
        {
            return false;
        }
        catch (Exception e) when (RabbitFaults.IsExpected(e) && !ct.IsCancellationRequested)
        {
            throw faults.Explain(e, $"looking for the exchange '{exchange}'");
        }
    }

    /// <summary>A queue that only this connection sees, and that goes with it, bound to exchanges by keys.</summary>
    public Task DeclareHearingAsync(
        IConnection connection,
        string queue,
        IReadOnlyList<(string Exchange, string Key)> bindings,
        CancellationToken ct
    ) =>
        DoAsync(
            connection,
            $"declaring the queue '{queue}'",
            async channel =>
            {
                await channel
                    .QueueDeclareAsync(queue, durable: false, exclusive: true, autoDelete: true, cancellationToken: ct)
                    .ConfigureAwait(false);
                foreach (var (exchange, key) in bindings)
                    await channel.QueueBindAsync(queue, exchange, key, cancellationToken: ct).ConfigureAwait(false);
            },
            ct
        );

    private (string, object?) Expiry => ("x-expires", (int)options.MemoryQueueExpiry.TotalMilliseconds);

    private Dictionary<string, object?> LaneArguments(RabbitTargetNames names, bool expires)
    {
        var arguments = Refusing(
            ("x-single-active-consumer", true),
            ("x-dead-letter-exchange", names.Dead),
            ("x-dead-letter-strategy", "at-least-once")
        );
        if (options.MaxQueueLength is { } length)
            arguments["x-max-length"] = length;
        if (expires)
            arguments[Expiry.Item1] = Expiry.Item2;
        return arguments;
    }

    private Dictionary<string, object?> Refusing(params (string Name, object? Value)[] more) =>
        Quorum([("x-overflow", "reject-publish"), .. more]);

    private Dictionary<string, object?> Quorum(params (string Name, object? Value)[] more)
    {
        // A limit that is said: older brokers have none, newer ones drop after 20, and -1 means "none" to the ones and 0 to the others.
        var arguments = new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = (int)options.DeliveryLimit };
        if (options.QuorumSize is { } size)
            arguments["x-quorum-initial-group-size"] = size;
        foreach (var (name, value) in more)
            arguments[name] = value;
        return arguments;
    }

    // Who may not make an exchange finds one that somebody else made.
    private async Task DeclareExchangeAsync(IConnection connection, string exchange, bool autoDelete, CancellationToken ct)
    {
        try
        {
            await DoAsync(
                    connection,
                    $"declaring the exchange '{exchange}'",
                    channel =>
                        channel.ExchangeDeclareAsync(exchange, ExchangeType.Direct, durable: true, autoDelete, cancellationToken: ct),
                    ct
                )
                .ConfigureAwait(false);
        }
        catch (TransportException e) when (e.InnerException is OperationInterruptedException { ShutdownReason.ReplyCode: AccessRefused })
        {
            if (!await HasExchangeAsync(connection, exchange, ct).ConfigureAwait(false))
                throw;
        }
    }

    private Task DeclareAsync(IConnection connection, string queue, Dictionary<string, object?> arguments, CancellationToken ct) =>
        DoAsync(
            connection,
            $"declaring the queue '{queue}'",
            channel =>
                channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: ct),
            ct
        );

    private Task BindAsync(IConnection connection, string queue, string exchange, IReadOnlyList<string> keys, CancellationToken ct) =>
        DoAsync(
            connection,
            $"binding the queue '{queue}' to '{exchange}'",
            async channel =>
            {
                foreach (var key in keys)
                    await channel.QueueBindAsync(queue, exchange, key, cancellationToken: ct).ConfigureAwait(false);
            },
            ct
        );

    // On a channel of its own: whatever fails closes it.
    private async Task DoAsync(IConnection connection, string doing, Func<IChannel, Task> act, CancellationToken ct)
    {
        try
        {
            await using var channel = await OpenAsync(connection, ct).ConfigureAwait(false);
            await act(channel).ConfigureAwait(false);
        }
        catch (Exception e) when (RabbitFaults.IsExpected(e) && !ct.IsCancellationRequested)
        {
            throw faults.Explain(e, doing);
        }
    }

    private async Task<IChannel> OpenAsync(IConnection connection, CancellationToken ct)
    {
        try
        {
            return await connection.CreateChannelAsync(cancellationToken: ct).ConfigureAwait(false);
        }
        catch (Exception e) when (RabbitFaults.IsExpected(e) && !ct.IsCancellationRequested)
        {
            throw faults.Explain(e, "opening a channel");
        }
    }
}
