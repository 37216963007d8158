using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Statecast.RabbitMQ.Transport;

/// <summary>Puts what one lane's queue brings into the target's inbox. The client's buffer is its own: bodies are copied.</summary>
/// <param name="channel">The channel.</param>
/// <param name="lane">The lane.</param>
/// <param name="queue">Its queue.</param>
/// <param name="inbox">Where to.</param>
internal sealed class RabbitConsumer(IChannel channel, int lane, string queue, ChannelWriter<object> inbox) : IAsyncBasicConsumer
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong _newest;

    public IChannel? Channel => channel;

    public int Lane => lane;

    public string Queue => queue;

    /// <summary>What the broker calls it.</summary>
    public string? Tag { get; set; }

    /// <summary>Since when it reads.</summary>
    public required long Since { get; init; }

    /// <summary>The newest message that it brought; 0 for none.</summary>
    public ulong Newest => Volatile.Read(ref _newest);

    /// <summary>Ends when it brings nothing more.</summary>
    public Task Over => _over.Task;

    /// <summary>Called when the broker ended it: its queue was removed, or its node went.</summary>
    public required Action Ended { get; init; }

    public Task HandleBasicDeliverAsync(
        string consumerTag,
        ulong deliveryTag,
        bool redelivered,
        string exchange,
        string routingKey,
        IReadOnlyBasicProperties properties,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken = default
    )
    {
        inbox.TryWrite(new RabbitDelivery(lane, deliveryTag, queue, exchange.Length == 0, properties, body.ToArray()));
        Volatile.Write(ref _newest, deliveryTag);
        return Task.CompletedTask;
    }

    public Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        Ended();
        return EndAsync();
    }

    public Task HandleBasicCancelOkAsync(string consumerTag, CancellationToken cancellationToken = default) => EndAsync();

    public Task HandleBasicConsumeOkAsync(string consumerTag, CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task HandleChannelShutdownAsync(object channel, ShutdownEventArgs reason) => EndAsync();

    private Task EndAsync()
    {
        _over.TrySetResult();
        return Task.CompletedTask;
    }
}
