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
    public IChannel? Channel => channel;

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
        return Task.CompletedTask;
    }

    public Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        Ended();
        return Task.CompletedTask;
    }

    public Task HandleBasicCancelOkAsync(string consumerTag, CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task HandleBasicConsumeOkAsync(string consumerTag, CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task HandleChannelShutdownAsync(object channel, ShutdownEventArgs reason) => Task.CompletedTask;
}
