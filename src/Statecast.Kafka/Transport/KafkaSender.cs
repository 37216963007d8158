using System.Text;
using Microsoft.Extensions.Logging;
using Statecast.Events;
using Statecast.Serialization.Avro.Registry;
using Statecast.Transport;

namespace Statecast.Kafka.Transport;

/// <summary>
/// A source's side of its topics. Brokers append whatever arrives, so the relay reads back what it did not send itself; here is what it reads and how it looks
/// for what others sent under the source's name.
/// </summary>
internal sealed class KafkaSender : ITransportSender
{
    // How much of a lane's end shows who sent to it last. What lies deeper is read by the relay's read-back before it speaks.
    private const long Tail = 1_000;

    private readonly string _source;
    private readonly KafkaTopics _topics;
    private readonly KafkaBodies _bodies;
    private readonly KafkaProducer _producer;
    private readonly KafkaLogReader _reader;
    private readonly ILogger _logger;
    private readonly Dictionary<string, KafkaDestination> _destinations = new(StringComparer.Ordinal);
    private readonly KafkaMarks _marks = new();

    // Used within the reader's reads, which go one after another.
    private readonly CloudEventRepeats _repeats = new();

    // One at a time makes a topic anew.
    private readonly SemaphoreSlim _declaring = new(1, 1);
    private readonly CancellationTokenSource _closing = new();
    private Task _following = Task.CompletedTask;

    private KafkaSender(string source, KafkaTopics topics, KafkaClients clients, KafkaBodies bodies, ILogger logger)
    {
        (_source, _topics, _bodies, _logger) = (source, topics, bodies, logger);
        _producer = new(clients, logger);
        _reader = new(clients, source);
    }

    internal KafkaProducer Producer => _producer;

    /// <summary>Makes or checks the topics, and claims them for the source.</summary>
    public static async Task<KafkaSender> OpenAsync(
        SenderOptions options,
        KafkaTopics topics,
        KafkaClients clients,
        KafkaBodies bodies,
        ILogger logger,
        CancellationToken ct
    )
    {
        var sender = new KafkaSender(options.Source, topics, clients, bodies, logger);
        try
        {
            foreach (var declared in options.Destinations)
            {
                await bodies.PrepareAsync(declared, ct).ConfigureAwait(false);
                var topic = await topics.DeclareAsync(declared.Contract.Destination, declared.Lanes, ct).ConfigureAwait(false);
                var destination = new KafkaDestination(declared, topic);
                await sender.ClaimAsync(destination, ct).ConfigureAwait(false);
                sender._destinations.Add(destination.Name, destination);
            }
            return sender;
        }
        catch
        {
            await sender.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask<IReadOnlyList<SendOutcome>> SendAsync(IReadOnlyList<StateEvent> events, CancellationToken ct)
    {
        var outcomes = new SendOutcome[events.Count];
        var sends = new List<KafkaSend>(events.Count);
        for (var i = 0; i < events.Count; i++)
            if (await FindObstacleAsync(events[i], ct).ConfigureAwait(false) is { } obstacle)
                outcomes[i] = new(SendResult.Failed, 0, obstacle);
            else
                sends.Add(new(events[i].Lane.Destination, events[i].Lane.Number, events[i].Key, _bodies.Write(events[i]), events[i]));
        var sent = await _producer.SendAsync(sends, ct).ConfigureAwait(false);
        var missing = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0, s = 0; i < events.Count; i++)
        {
            if (outcomes[i].Result == SendResult.Failed)
                continue;
            outcomes[i] = sent[s++];
            if (outcomes[i].Result == SendResult.Confirmed)
                _marks.Note(events[i].Lane, events[i].Revision.Epoch, events[i].LeaseId, events[i].LaneNumber);
            else
                missing.Add(events[i].Lane.Destination);
        }
        // Where the topic is gone nothing would ever be confirmed, and so nobody would ask for its ends.
        if (missing.Count > 0 && _following.IsCompleted)
            _following = FollowAsync([.. missing.Select(m => _destinations[m])]);
        return outcomes;
    }

    public async ValueTask<IReadOnlyList<LaneEnd>> ReadEndsAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct)
    {
        var ends = new List<LaneEnd>(lanes.Count);
        foreach (var asked in lanes.GroupBy(l => l.Destination))
        {
            var destination = DestinationOf(asked.Key);
            var positions = await ReadEndsAsync(destination, ct).ConfigureAwait(false);
            ends.AddRange(asked.Select(l => new LaneEnd(l, destination.Topic.Incarnation, positions[l.Number], 0)));
            await ReadControlAsync(destination, positions[^1], ct).ConfigureAwait(false);
        }
        return ends;
    }

    public async ValueTask SendHeartbeatAsync(Heartbeat heartbeat, CancellationToken ct)
    {
        var destination = DestinationOf(heartbeat.Destination);
        var word = HeartbeatJson.Write(heartbeat);
        if (heartbeat.FloorEpoch > destination.FloorStated)
        {
            await SayAsync(destination, KafkaControl.FloorKey(heartbeat.FloorEpoch), word, ct).ConfigureAwait(false);
            destination.FloorStated = heartbeat.FloorEpoch;
        }
        await SayAsync(destination, KafkaControl.HeartbeatKey, word, ct).ConfigureAwait(false);
        Note(heartbeat);
    }

    public async ValueTask<IReadOnlyList<SentMark>> ReadMarksAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct)
    {
        foreach (var name in lanes.Select(l => l.Destination).Distinct(StringComparer.Ordinal))
            if (DestinationOf(name) is { LookedAt: false } destination)
            {
                await LookAtTailsAsync(destination, ct).ConfigureAwait(false);
                destination.LookedAt = true;
            }
        return _marks.Of(lanes);
    }

    public async ValueTask<IReadOnlyList<LogRecord>> ReadBackAsync(LaneId lane, long from, long end, CancellationToken ct)
    {
        var destination = DestinationOf(lane.Destination);
        var records = new List<LogRecord>();
        await _reader
            .ReadAsync(
                [new(KafkaDestination.PartitionOf(lane), from, end)],
                record =>
                {
                    var e = ReadOwn(record, lane, destination);
                    var key = record.KeyText;
                    if (destination.CanBury(key, lane))
                        records.Add(new(record.Offset, key!, e?.Revision ?? default, e?.LeaseId ?? default, e?.LaneNumber ?? 0));
                },
                ct
            )
            .ConfigureAwait(false);
        return records;
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(false);
        _producer.Dispose();
        await _reader.DisposeAsync().ConfigureAwait(false);
        _closing.Dispose();
    }

    // Completes at once but for events in a schema of before, of which at most one per key is under way: no order per key can be lost.
    private async ValueTask<string?> FindObstacleAsync(StateEvent e, CancellationToken ct)
    {
        if (!IsDeclared(e.Lane))
            return $"The lane {e.Lane} was not declared when the sender was opened: publish the contract, and restart.";
        try
        {
            if (_bodies.IsReady(e))
                return null;
            await _bodies.AskAsync(e, ct).ConfigureAwait(false);
            return null;
        }
        catch (Exception error) when (error is SchemaRegistryException or TransportException)
        {
            return error.Message;
        }
    }

    private bool IsDeclared(LaneId lane) =>
        _destinations.TryGetValue(lane.Destination, out var destination) && lane.Number >= 0 && lane.Number < destination.Lanes;

    private KafkaDestination DestinationOf(string name) =>
        _destinations.TryGetValue(name, out var destination)
            ? destination
            : throw new ArgumentException($"The destination '{name}' was not declared when the sender was opened.", nameof(name));

    // The first source to write its name owns a destination. Looked at again after one's own name was written: of two that begin at once, one was first.
    private async Task ClaimAsync(KafkaDestination destination, CancellationToken ct)
    {
        for (var written = false; ; written = true)
        {
            var control = new KafkaControl(destination.Name, _logger);
            var end = (await _topics.ReadEndsAsync([destination.Control], ct).ConfigureAwait(false))[0];
            await _reader.ReadAsync([new(destination.Control, 0, end)], record => Note(control.Take(record)), ct).ConfigureAwait(false);
            destination.ControlRead = end;
            destination.FloorStated = control.FloorEpoch;
            // Compaction keeps the last name, not the first: whoever came second must not have the last word.
            if (control.Owner is { } owner && control.LastClaim != owner && (written || owner == _source))
                await SayAsync(destination, KafkaControl.SourceKey, Encoding.UTF8.GetBytes(owner), ct).ConfigureAwait(false);
            if (control.Owner == _source)
                return;
            if (control.Owner is { } other)
                throw new TransportException(
                    $"The topic '{destination.Name}' belongs to the source '{other}', not to '{_source}': two services must not publish one contract. Take the publication out of '{_source}'; "
                        + $"if it is to take the contract over, stop '{other}', and remove the topics '{destination.Name}' and '{destination.Control.Topic}': they are made anew, and everything is sent again."
                );
            if (written)
                throw new TransportException($"The source's name was written to '{destination.Control.Topic}', and is not there.");
            await SayAsync(destination, KafkaControl.SourceKey, Encoding.UTF8.GetBytes(_source), ct).ConfigureAwait(false);
        }
    }

    private async Task<long[]> ReadEndsAsync(KafkaDestination destination, CancellationToken ct)
    {
        for (var failed = false; ; )
            try
            {
                var positions = await _topics.ReadEndsAsync(destination.Partitions, ct).ConfigureAwait(false);
                // The topic known before and found after: what was read between is of that one.
                if (!await FollowAsync(destination, thoroughly: false, ct).ConfigureAwait(false))
                    return positions;
            }
            catch (TransportException) when (!failed)
            {
                failed = true;
                await FollowAsync(destination, thoroughly: true, ct).ConfigureAwait(false);
            }
    }

    private async Task FollowAsync(IReadOnlyList<KafkaDestination> destinations)
    {
        try
        {
            foreach (var destination in destinations)
                await FollowAsync(destination, thoroughly: true, _closing.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TransportException or OperationCanceledException)
        {
            // Whatever it is, the next send or heartbeat meets it too, and says so.
        }
    }

    /// <summary>Looks whether the topic is still the same, and makes it anew if it is gone.</summary>
    /// <param name="destination">The destination.</param>
    /// <param name="thoroughly">Whether something failed: the control topic is looked at too.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Whether it is another.</returns>
    private async Task<bool> FollowAsync(KafkaDestination destination, bool thoroughly, CancellationToken ct)
    {
        await _declaring.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            var found = await _topics.FindAsync(destination.Name, ct).ConfigureAwait(false);
            var same = found?.Partitions == destination.Lanes && found.Incarnation == destination.Topic.Incarnation;
            if (same && !thoroughly)
                return false;
            if (found is not null && found.Partitions != destination.Lanes)
                throw new TransportException(_topics.Rules.OtherPartitions(found, destination.Lanes));
            destination.Topic = await _topics.DeclareAsync(destination.Name, destination.Lanes, ct).ConfigureAwait(false);
            await ClaimAsync(destination, ct).ConfigureAwait(false);
            if (!same)
                LogMessages.TopicFound(_logger, destination.Name, destination.Topic.Incarnation);
            return !same;
        }
        finally
        {
            _declaring.Release();
        }
    }

    private async Task SayAsync(KafkaDestination destination, string key, byte[] value, CancellationToken ct)
    {
        var outcome = (await _producer.SendAsync([new(destination.Control.Topic, 0, key, value)], ct).ConfigureAwait(false))[0];
        if (outcome.Result != SendResult.Confirmed)
            throw new TransportException(
                $"The record '{key}' of '{destination.Control.Topic}' was not confirmed. {outcome.Reason ?? "The producer was made anew."}"
            );
        if (outcome.Position == destination.ControlRead)
            destination.ControlRead++;
    }

    private async Task ReadControlAsync(KafkaDestination destination, long end, CancellationToken ct)
    {
        // A topic that was made anew begins at 0 again.
        var from = destination.ControlRead > end ? 0 : destination.ControlRead;
        if (from == end)
            return;
        var control = new KafkaControl(destination.Name, _logger);
        await _reader.ReadAsync([new(destination.Control, from, end)], record => Note(control.Take(record)), ct).ConfigureAwait(false);
        destination.ControlRead = end;
        // Another that claimed the destination meanwhile, and fell before it gave way.
        if (control.LastClaim is { } claim && claim != _source)
            await SayAsync(destination, KafkaControl.SourceKey, Encoding.UTF8.GetBytes(_source), ct).ConfigureAwait(false);
    }

    private async Task LookAtTailsAsync(KafkaDestination destination, CancellationToken ct)
    {
        var ends = await _topics.ReadEndsAsync(destination.Partitions, ct).ConfigureAwait(false);
        await _reader
            .ReadAsync(
                destination.LaneIds.Select(l => new KafkaPiece(
                    KafkaDestination.PartitionOf(l),
                    Math.Max(0, ends[l.Number] - Tail),
                    ends[l.Number]
                )),
                record => ReadOwn(record, new(destination.Name, record.Partition), destination),
                ct
            )
            .ConfigureAwait(false);
    }

    // What others write under a key says nothing about this source's past.
    private StateEvent? ReadOwn(KafkaMessage record, LaneId lane, KafkaDestination destination)
    {
        var envelope = new KafkaEnvelope(record, _repeats);
        // Only the envelope is looked at: no schema need be known.
        FramedBody? parts = record.HasValue && KafkaRecord.IsAvro(envelope, record.Value) ? new(default, default) : null;
        if (
            KafkaRecord.Read(record, envelope, null, lane, destination.ContractName, parts).Event is not { } e
            || e.Source != _source
            || e.LeaseId == Guid.Empty
        )
            return null;
        _marks.Note(lane, e.Revision.Epoch, e.LeaseId, e.LaneNumber);
        return e;
    }

    private void Note(Heartbeat? word)
    {
        if (word is null || word.Source != _source)
            return;
        foreach (var end in word.Ends)
            _marks.Note(end.Lane, word.Epoch, word.LeaseId, end.Number);
    }
}
