using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Conformance.Transport;

/// <summary>
/// A carrier in memory that does the worst that a log or a queue may do, decided by one seed: two runs that call it in the same order see the same.
/// Several instances never meet: all senders and receivers of a test are opened on one.
/// </summary>
/// <param name="options">What it is and how often it does what.</param>
/// <param name="seed">Decides everything.</param>
/// <param name="guard">The condition of an append; null for the protocol's.</param>
public sealed class FaultyTransport(FaultyOptions options, int seed, IGuard? guard = null) : ITransport
{
    private readonly Random _random = new(seed);
    private readonly SortedDictionary<string, int> _faults = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FaultyDestination> _destinations = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Destination, string Target, string? Instance), FaultyQueue> _queues = [];
    private readonly List<StateEvent> _late = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _incarnations;

    /// <summary>Guards everything; held only for moments.</summary>
    internal Lock Gate { get; } = new();

    internal FaultyOptions Options { get; } = options;

    /// <summary>Ends all faults: what is late lands, what was taken away comes back.</summary>
    public bool Healed { get; private set; }

    public string Carrier { get; init; } = "faulty";

    public TransportAbilities Abilities { get; } =
        new()
        {
            Retained = options.Retained,
            ConditionalAppend = options is { Retained: true, ConditionalAppend: true },
            RequestChannel = options.Answers,
            DefaultLanes = 4,
        };

    public IStateRequests? Requests { get; } = options.Answers ? new FaultyRequests() : null;

    /// <summary>How often each fault happened: a test that wants a fault checks that it did.</summary>
    public IReadOnlyDictionary<string, int> Faults
    {
        get
        {
            lock (Gate)
                return new Dictionary<string, int>(_faults);
        }
    }

    /// <summary>Ends all faults.</summary>
    public void Heal()
    {
        lock (Gate)
        {
            Healed = true;
            LandLate(all: true);
            Change();
        }
    }

    /// <summary>Loses a log: it begins anew, empty, under another incarnation.</summary>
    public void Recreate(string destination)
    {
        lock (Gate)
        {
            var old = _destinations[destination];
            _destinations[destination] = new(destination, old.Lanes.Length, ++_incarnations);
            Change();
        }
    }

    /// <summary>Everything that the log holds of a destination, by lane and position.</summary>
    public IReadOnlyList<StateEvent> Records(string destination)
    {
        lock (Gate)
            return [.. _destinations[destination].Lanes.SelectMany(l => l.Records.Select(r => r.Event))];
    }

    /// <summary>Whether a target's queue is bound: what is sent from now on reaches it.</summary>
    public bool IsBound(string target)
    {
        lock (Gate)
            return _queues.Keys.Any(q => q.Target == target);
    }

    /// <summary>What a target's queues still hold, waiting or handed over without an answer: events by key and revision, heartbeats left out.</summary>
    public IReadOnlyList<string> Held(string target)
    {
        lock (Gate)
            return
            [
                .. _queues
                    .Where(q => q.Key.Target == target)
                    .SelectMany(q =>
                        q.Value.Messages.Select(m => (m.Event, State: "waits"))
                            .Concat(q.Value.Unacknowledged.Select(m => (m.Event, State: "handed over")))
                    )
                    .Where(m => m.Event is not null)
                    .Select(m => $"{m.Event!.Key} {m.Event.Revision} {m.State}"),
            ];
    }

    public ValueTask<ITransportSender> OpenSenderAsync(SenderOptions options, CancellationToken ct)
    {
        lock (Gate)
        {
            foreach (var wanted in options.Destinations)
            {
                var name = wanted.Contract.Destination;
                if (!_destinations.TryGetValue(name, out var known))
                    _destinations.Add(name, new(name, wanted.Lanes, ++_incarnations));
                else if (known.Lanes.Length != wanted.Lanes)
                    throw new TransportException($"'{name}' has {known.Lanes.Length} lanes: set Lanes = {known.Lanes.Length}.");
            }
            Change();
        }
        return new(new FaultySender(this));
    }

    public ValueTask<ITransportReceiver> OpenReceiverAsync(ReceiverOptions options, CancellationToken ct)
    {
        if (Abilities.Retained)
            return new(new FaultyLogReceiver(this, options));
        lock (Gate)
        {
            // Bound before anything is asked for: what was sent before is not there.
            var key = (options.Contract.Destination, options.Target, options.Instance);
            if (!_queues.TryGetValue(key, out var queue))
                _queues.Add(key, queue = new($"{options.Target}.{options.Instance}"));
            return new(new FaultyQueueReceiver(this, options, queue));
        }
    }

    internal FaultyDestination? Find(string destination) => _destinations.GetValueOrDefault(destination);

    /// <summary>Completes when anything changed; taken before one looks.</summary>
    internal Task Changed => _changed.Task;

    internal bool Happens(double chance, string fault)
    {
        if (Healed || chance <= 0 || _random.NextDouble() >= chance)
            return false;
        _faults[fault] = _faults.GetValueOrDefault(fault) + 1;
        return true;
    }

    internal int Any(int below) => _random.Next(below);

    internal void Change()
    {
        var changed = _changed;
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.TrySetResult();
    }

    internal SendOutcome Send(StateEvent e)
    {
        LandLate(all: false);
        if (Find(SnapshotLane.LiveOf(e.Lane).Destination) is not { } destination || e.Lane.Number >= destination.Lanes.Length)
            return new(SendResult.Failed, 0, $"the lane {e.Lane} was not declared");
        if (Happens(Options.FailedSend, "failed send"))
            return new(SendResult.Failed, 0, "the carrier said no");
        if (!Happens(Options.UnknownSend, "unknown send"))
            return Land(destination, e);
        switch (Any(3))
        {
            case 0:
                Land(destination, e);
                break;
            case 1:
                _late.Add(e);
                break;
        }
        return new(SendResult.Unknown);
    }

    internal void Say(Heartbeat heartbeat)
    {
        var said = Find(heartbeat.Destination)!;
        foreach (var end in heartbeat.Ends)
            said.Mark(end.Lane, heartbeat.Epoch, heartbeat.LeaseId, end.Number);
        said.Say(heartbeat);
        foreach (var ((destination, _, _), queue) in _queues)
            if (destination == heartbeat.Destination)
                queue.Messages.Add(new(null, heartbeat));
    }

    private SendOutcome Land(FaultyDestination destination, StateEvent e)
    {
        destination.Mark(e.Lane, e.Revision.Epoch, e.LeaseId, e.LaneNumber);
        var copies = !Abilities.ConditionalAppend && Happens(Options.Duplicate, "duplicate") ? 2 : 1;
        if (!Abilities.Retained)
        {
            var isAnswer = SnapshotLane.TryParse(e.Lane, out _, out var replyTo);
            var found = false;
            foreach (var ((name, _, _), queue) in _queues)
            {
                if (name != destination.Name || (isAnswer && queue.Name != replyTo))
                    continue;
                found = true;
                for (var copy = 0; copy < copies; copy++)
                    if (!Happens(Options.Lose, "lost message"))
                        queue.Messages.Add(new(e, null));
            }
            return new(isAnswer && !found ? SendResult.Refused : SendResult.Confirmed);
        }
        var lane = destination.Lanes[e.Lane.Number];
        if (Abilities.ConditionalAppend)
        {
            if ((guard ?? Guard.Instance).Judge(lane.Newest(e.Key), e, destination.FloorOf(e.Lane)) == GuardVerdict.Supersede)
                return new(SendResult.Refused);
            lane.Records.RemoveAll(r => r.Event.Key == e.Key);
        }
        for (var copy = 0; copy < copies; copy++)
            lane.Append(e);
        if (!Abilities.ConditionalAppend && Happens(Options.Compact, "compaction"))
            lane.Compact();
        return new(SendResult.Confirmed, lane.End - 1);
    }

    // A send whose answer was lost may still be under way, and land after newer ones.
    private void LandLate(bool all)
    {
        for (var i = _late.Count - 1; i >= 0; i--)
        {
            if (!all && Any(4) > 0)
                continue;
            var e = _late[i];
            _late.RemoveAt(i);
            if (Find(SnapshotLane.LiveOf(e.Lane).Destination) is { } destination)
                Land(destination, e);
        }
    }
}
