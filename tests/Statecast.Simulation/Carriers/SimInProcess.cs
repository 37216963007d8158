using Statecast.Events;
using Statecast.Hosting;
using Statecast.Serialization;
using Statecast.Simulation.Engine;
using Statecast.Simulation.Source;
using Statecast.Transport;
using Statecast.Transport.InProcess;

namespace Statecast.Simulation.Carriers;

/// <summary>
/// The real in-process carrier: source, relay, log and targets are one process, and die together. The database outlives it, and the replicas do where they are files.
/// </summary>
internal sealed class SimInProcess : SimCarrier
{
    private readonly Dictionary<string, List<(long Position, StateRevision Revision)>> _history = [];
    private InProcessTransport _transport;

    public SimInProcess(SimWorld world)
        : base(world) => _transport = NewTransport();

    public InProcessTransport Transport => _transport;

    /// <summary>A state was published straight into the log.</summary>
    public void Published(string key, StateRevision revision)
    {
        Note(key, Ends([SimContent.LaneOf(key, World.Lanes)])[0].Position - 1, revision);
        NudgeTargets();
    }

    public void NudgeTargets() => World.Targets.ForEach(t => t.Nudge());

    public override TransportAbilities Abilities => _transport.Abilities;

    public ITransportReceiver OpenReceiver() => new InProcessReceiver(_transport.Find(SimContent.Destination), bodies: null, long.MaxValue);

    /// <summary>The process ends in the midst of everything, and starts again.</summary>
    public void Die()
    {
        World.Coverage.Note(Event.ProcessDied);
        World.Trace.Add("process dies", "");
        _transport = NewTransport();
        _history.Clear();
        World.Source.Crash();
        var back = World.Random.Seconds(0.1, 3);
        foreach (var relay in World.Relays)
            relay.Crash(back);
        foreach (var target in World.Targets)
        {
            // A replica in memory begins anew, a file does not; only a database outlives the process as a file does.
            if (World.Random.Chance(0.5) || World.Source is SimMemorySource)
                target.Forget();
            foreach (var instance in target.Instances)
                instance.Crash(back);
        }
    }

    // Nothing is on its way: a send has landed when it returns.
    public override void Send(SimBatch batch, Action<IReadOnlyList<SendOutcome>?> heard)
    {
        var outcomes = Land(batch, batch.Events.Count);
        World.Scheduler.After(World.Random.Seconds(0.0001, 0.001), () => heard(outcomes));
    }

    public override IReadOnlyList<LaneEnd> Ends(IReadOnlyCollection<LaneId> lanes) =>
        new InProcessSender(_transport).ReadEndsAsync(lanes, default).AsTask().Result;

    // The real carrier's: they go with the process.
    public override IReadOnlyList<SentMark> Marks() =>
        [
            .. Enumerable
                .Range(0, World.Lanes)
                .SelectMany(n => _transport.Find(SimContent.Destination).MarksOf(new(SimContent.Destination, n))),
        ];

    public override IReadOnlyList<LogRecord> ReadBack(LaneId lane, long from, long end) =>
        throw new NotSupportedException("Nothing is read back from a log that appends by the guard.");

    public override void Heartbeat(Heartbeat heartbeat)
    {
        _transport.Find(heartbeat.Destination).Say(heartbeat);
        NudgeTargets();
    }

    // Until a log that was made anew is filled again nobody believes a word to the full.
    public override bool IsCovered(string key, StateRevision revision, Heartbeat heartbeat)
    {
        var end = heartbeat.Ends.Single(e => e.Lane == SimContent.LaneOf(key, World.Lanes)).Position;
        return !heartbeat.FirstRepublishEnded
            || (_history.TryGetValue(key, out var records) && records.Exists(r => r.Revision >= revision && r.Position < end));
    }

    protected override SendOutcome Take(StateEvent stateEvent, SimBatch batch)
    {
        var outcome = _transport.Find(stateEvent.Lane.Destination).Append(stateEvent, stateEvent.Body.Length);
        if (outcome.Result != SendResult.Confirmed)
        {
            World.Coverage.Note(Event.LogRefused);
            return outcome;
        }
        Note(stateEvent.Key, outcome.Position, stateEvent.Revision);
        return outcome;
    }

    private void Note(string key, long position, StateRevision revision)
    {
        if (!_history.TryGetValue(key, out var records))
            _history[key] = records = [];
        records.Add((position, revision));
    }

    private InProcessTransport NewTransport()
    {
        IEntropy entropy = World.Rules.LogKeepsIncarnation ? new NoEntropy() : World.Random;
        var transport = new InProcessTransport(new(), new Dictionary<string, IStateCodec>(), entropy);
        transport.Find(SimContent.Destination).Declare("sim", World.Lanes, entropy);
        return transport;
    }

    private sealed class NoEntropy : IEntropy
    {
        public void Fill(Span<byte> destination) => destination.Clear();
    }
}
