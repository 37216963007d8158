using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Statecast.Benchmarks.RabbitMQ;

/// <summary>
/// The limit of publishing, as a careful hand writes it on the bare client: mandatory, confirmations pipelined up to a number under way and kept in a ring, no task and
/// no header for any of them.
/// </summary>
internal sealed class BarePublisher : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly bool[] _confirmed;
    private readonly SemaphoreSlim _moved = new(0);

    // Guards all below.
    private readonly Lock _gate = new();
    private ulong _lowest = 1;
    private ulong _next = 1;
    private string? _failure;
    private ulong _awaited = ulong.MaxValue;

    private BarePublisher(IConnection connection, IChannel channel, int inFlight)
    {
        (_connection, _channel, _confirmed) = (connection, channel, new bool[inFlight]);
        channel.BasicAcksAsync += (_, e) => Confirm(e.DeliveryTag, e.Multiple);
        channel.BasicNacksAsync += (_, e) => Fail($"Message {e.DeliveryTag} was refused.");
        channel.BasicReturnAsync += (_, e) => Fail($"A message to '{e.Exchange}' found no queue.");
        channel.ChannelShutdownAsync += (_, e) => Fail(e.ReplyText);
    }

    public static async Task<BarePublisher> OpenAsync(RabbitServer server, int inFlight)
    {
        var connection = await server.ConnectAsync();
        var channel = await connection.CreateChannelAsync(
            new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false)
        );
        return new(connection, channel, inFlight);
    }

    /// <summary>Publishes, once so many are confirmed that it may be under way.</summary>
    public async ValueTask PublishAsync(string exchange, string key, BasicProperties properties, ReadOnlyMemory<byte> body)
    {
        // Where none may be added, a quarter is waited for: not every confirmation is worth a change of threads.
        if (_next > (ulong)_confirmed.Length && Volatile.Read(ref _lowest) <= _next - (ulong)_confirmed.Length)
            await RoomAsync(_next - (ulong)(_confirmed.Length - _confirmed.Length / 4));
        _next++;
        if (Volatile.Read(ref _failure) is { } failure)
            throw new InvalidOperationException(failure);
        await _channel.BasicPublishAsync(exchange, key, mandatory: true, properties, body);
    }

    /// <summary>Waits until all are confirmed.</summary>
    public ValueTask FlushAsync() => RoomAsync(_next - 1);

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _connection.DisposeAsync();
        _moved.Dispose();
    }

    // Waits until this one and all before it are confirmed.
    private async ValueTask RoomAsync(ulong number)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_failure is not null)
                    throw new InvalidOperationException(_failure);
                if (_lowest > number)
                    return;
                _awaited = number;
            }
            await _moved.WaitAsync();
        }
    }

    private Task Confirm(ulong tag, bool multiple)
    {
        lock (_gate)
        {
            if (multiple)
                while (_lowest <= tag)
                    _confirmed[_lowest++ % (ulong)_confirmed.Length] = false;
            else
                _confirmed[tag % (ulong)_confirmed.Length] = true;
            while (_confirmed[_lowest % (ulong)_confirmed.Length])
                _confirmed[_lowest++ % (ulong)_confirmed.Length] = false;
            Wake();
        }
        return Task.CompletedTask;
    }

    private Task Fail(string reason)
    {
        lock (_gate)
        {
            _failure ??= reason;
            _awaited = 0;
            Wake();
        }
        return Task.CompletedTask;
    }

    private void Wake()
    {
        if (_lowest <= _awaited && _failure is null)
            return;
        _awaited = ulong.MaxValue;
        _moved.Release();
    }
}
