using System.Diagnostics;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Orders;

namespace Statecast.Benchmarks.RabbitMQ;

/// <summary>What the client, the broker and this machine take by themselves: from a bare publish to the consumer's call, by a quorum queue, at even intervals.</summary>
internal sealed class RabbitLatency : IAsyncDisposable
{
    private const string Queue = "bench.latency";
    private const int Lines = 3;
    private readonly IConnection _connection;
    private readonly BarePublisher _publisher;
    private readonly RabbitServer _server;

    private RabbitLatency(RabbitServer server, IConnection connection, BarePublisher publisher) =>
        (_server, _connection, _publisher) = (server, connection, publisher);

    public static async Task<RabbitLatency> StartAsync(RabbitServer server)
    {
        await server.MakeAsync(Queue, Queue);
        return new(server, await server.ConnectAsync(), await BarePublisher.OpenAsync(server, RabbitSendBlocks.InFlight));
    }

    /// <returns>Milliseconds: p50, p99.</returns>
    public async Task<double[]> RunAsync(int orders, int perSecond)
    {
        var (sent, came) = (new long[orders], new long[orders]);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var channel = await _connection.CreateChannelAsync();
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, e) =>
        {
            var number = int.Parse(e.BasicProperties.MessageId!);
            came[number] = Stopwatch.GetTimestamp();
            await channel.BasicAckAsync(e.DeliveryTag, multiple: false);
            if (number == orders - 1)
                done.SetResult();
        };
        await channel.BasicConsumeAsync(Queue, autoAck: false, consumer);
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < orders; i++)
        {
            var due = TimeSpan.FromSeconds(i / (double)perSecond) - Stopwatch.GetElapsedTime(started);
            if (due > TimeSpan.Zero)
                await Task.Delay(due);
            var body = OrderJson.Serialize(OrderMaker.Make(i, Lines).ToState());
            var properties = new BasicProperties { MessageId = $"{i}", DeliveryMode = DeliveryModes.Persistent };
            sent[i] = Stopwatch.GetTimestamp();
            await _publisher.PublishAsync(Queue, "0", properties, body);
        }
        await done.Task;
        var millis = came.Select((at, i) => Figure.Micros(sent[i], at) / 1000).Order().ToList();
        return [Figure.Percentile(millis, 50), Figure.Percentile(millis, 99)];
    }

    public async ValueTask DisposeAsync()
    {
        await _publisher.DisposeAsync();
        await _connection.DisposeAsync();
        await _server.RemoveQueuesAsync(Queue);
    }
}
