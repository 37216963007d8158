using System.Globalization;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Serialization.Avro.Registry;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>
/// A source's side of its exchanges. Every batch is preceded by a confirmed marker, every message is confirmed or accounted for, and what answers one target
/// goes straight to its queue.
/// </summary>
internal sealed class RabbitSender : ITransportSender
{
    private readonly RabbitParts _parts;
    private readonly RabbitPublisher _publisher;

    // What answers one target goes over a connection of its own: thousands of messages of a run would else stand before the next live event.
    private readonly RabbitPublisher _answers;
    private readonly RabbitHearing _hearing;
    private readonly RabbitRouting _routing;
    private readonly RabbitTurns _turns = new();
    private readonly RabbitTurns _answerTurns = new();
    private readonly Dictionary<string, RabbitDestination> _destinations = new(StringComparer.Ordinal);

    private RabbitSender(SenderOptions options, RabbitParts parts)
    {
        _parts = parts;
        _publisher = parts.Publisher($"{options.Source} sends");
        _answers = parts.Publisher($"{options.Source} answers");
        _routing = new(_publisher, parts.Surroundings);
        _hearing = new(options.Source, parts);
    }

    internal RabbitPublisher Publisher => _publisher;

    internal RabbitPublisher Answers => _answers;

    /// <summary>Declares or checks exchanges and queues, and claims them for the source.</summary>
    public static async Task<RabbitSender> OpenAsync(SenderOptions options, RabbitParts parts, CancellationToken ct)
    {
        var sender = new RabbitSender(options, parts);
        try
        {
            foreach (var declared in options.Destinations)
            {
                await parts.Bodies.PrepareAsync(declared, ct).ConfigureAwait(false);
                var names = new RabbitNames(declared.Contract.Destination);
                var memory = new RabbitMemory(names, options, declared.Lanes, sender._publisher, parts.Topology, parts.Surroundings);
                sender._destinations.Add(names.Destination, new(declared, names, memory));
            }
            await sender._publisher.ConnectAsync(ct).ConfigureAwait(false);
            await sender._hearing.OpenAsync([.. sender._destinations.Values], ct).ConfigureAwait(false);
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
        // Taken before anything is waited for: sends keep the order in which they were called, live events and answers each their own.
        var (turn, answerTurn) = (_turns.Next(), _answerTurns.Next());
        try
        {
            var outcomes = new SendOutcome[events.Count];
            var (sends, answers) = (new List<int>(events.Count), new List<int>());
            for (var i = 0; i < events.Count; i++)
                if (await FindObstacleAsync(events[i], ct).ConfigureAwait(false) is { } obstacle)
                    outcomes[i] = new(SendResult.Failed, 0, obstacle);
                else
                    (SnapshotLane.Is(events[i].Lane) ? answers : sends).Add(i);
            await Task.WhenAll(AnswerAsync(events, answers, outcomes, answerTurn, ct), SendLiveAsync(events, sends, outcomes, turn, ct))
                .ConfigureAwait(false);
            return outcomes;
        }
        finally
        {
            turn.IsOver();
            answerTurn.IsOver();
        }
    }

    public ValueTask<IReadOnlyList<LaneEnd>> ReadEndsAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct) =>
        new((IReadOnlyList<LaneEnd>)[.. lanes.Select(l => new LaneEnd(l, 0, 0, 0))]);

    public async ValueTask SendHeartbeatAsync(Heartbeat heartbeat, CancellationToken ct)
    {
        var destination = DestinationOf(heartbeat.Destination);
        await _hearing.LookAsync(ct).ConfigureAwait(false);
        var marks = heartbeat
            .Ends.Where(e => e.Number > 0)
            .Select(e => new SentMark(e.Lane, heartbeat.Epoch, heartbeat.LeaseId, e.Number))
            .ToList();
        if (await destination.Memory.CoverAsync(marks, ct).ConfigureAwait(false) is { } uncovered)
            throw new TransportException(uncovered);
        var word = HeartbeatJson.Write(heartbeat);
        var copies = destination.LaneIds.Select(l => Copy(destination, l.Number, word, heartbeat.Interval)).ToList();
        var outcomes = await _publisher.PublishAsync(copies, null, ct).ConfigureAwait(false);
        for (var lane = 0; lane < outcomes.Length; lane++)
            if (outcomes[lane].Answer == RabbitAnswer.Confirmed)
                _routing.NoteRouted(destination, lane);
            else if (outcomes[lane].Answer != RabbitAnswer.Unrouted)
            {
                if (outcomes[lane].Answer == RabbitAnswer.Barred)
                    await _hearing.MissingAsync(destination, ct).ConfigureAwait(false);
                throw new TransportException(outcomes[lane].Reason ?? "A heartbeat was not confirmed.");
            }
    }

    public async ValueTask<IReadOnlyList<SentMark>> ReadMarksAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct)
    {
        await _hearing.EnsureAsync(ct).ConfigureAwait(false);
        var marks = new List<SentMark>();
        foreach (var asked in lanes.Where(l => !SnapshotLane.Is(l)).GroupBy(l => l.Destination))
            marks.AddRange(await DestinationOf(asked.Key).Memory.ReadAsync(asked, ct).ConfigureAwait(false));
        return marks;
    }

    public ValueTask<IReadOnlyList<LogRecord>> ReadBackAsync(LaneId lane, long from, long end, CancellationToken ct) =>
        throw new NotSupportedException("A queue keeps nothing: nothing is ever read back from it.");

    public async ValueTask DisposeAsync()
    {
        await _hearing.DisposeAsync().ConfigureAwait(false);
        await _publisher.DisposeAsync().ConfigureAwait(false);
        await _answers.DisposeAsync().ConfigureAwait(false);
    }

    // Completes at once but for events in a schema of before.
    private async ValueTask<string?> FindObstacleAsync(StateEvent e, CancellationToken ct)
    {
        var live = SnapshotLane.LiveOf(e.Lane);
        if (!_destinations.TryGetValue(live.Destination, out var destination) || live.Number < 0 || live.Number >= destination.Lanes)
            return $"The lane {e.Lane} was not declared when the sender was opened: publish the contract, and restart.";
        // A request names the queue: it must not lead into anybody else's.
        if (SnapshotLane.TryParse(e.Lane, out _, out var replyTo) && !destination.Names.MayBeReplyQueue(replyTo!))
            return $"'{replyTo}' is no queue of a target of '{live.Destination}': nothing is sent there. Whoever asked for it may not be a target of ours.";
        try
        {
            if (!e.IsMark && !_parts.Bodies.IsReady(e))
                await _parts.Bodies.AskAsync(e, ct).ConfigureAwait(false);
            return null;
        }
        catch (Exception error) when (error is SchemaRegistryException or TransportException)
        {
            return error.Message;
        }
    }

    // Null once everything about to be sent is covered by a confirmed marker.
    private async Task<string?> CoverAsync(IEnumerable<StateEvent> events, CancellationToken ct)
    {
        foreach (var group in events.GroupBy(e => e.Lane.Destination))
        {
            var marks = group
                .GroupBy(e => (e.Lane, e.Revision.Epoch, e.LeaseId))
                .Select(g => new SentMark(g.Key.Lane, g.Key.Epoch, g.Key.LeaseId, g.Max(e => e.LaneNumber)));
            if (await _destinations[group.Key].Memory.CoverAsync(marks, ct).ConfigureAwait(false) is { } uncovered)
                return uncovered;
        }
        return null;
    }

    private async Task AnswerAsync(
        IReadOnlyList<StateEvent> events,
        List<int> answers,
        SendOutcome[] outcomes,
        RabbitTurn turn,
        CancellationToken ct
    )
    {
        var said = await _answers.PublishAsync(MessagesOf(events, answers), turn, ct).ConfigureAwait(false);
        // Also of none: the next batch's answers need not wait for the live events of this one.
        turn.IsOver();
        for (var s = 0; s < said.Length; s++)
            outcomes[answers[s]] = Judge(said[s], isAnswer: true);
    }

    private async Task SendLiveAsync(
        IReadOnlyList<StateEvent> events,
        List<int> sends,
        SendOutcome[] outcomes,
        RabbitTurn turn,
        CancellationToken ct
    )
    {
        if (await CoverAsync(sends.Select(i => events[i]), ct).ConfigureAwait(false) is { } uncovered)
        {
            foreach (var i in sends)
                outcomes[i] = new(SendResult.Unknown, 0, uncovered);
            turn.IsOver();
            return;
        }
        var answers = await _publisher.PublishAsync(MessagesOf(events, sends), turn, ct).ConfigureAwait(false);
        turn.IsOver();
        var lost = new Dictionary<RabbitDestination, List<int>>();
        for (var s = 0; s < answers.Length; s++)
        {
            var (index, lane) = (sends[s], events[sends[s]].Lane);
            var destination = _destinations[lane.Destination];
            outcomes[index] = Judge(answers[s], isAnswer: false);
            if (answers[s].Answer == RabbitAnswer.Confirmed)
                _routing.NoteRouted(destination, lane.Number);
            else if (answers[s].Answer == RabbitAnswer.Unrouted)
            {
                destination.Note(lane.Number, routed: false);
                if (!lost.TryGetValue(destination, out var indexes))
                    lost.Add(destination, indexes = []);
                indexes.Add(index);
            }
            else if (answers[s].Answer == RabbitAnswer.Barred)
                await _hearing.MissingAsync(destination, ct).ConfigureAwait(false);
        }
        foreach (var (destination, indexes) in lost)
        {
            var reason = await _routing.ExplainUnroutedAsync(destination, ct).ConfigureAwait(false);
            foreach (var index in indexes)
                outcomes[index] = reason is null ? new(SendResult.Confirmed) { IsUnrouted = true } : new(SendResult.Failed, 0, reason);
        }
    }

    private static SendOutcome Judge(RabbitOutcome outcome, bool isAnswer) =>
        outcome.Answer switch
        {
            RabbitAnswer.Confirmed => new(SendResult.Confirmed),
            // Whoever asked has no queue any more, and asks anew when it has one.
            RabbitAnswer.Unrouted when isAnswer => new(SendResult.Refused),
            RabbitAnswer.Refused or RabbitAnswer.Barred => new(SendResult.Failed, 0, outcome.Reason),
            _ => new(SendResult.Unknown, 0, outcome.Reason),
        };

    private List<RabbitPublish> MessagesOf(IReadOnlyList<StateEvent> events, List<int> which)
    {
        if (which.Count == 0)
            return [];
        using var writer = new StructuredWriter();
        return which.ConvertAll(i => MessageOf(events[i], writer));
    }

    private RabbitPublish MessageOf(StateEvent e, StructuredWriter writer)
    {
        var (properties, body) = _parts.Messages.Write(e, writer);
        return SnapshotLane.TryParse(e.Lane, out _, out var replyTo)
            ? new("", replyTo!, properties, body)
            : new(e.Lane.Destination, RabbitNames.LaneKey(e.Lane.Number), properties, body);
    }

    private RabbitPublish Copy(RabbitDestination destination, int lane, byte[] word, TimeSpan interval) =>
        new(
            destination.Names.Destination,
            RabbitNames.HeartbeatKey(lane),
            new BasicProperties
            {
                MessageId = _parts.Surroundings.Entropy.NextGuid().ToString(),
                Type = RabbitReceiver.HeartbeatType,
                ContentType = "application/json",
                DeliveryMode = DeliveryModes.Persistent,
                Expiration = ((long)(_parts.Options.HeartbeatLifetime ?? 5 * interval).TotalMilliseconds).ToString(
                    CultureInfo.InvariantCulture
                ),
            },
            word
        );

    private RabbitDestination DestinationOf(string name) =>
        _destinations.TryGetValue(name, out var destination)
            ? destination
            : throw new ArgumentException($"The destination '{name}' was not declared when the sender was opened.", nameof(name));
}
