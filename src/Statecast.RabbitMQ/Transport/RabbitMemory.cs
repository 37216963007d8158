using System.Text.Json;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>
/// What the broker remembers of one destination's senders. At its opening, and again whenever its connection was lost, the kept markers are read and put back;
/// from before that on whatever another sender marks is heard as it is said. A look costs nothing while this sender's own markers come round.
/// </summary>
internal sealed class RabbitMemory
{
    // What came round just now was said after everything that was confirmed before it was sent.
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    // So often a marker holds all that is known, not only what is new: the queue drops the oldest.
    private const int Whole = RabbitTopology.MarkersKept / 2;

    private readonly RabbitNames _names;
    private readonly string _source;
    private readonly int _lanes;
    private readonly RabbitPublisher _publisher;
    private readonly RabbitTopology _topology;
    private readonly RabbitMQSurroundings _surroundings;
    private readonly RabbitMarks _marks = new();

    // What the kept markers are known to cover.
    private readonly RabbitMarks _covered = new();
    private string _queue = "";
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (long SentAt, TaskCompletionSource Came)> _rounds = [];
    private long? _cameRound;
    private int _said;
    private IConnection? _hearing;
    private volatile bool _hears;

    public RabbitMemory(
        RabbitNames names,
        SenderOptions sender,
        int lanes,
        RabbitPublisher publisher,
        RabbitTopology topology,
        RabbitMQSurroundings surroundings
    )
    {
        (_names, _source, _lanes, _publisher, _topology, _surroundings) = (names, sender.Source, lanes, publisher, topology, surroundings);
    }

    /// <summary>Hears what others mark from now on, then reads what is kept.</summary>
    /// <param name="hearing">The connection to hear on.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>What is kept, oldest first.</returns>
    public async Task<IReadOnlyList<RabbitMarker>> OpenAsync(IConnection hearing, CancellationToken ct)
    {
        _cameRound = null;
        // Another than before: a connection that was lost may still hold the old one.
        _queue = _names.Hearing("", _surroundings.Entropy.NextGuid());
        await _topology
            .DeclareHearingAsync(
                hearing,
                _queue,
                [(_names.Control, RabbitNames.MarkerKey), (_names.Asks, RabbitNames.HelloKey), (_names.Control, _queue)],
                ct
            )
            .ConfigureAwait(false);
        var channel = await hearing.CreateChannelAsync(cancellationToken: ct).ConfigureAwait(false);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += HearAsync;
        var queue = _queue;
        consumer.UnregisteredAsync += (_, _) =>
        {
            if (queue == _queue)
                _hears = false;
            return Task.CompletedTask;
        };
        _hears = true;
        await channel.BasicConsumeAsync(_queue, autoAck: true, consumer, ct).ConfigureAwait(false);
        var kept = await ReadKeptAsync(hearing, ct).ConfigureAwait(false);
        foreach (var mark in kept.SelectMany(m => m.Marks))
        {
            _marks.Note(mark);
            _covered.Note(mark);
        }
        _hearing = hearing;
        return kept;
    }

    /// <summary>Whether what is said arrives here. Where it does not, something may have been missed: all is opened anew.</summary>
    /// <exception cref="TransportException">It cannot be told now.</exception>
    public async Task<bool> HearsAsync(CancellationToken ct)
    {
        try
        {
            if (_hears && !IsFresh)
                await GoRoundAsync(ct).ConfigureAwait(false);
        }
        catch (TransportException) when (!_hears)
        {
            // The answer is no.
        }
        return _hears;
    }

    /// <summary>Says what is about to be sent, unless it is covered; returns once that is confirmed.</summary>
    /// <returns>Null if it is; else why not.</returns>
    public async Task<string?> CoverAsync(IEnumerable<SentMark> marks, CancellationToken ct)
    {
        var news = new List<SentMark>();
        foreach (var mark in marks)
        {
            _marks.Note(mark);
            if (IsNews(mark))
                news.Add(mark);
        }
        return news.Count == 0 ? null : await SayAsync(news, ct).ConfigureAwait(false);
    }

    /// <summary>Says all that is known, for a queue that is new or empty, and whose destination it is.</summary>
    /// <returns>Null if it is confirmed; else why not.</returns>
    public Task<string?> SayAllAsync(CancellationToken ct) => SayAsync(null, ct);

    /// <summary>What is remembered: never less than what was confirmed when it was asked for.</summary>
    /// <exception cref="TransportException">It cannot be told now.</exception>
    public async Task<IReadOnlyList<SentMark>> ReadAsync(IEnumerable<LaneId> lanes, CancellationToken ct)
    {
        if (_hearing is not { IsOpen: true })
            throw new TransportException(
                $"What '{_names.Destination}' remembers of its senders cannot be told now: the connection was lost. It is opened again."
            );
        if (!IsFresh)
            await GoRoundAsync(ct).ConfigureAwait(false);
        return _marks.Of(lanes);
    }

    /// <summary>Says how many lanes there are, to targets that wait for it.</summary>
    /// <param name="asksQueues">Whether targets are to say their queues again: what they said may be gone.</param>
    /// <param name="ct">Ends it.</param>
    public async Task AnnounceAsync(bool asksQueues, CancellationToken ct)
    {
        var word = JsonSerializer.SerializeToUtf8Bytes(
            new RabbitLanesWord(_source, _lanes) { Queues = asksQueues },
            RabbitJson.Default.RabbitLanesWord
        );
        try
        {
            await _publisher
                .PublishAsync([ToControl(RabbitNames.LanesKey, NewId(), word, persistent: false)], null, ct)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (RabbitFaults.IsExpected(e))
        {
            // Whoever waits for it asks again.
        }
    }

    private bool IsFresh => _cameRound is { } at && _surroundings.Clock.GetElapsedTime(at) <= Fresh;

    private bool IsNews(SentMark mark) =>
        !_covered.Of([mark.Lane]).Any(m => m.LeaseId == mark.LeaseId && m.Epoch == mark.Epoch && m.Number >= mark.Number);

    private async Task<string?> SayAsync(IReadOnlyList<SentMark>? news, CancellationToken ct)
    {
        var all = news is null || Interlocked.Increment(ref _said) % Whole == 0;
        var marks = all ? _marks.All : news!;
        var id = NewId();
        _ = Sent(id);
        var publish = ToControl(RabbitNames.MarkerKey, id, new RabbitMarker(_source, _lanes, marks).Write(), persistent: true);
        var outcome = (await _publisher.PublishAsync([publish], null, ct).ConfigureAwait(false))[0];
        if (outcome.Answer != RabbitAnswer.Confirmed)
        {
            Forget(id);
            return outcome.Reason ?? $"The marker in '{_names.Last}' was not confirmed: the queue is gone, and is made anew.";
        }
        foreach (var mark in marks)
            _covered.Note(mark);
        return null;
    }

    private async Task GoRoundAsync(CancellationToken ct)
    {
        var id = NewId();
        var came = Sent(id);
        try
        {
            var outcome = (
                await _publisher.PublishAsync([ToControl(_queue, id, default, persistent: false)], null, ct).ConfigureAwait(false)
            )[0];
            if (outcome.Answer == RabbitAnswer.Unrouted)
                _hears = false;
            if (outcome.Answer != RabbitAnswer.Confirmed)
                throw new TransportException(
                    outcome.Reason
                        ?? $"What '{_names.Destination}' remembers of its senders cannot be told now: the way to '{_queue}' is gone."
                );
            await came.WaitAsync(TimeSpan.FromSeconds(10), _surroundings.Clock, ct).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new TransportException($"Nothing came round by '{_queue}' within 10 s. The connection is opened again.", e);
        }
        finally
        {
            Forget(id);
        }
    }

    private Task Sent(string id)
    {
        var came = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
            _rounds.Add(id, (_surroundings.Clock.GetTimestamp(), came));
        return came.Task;
    }

    private void Forget(string id)
    {
        lock (_gate)
            _rounds.Remove(id);
    }

    private Task HearAsync(object sender, BasicDeliverEventArgs e)
    {
        if (e.RoutingKey == RabbitNames.HelloKey)
            // Not waited for: what is heard here must not wait for what is sent there.
            _ = AnnounceAsync(asksQueues: false, CancellationToken.None);
        else if (e.RoutingKey == RabbitNames.MarkerKey)
            Hear(e);
        CameRound(e.BasicProperties.MessageId);
        return Task.CompletedTask;
    }

    private void Hear(BasicDeliverEventArgs e)
    {
        try
        {
            var marker = RabbitMarker.Read(e.Body.Span);
            // Another source's past is none of ours.
            if (marker.Source == _source)
                foreach (var mark in marker.Marks)
                    _marks.Note(mark);
        }
        catch (FormatException error)
        {
            LogMessages.BadControl(_surroundings.Logger, _names.Control, error.Message);
        }
    }

    private void CameRound(string? id)
    {
        lock (_gate)
        {
            if (id is null || !_rounds.Remove(id, out var round))
                return;
            _cameRound = Math.Max(round.SentAt, _cameRound ?? long.MinValue);
            round.Came.TrySetResult();
        }
    }

    /// <summary>Reads the kept markers and puts them back. One sender at a time: what one has taken out, another would miss.</summary>
    private async Task<IReadOnlyList<RabbitMarker>> ReadKeptAsync(IConnection connection, CancellationToken ct)
    {
        var found = new List<RabbitMarker>();
        await using var held = await HoldAsync(connection, ct).ConfigureAwait(false);
        var channel = await connection.CreateChannelAsync(cancellationToken: ct).ConfigureAwait(false);
        uint taken = 0;
        await using (channel.ConfigureAwait(false))
        {
            ulong last = 0;
            while (await channel.BasicGetAsync(_names.Last, autoAck: false, ct).ConfigureAwait(false) is { } message)
            {
                (last, taken) = (message.DeliveryTag, taken + 1);
                try
                {
                    found.Add(RabbitMarker.Read(message.Body.Span));
                }
                catch (FormatException e)
                {
                    LogMessages.BadControl(_surroundings.Logger, _names.Last, e.Message);
                }
            }
            if (taken > 0)
                await channel.BasicNackAsync(last, multiple: true, requeue: true, ct).ConfigureAwait(false);
        }
        // The next reader must find them there.
        while (
            await _topology.FindAsync(connection, _names.Last, ct).ConfigureAwait(false) is { } queue
            && queue.MessageCount < Math.Min(taken, RabbitTopology.MarkersKept)
        )
            await Task.Delay(Pause, _surroundings.Clock, ct).ConfigureAwait(false);
        return found;
    }

    // A queue that one connection alone may have is held as long as it is there.
    private async Task<IAsyncDisposable> HoldAsync(IConnection connection, CancellationToken ct)
    {
        while (true)
        {
            var channel = await connection.CreateChannelAsync(cancellationToken: ct).ConfigureAwait(false);
            try
            {
                await channel
                    .QueueDeclareAsync(_names.Reading, durable: false, exclusive: true, autoDelete: false, cancellationToken: ct)
                    .ConfigureAwait(false);
                return new Held(channel, _names.Reading);
            }
            catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == 405)
            {
                await channel.DisposeAsync().ConfigureAwait(false);
                await Task.Delay(Pause, _surroundings.Clock, ct).ConfigureAwait(false);
            }
        }
    }

    private RabbitPublish ToControl(string key, string id, ReadOnlyMemory<byte> body, bool persistent) =>
        new(
            _names.Control,
            key,
            new()
            {
                MessageId = id,
                ContentType = "application/json",
                DeliveryMode = persistent ? DeliveryModes.Persistent : DeliveryModes.Transient,
            },
            body
        );

    private string NewId() => _surroundings.Entropy.NextGuid().ToString();

    private sealed class Held(IChannel channel, string queue) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                await channel.QueueDeleteAsync(queue, ifUnused: false, ifEmpty: false).ConfigureAwait(false);
                await channel.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (RabbitFaults.IsExpected(e))
            {
                // With the connection it is gone too.
            }
        }
    }
}
