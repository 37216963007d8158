using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Statecast.Events;
using Statecast.Serialization.Avro.Registry;
using Statecast.Transport;

namespace Statecast.Kafka.Transport;

/// <summary>
/// A target's side of a destination's topics. First the control topic is read to its end: it says whose the destination is. Then lanes open, all or those that
/// the instance is given, and each is read from where the target's replica stands.
/// </summary>
internal sealed class KafkaReceiver : ITransportReceiver
{
    private static readonly TimeSpan FetchWait = TimeSpan.FromMilliseconds(100);
    private readonly ReceiverOptions _options;
    private readonly KafkaClients _clients;
    private readonly KafkaBodies _bodies;
    private readonly KafkaTopicWatch _watch;
    private readonly ILogger _logger;
    private readonly KafkaPoll _poll;
    private readonly KafkaAssignment _assignment;
    private readonly string _controlTopic;
    private readonly KafkaSeeks _seeks = new();
    private readonly HashSet<string> _intruders = new(StringComparer.Ordinal);
    private readonly CloudEventRepeats _repeats = new();
    private readonly byte[] _controlName;
    private readonly KafkaHeldLanes _held;

    // By partition: what the client fetches nothing of.
    private readonly HashSet<TopicPartition> _paused = [];
    private string? _heldTold;
    private Task _waiting = Task.CompletedTask;
    private KafkaFinding? _opening;
    private KafkaTopic? _topic;
    private KafkaControl _control;
    private long _controlRead;
    private bool _disposed;

    private KafkaReceiver(ReceiverOptions options, KafkaClients clients, KafkaBodies bodies, KafkaTopicWatch watch, ILogger logger)
    {
        (_options, _clients, _bodies, _watch, _logger) = (options, clients, bodies, watch, logger);
        bodies.Add(options.Contract);
        _controlTopic = KafkaTopic.ControlOf(options.Contract.Destination);
        _controlName = Encoding.UTF8.GetBytes(_controlTopic);
        _control = new(options.Contract.Destination, logger);
        _poll = new(options.Contract.Destination);
        _assignment = _poll.Assignment = AssignmentOf(options, clients, _poll);
        _held = new(bodies, clients.Clock, _poll.Wake);
    }

    /// <summary>For tests that break the client.</summary>
    internal IClient Client => _assignment.Consumer;

    public static async Task<KafkaReceiver> OpenAsync(
        ReceiverOptions options,
        KafkaClients clients,
        KafkaBodies bodies,
        KafkaTopicWatch watch,
        ILogger logger,
        CancellationToken ct
    )
    {
        var receiver = new KafkaReceiver(options, clients, bodies, watch, logger);
        try
        {
            await watch.StartAsync(receiver._poll.Wake, ct).ConfigureAwait(false);
            return receiver;
        }
        catch
        {
            await receiver.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask<Delivery> ReceiveAsync(int maxEvents, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxEvents);
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(_disposed, this);
            // A receive that was cancelled left its wait behind: until that ends the consumer is its own.
            await _waiting.WaitAsync(ct).ConfigureAwait(false);
            _poll.Begin();
            if (Look(maxEvents) is { } delivery)
                return delivery;
            _waiting = _poll.WaitAsync();
        }
    }

    public ValueTask SeekAsync(LaneId lane, long position, CancellationToken ct)
    {
        _seeks.Ask(lane, position);
        _poll.Wake();
        return ValueTask.CompletedTask;
    }

    public ValueTask AcknowledgeAsync(Delivery delivery, CancellationToken ct) => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        await _watch.DisposeAsync().ConfigureAwait(false);
        await _held.DisposeAsync().ConfigureAwait(false);
        await Task.Run(_poll.Dispose).ConfigureAwait(false);
    }

    private KafkaLane?[] Lanes => _assignment.Lanes;

    private static KafkaAssignment AssignmentOf(ReceiverOptions options, KafkaClients clients, KafkaPoll poll)
    {
        var (destination, bytes) = (options.Contract.Destination, clients.Options.MaxReadAheadBytes);
        if (!options.Shared)
            return new KafkaAllLanes(destination, clients.Consumer(options.Target, bytes, FetchWait, destination));
        return new KafkaSharedLanes(
            destination,
            (assigned, revoked) => clients.Member(options.Target, bytes, FetchWait, destination, assigned, revoked),
            clients.Consumer($"{options.Target}-control", 1 << 20, FetchWait, destination),
            poll.Wake
        );
    }

    private Delivery? Look(int maxEvents)
    {
        if (_watch.TakeNews() is { } finding)
            Change(finding);
        BeginIfReady();
        GoOn();
        Seek();
        Gather(maxEvents);
        // The control topic may have been all that was waited for.
        BeginIfReady();
        var batches = new List<LaneBatch>();
        foreach (var lane in Lanes)
            if (lane?.Batch(p => _assignment.Consumer.GetWatermarkOffsets(p).High.Value) is { } batch)
                batches.Add(batch);
        var (closed, opened) = _assignment.TakeChanges();
        foreach (var (lane, _, _) in opened)
            _seeks.Told(Lanes[lane.Number]!);
        var word = Lanes.Length > 0 ? _control.TakeNews() : null;
        if (word is not null)
            RequireSameLanes(word);
        var held = _held.Reason;
        var told = held == _heldTold;
        _heldTold = held;
        return closed.Count + opened.Count + batches.Count == 0 && word is null && told
            ? null
            : new()
            {
                Closed = closed,
                Opened = [.. opened.Select(o => o with { DeletesKept = _clients.Options.TombstoneRetention })],
                Batches = batches,
                Heartbeats = word is null ? [] : [word],
                Held = held,
            };
    }

    /// <summary>Other topics than before.</summary>
    private void Change(KafkaFinding finding)
    {
        if (finding.Topic?.Incarnation != _topic?.Incarnation)
        {
            _assignment.End();
            _paused.Clear();
            _topic = finding.Topic;
            _opening = finding.Topic is null ? null : finding;
        }
        _control = new(_options.Contract.Destination, _logger);
        _controlRead = finding.HasControl ? 0 : finding.ControlEnd;
        var control = new TopicPartition(_controlTopic, 0);
        if (_assignment.ControlConsumer.Assignment.Contains(control))
            _assignment.ControlConsumer.IncrementalUnassign([control]);
        if (finding.HasControl)
            _assignment.ControlConsumer.IncrementalAssign([new TopicPartitionOffset(control, Offset.Beginning)]);
    }

    private void BeginIfReady()
    {
        if (_opening is not { } opening || _controlRead < opening.ControlEnd)
            return;
        _opening = null;
        LogMessages.TopicFound(_logger, _options.Contract.Destination, opening.Topic!.Incarnation);
        _assignment.Begin(opening);
    }

    // From where a lane was held, once what stands there can be read.
    private void GoOn()
    {
        foreach (var lane in _held.Ended(IsRead))
        {
            _held.Forget(lane);
            if (IsRead(lane))
                _seeks.GoOn(lane);
        }
    }

    private bool IsRead(KafkaLane lane) => Find(lane.Partition) == lane;

    private void Seek()
    {
        if (_seeks.Run(IsRead, (lane, position) => Read(lane, position, position)))
            _poll.Wake();
    }

    private void Read(KafkaLane lane, long position, Offset from)
    {
        _held.Forget(lane);
        lane.Leave();
        // Before the position is set, which a pause would set too.
        if (_paused.Remove(lane.Partition) && _assignment.Consumer.Assignment.Contains(lane.Partition))
            _assignment.Consumer.Resume([lane.Partition]);
        _assignment.Read(lane, from);
        _poll.Forget(lane.Partition);
        lane.Seek(position);
    }

    private void Gather(int maxEvents)
    {
        var bytes = 0L;
        for (var events = 0; events < maxEvents && bytes < _options.MaxBytes; )
        {
            KafkaMessage record;
            try
            {
                record = _poll.Take();
            }
            catch (ConsumeException e)
            {
                Failed(e);
                continue;
            }
            if (record.IsNone)
                return;
            try
            {
                if (record.Topic.SequenceEqual(_controlName))
                    TakeControl(record);
                else if (Expecting(record) is not { } lane)
                    continue;
                else if (record.IsEnd)
                    lane.FoundTail(record.Offset);
                else if (Read(record, lane) is { } received)
                {
                    lane.Take(received);
                    bytes += record.Value.Length;
                    events++;
                }
            }
            finally
            {
                record.Free();
            }
        }
    }

    private KafkaLane? Find(TopicPartition partition) =>
        partition.Topic == _options.Contract.Destination && partition.Partition.Value < Lanes.Length
            ? Lanes[partition.Partition.Value]
            : null;

    // A consumer reads no other topics than these two.
    private KafkaLane? Expecting(KafkaMessage record) =>
        record.Partition < Lanes.Length && Lanes[record.Partition] is { } lane && lane.Expects(record.Offset) ? lane : null;

    private void TakeControl(KafkaMessage record)
    {
        _controlRead = Math.Max(_controlRead, record.IsEnd ? record.Offset : record.Offset + 1);
        if (!record.IsEnd)
            _control.Take(record);
    }

    /// <summary>Reads a record; null if the registry must be asked first, for which its lane alone waits.</summary>
    private ReceivedEvent? Read(KafkaMessage record, KafkaLane from)
    {
        var lane = from.Id;
        var envelope = new KafkaEnvelope(record, _repeats);
        var value = record.HasValue ? record.Value.ToArray() : null;
        FramedBody? framed;
        try
        {
            if (!_bodies.TryRead(value, envelope, out framed))
            {
                Hold(from, new(value!, envelope.Schema.ToArray()));
                return null;
            }
        }
        catch (FormatException malformed)
        {
            return KafkaRecord.Bad(record, value, lane, malformed.Message);
        }
        var received = KafkaRecord.Read(record, envelope, value, lane, _options.Contract.Name, framed);
        // A target that was Live knows its source, also where the control topic was made anew by another.
        var owner = _options.Source ?? _control.Owner;
        if (owner is null || received.Event is not { } e || e.Source == owner)
            return received;
        if (_intruders.Add(e.Source))
            LogMessages.SecondSource(_logger, e.Source, lane.Destination, owner);
        return KafkaRecord.Refuse(
            record,
            value,
            $"'{e.Source}' publishes '{lane.Destination}' too, which belongs to source '{owner}': two services must not publish one contract."
        );
    }

    // It is fetched again when its schema is known: meanwhile neither it nor what lies behind it takes memory.
    private void Hold(KafkaLane lane, KafkaUnread unread)
    {
        _assignment.Consumer.Pause([lane.Partition]);
        _paused.Add(lane.Partition);
        _held.Hold(lane, unread);
    }

    private void RequireSameLanes(Heartbeat word)
    {
        // A word about an earlier topic of that name says nothing about this one.
        if (word.Ends.Count != Lanes.Length && word.Ends.Any(e => e.Incarnation == _topic!.Incarnation))
            throw new TransportException(
                $"The topic '{word.Destination}' has {Lanes.Length} partitions, its source '{word.Source}' writes {word.Ends.Count}: partitions were added, and a part of them is nobody's. "
                    + $"Stop the source and call KafkaTransport.RemakeAsync(\"{word.Destination}\", {word.Ends.Count}), or with the number that it is to have: it makes the topic anew, and the source, started with as many Lanes, sends everything again."
            );
    }

    private void Failed(ConsumeException e)
    {
        var at = e.ConsumerRecord?.TopicPartition;
        switch (e.Error.Code)
        {
            case ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange when at is not null:
                Restart(at);
                break;
            case ErrorCode.UnknownTopicOrPart
            or ErrorCode.Local_UnknownTopic
            or ErrorCode.Local_UnknownPartition
            or ErrorCode.UnknownTopicId:
                break;
            case ErrorCode.GroupAuthorizationFailed when !_options.Shared:
                // The client asks for its group's broker by itself; nothing is read from it or written to it.
                return;
            case ErrorCode.GroupAuthorizationFailed:
                throw _clients.Faults.Explain(e, KafkaAct.Joining(KafkaClients.GroupOf(_options.Target)));
            case ErrorCode.TopicAuthorizationFailed:
                throw _clients.Faults.Explain(e, KafkaAct.Reading(at?.Topic ?? _options.Contract.Destination));
            default:
                if (e.Error.IsFatal)
                    throw _clients.Faults.Explain(e, KafkaAct.Reading(_options.Contract.Destination));
                _clients.Report(_options.Contract.Destination, e.Error);
                break;
        }
        // Whatever it was, the topic may be another.
        _watch.Ask();
    }

    // Never "latest": what is there is read, and the guard judges it.
    private void Restart(TopicPartition at)
    {
        if (Find(at) is { Sought: true } lane)
        {
            LogMessages.PositionLost(_logger, lane.Next, lane.Id.ToString());
            Read(lane, 0, Offset.Beginning);
            lane.BeginAnew();
        }
        // What was reported of a topic that is gone may come after it was given up.
        else if (at.Topic == _controlTopic && _assignment.ControlConsumer.Assignment.Contains(at))
        {
            _assignment.ControlConsumer.IncrementalUnassign([at]);
            _assignment.ControlConsumer.IncrementalAssign([new TopicPartitionOffset(at, Offset.Beginning)]);
        }
    }
}
