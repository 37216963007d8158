using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Statecast.RabbitMQ.Transport;

/// <summary>
/// One connection with one channel to publish on, and what is under way on it. Confirmations are tracked here: the client's own tracking can wait for one for
/// ever, and writes a header into every message. Used once: what fails is given up as a whole.
/// </summary>
internal sealed class RabbitLink
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly RabbitFaults _faults;
    private readonly ILogger _logger;

    // Guards all below.
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, Pending> _pending = [];
    private readonly HashSet<RabbitBatch> _batches = [];
    private ulong _lowest = 1;
    private ulong _next = 1;
    private string? _broken;
    private TaskCompletionSource? _unblocked;
    private string? _blockedFor;
    private int _abandoned;
    private long _refusedAt;

    private RabbitLink(IConnection connection, IChannel channel, RabbitFaults faults, ILogger logger)
    {
        (_connection, _channel, _faults, _logger) = (connection, channel, faults, logger);
        channel.BasicAcksAsync += (_, e) => Answer(e.DeliveryTag, e.Multiple, RabbitAnswer.Confirmed);
        channel.BasicNacksAsync += (_, e) => Answer(e.DeliveryTag, e.Multiple, RabbitAnswer.Refused);
        channel.BasicReturnAsync += (_, e) => Returned(e);
        channel.ChannelShutdownAsync += (_, e) => Ended(e);
        connection.ConnectionShutdownAsync += (_, e) => Ended(e);
        connection.ConnectionBlockedAsync += (_, e) => Blocked(e.Reason);
        connection.ConnectionUnblockedAsync += (_, _) => Unblocked();
        if (channel.CloseReason is { } closed)
            Ended(closed);
    }

    public IConnection Connection => _connection;

    public bool IsBroken => _broken is not null;

    /// <summary>Why the broker takes nothing now; null if it does.</summary>
    public string? BlockedFor => _blockedFor;

    /// <summary>Ends when the broker takes messages again.</summary>
    public Task WhenUnblocked
    {
        get
        {
            lock (_gate)
                return _unblocked?.Task ?? Task.CompletedTask;
        }
    }

    public static async Task<RabbitLink> OpenAsync(RabbitConnections connections, string who, ILogger logger, CancellationToken ct)
    {
        var connection = await connections.ConnectAsync(who, ct).ConfigureAwait(false);
        try
        {
            var options = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false);
            var channel = await connection.CreateChannelAsync(options, ct).ConfigureAwait(false);
            return new(connection, channel, connections.Faults, logger);
        }
        catch (Exception e)
        {
            await RabbitConnections.AbandonAsync(connection).ConfigureAwait(false);
            if (RabbitFaults.IsExpected(e) && !ct.IsCancellationRequested)
                throw connections.Faults.Explain(e, "opening a channel to publish on");
            throw;
        }
    }

    /// <summary>Hands messages over in order. Called by one caller at a time.</summary>
    public async Task HandOverAsync(IReadOnlyList<RabbitPublish> publishes, RabbitBatch batch, CancellationToken ct)
    {
        lock (_gate)
            _batches.Add(batch);
        for (var i = 0; i < publishes.Count; i++)
        {
            var publish = publishes[i];
            lock (_gate)
            {
                if (_broken is not null)
                {
                    // What went before is not known, what comes after was not sent, and is sent again all the same.
                    batch.GiveUp(_broken);
                    return;
                }
                _pending.Add(_next++, new(batch, i, publish));
            }
            try
            {
                await _channel
                    .BasicPublishAsync(publish.Exchange, publish.RoutingKey, mandatory: true, publish.Properties, publish.Body, ct)
                    .ConfigureAwait(false);
            }
            catch (Exception e) when (RabbitFaults.IsExpected(e))
            {
                // The channel's own numbering may have gone on or not: nothing more can be told of it.
                Break(_faults.Explain(e, "publishing").Message);
                ct.ThrowIfCancellationRequested();
                return;
            }
        }
    }

    /// <summary>Forgets a batch that is done.</summary>
    public void Forget(RabbitBatch batch)
    {
        lock (_gate)
            _batches.Remove(batch);
    }

    /// <summary>Notes that a message was refused.</summary>
    /// <returns>How long ago the first one was.</returns>
    public TimeSpan Refused(TimeProvider clock)
    {
        Interlocked.CompareExchange(ref _refusedAt, clock.GetTimestamp(), 0);
        return clock.GetElapsedTime(Interlocked.Read(ref _refusedAt));
    }

    /// <summary>Gives it up: what is not known stays unknown.</summary>
    public void Break(string reason)
    {
        RabbitBatch[] batches;
        lock (_gate)
        {
            _broken ??= reason;
            batches = [.. _batches];
            _pending.Clear();
            _unblocked?.TrySetResult();
        }
        foreach (var batch in batches)
            batch.GiveUp(reason);
    }

    /// <summary>Closes the connection, once.</summary>
    public Task AbandonAsync() =>
        Interlocked.Exchange(ref _abandoned, 1) == 0 ? RabbitConnections.AbandonAsync(_connection) : Task.CompletedTask;

    private Task Answer(ulong tag, bool multiple, RabbitAnswer answer)
    {
        lock (_gate)
        {
            if (multiple)
                for (; _lowest <= tag; _lowest++)
                    Settle(_lowest, answer);
            else
                Settle(tag, answer);
            while (_lowest < _next && !_pending.ContainsKey(_lowest))
                _lowest++;
        }
        return Task.CompletedTask;
    }

    private void Settle(ulong tag, RabbitAnswer answer)
    {
        if (!_pending.Remove(tag, out var pending))
            return;
        pending.Batch.Set(
            pending.Index,
            pending.IsReturned ? new(RabbitAnswer.Unrouted)
                : answer == RabbitAnswer.Confirmed ? new(answer)
                : new(
                    answer,
                    $"The broker refused a message to '{pending.Publish.Exchange}' with key '{pending.Publish.RoutingKey}': a queue that is bound to it has reached its greatest length (MaxQueueLength), or cannot store now. Let its target catch up, or raise the limit."
                )
        );
    }

    // It comes before the message's confirmation. What is returned is mostly the oldest under way. One event in two majors has one id, and goes to two exchanges.
    private Task Returned(BasicReturnEventArgs e)
    {
        lock (_gate)
            for (var tag = _lowest; tag < _next; tag++)
                if (
                    _pending.TryGetValue(tag, out var pending)
                    && !pending.IsReturned
                    && pending.Publish.Properties.MessageId == e.BasicProperties.MessageId
                    && pending.Publish.RoutingKey == e.RoutingKey
                    && pending.Publish.Exchange == e.Exchange
                )
                {
                    _pending[tag] = pending with { IsReturned = true };
                    break;
                }
        return Task.CompletedTask;
    }

    private Task Ended(ShutdownEventArgs e)
    {
        var reason = _faults.Text(e, "publishing");
        if (e.ReplyCode is 403 or 404)
            Bar(e.ReplyText, reason);
        Break(reason);
        return Task.CompletedTask;
    }

    // The first that was sent to an exchange that is not there, or not for us, ended the channel: those to it were not taken.
    private void Bar(string text, string reason)
    {
        lock (_gate)
            foreach (var pending in _pending.Values)
                if (text.Contains($"'{pending.Publish.Exchange}'", StringComparison.Ordinal))
                    pending.Batch.Set(pending.Index, new(RabbitAnswer.Barred, reason));
    }

    private Task Blocked(string reason)
    {
        lock (_gate)
        {
            _blockedFor = reason;
            _unblocked ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        LogMessages.Blocked(_logger, reason);
        return Task.CompletedTask;
    }

    private Task Unblocked()
    {
        lock (_gate)
        {
            _blockedFor = null;
            _unblocked?.TrySetResult();
            _unblocked = null;
        }
        LogMessages.Unblocked(_logger);
        return Task.CompletedTask;
    }

    private readonly record struct Pending(RabbitBatch Batch, int Index, RabbitPublish Publish, bool IsReturned = false);
}
