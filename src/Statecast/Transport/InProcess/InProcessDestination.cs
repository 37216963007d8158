using Statecast.Events;
using Statecast.Hosting;

namespace Statecast.Transport.InProcess;

/// <summary>A destination in memory: its lanes once a source declared them, the source's newest word, and who is to be woken. Safe for any number of threads.</summary>
internal sealed class InProcessDestination(string name)
{
    private readonly List<AsyncSignal> _readers = [];
    private string? _source;

    /// <summary>Guards everything; held only for moments.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Empty until a source declared them. Under the gate.</summary>
    public IReadOnlyList<InProcessLane> Lanes { get; private set; } = [];

    /// <summary>Another one in every process: what a replica file knew of an earlier one's positions is void. Under the gate.</summary>
    public long Incarnation { get; private set; }

    /// <summary>The source's newest word; null before the first. Under the gate.</summary>
    public Heartbeat? Word { get; private set; }

    /// <summary>A source is about to send.</summary>
    /// <exception cref="TransportException">Another source, or the same with another lane count, declared it before.</exception>
    public void Declare(string source, int lanes, IEntropy entropy)
    {
        lock (Gate)
        {
            if (_source is not null && _source != source)
                throw new TransportException(
                    $"'{name}' is written by the service '{_source}' in this process; '{source}' cannot write it too. A destination has one source: remove one publication."
                );
            if (Lanes.Count > 0 && Lanes.Count != lanes)
                throw new TransportException(
                    $"'{name}' has {Lanes.Count} lanes in this process, and is now published with {lanes}: set Lanes = {Lanes.Count} in its publication, or start the process anew."
                );
            if (Lanes.Count > 0)
                return;
            _source = source;
            Incarnation = entropy.NextIncarnation();
            Lanes = [.. Enumerable.Range(0, lanes).Select(n => new InProcessLane(new(name, n)))];
            Wake();
        }
    }

    /// <summary>Appends by the guard, and wakes who reads.</summary>
    /// <param name="stateEvent">The event.</param>
    /// <param name="length">The bytes of its encoded body; 0 where it was never encoded.</param>
    public SendOutcome Append(StateEvent stateEvent, int length)
    {
        lock (Gate)
        {
            if (stateEvent.Lane.Number >= Lanes.Count)
                return new(
                    SendResult.Failed,
                    Reason: $"'{stateEvent.Lane}' was not declared: '{name}' has {Lanes.Count} lanes. Set Lanes in its publication."
                );
            var outcome = Lanes[stateEvent.Lane.Number].Append(stateEvent, length);
            if (outcome.Result == SendResult.Confirmed)
                Wake();
            return outcome;
        }
    }

    public void Say(Heartbeat word)
    {
        lock (Gate)
        {
            var ends = word
                .Ends.Select(e => e.Lane.Number < Lanes.Count ? Lanes[e.Lane.Number].Say(word.Epoch, word.LeaseId, e) : e)
                .ToList();
            // One of a lower epoch is a sleeper's.
            if (word.Epoch < Word?.Epoch)
                return;
            Word = word with { Ends = ends };
            Wake();
        }
    }

    /// <summary>Who sent what into a lane.</summary>
    public IReadOnlyList<SentMark> MarksOf(LaneId lane)
    {
        lock (Gate)
            return lane.Number < Lanes.Count ? [.. Lanes[lane.Number].Marks] : [];
    }

    public LaneEnd EndOf(LaneId lane)
    {
        lock (Gate)
            return lane.Number < Lanes.Count ? new(lane, Incarnation, Lanes[lane.Number].End, 0) : new(lane, 0, 0, 0);
    }

    /// <summary>The highest epoch that was ever seen here; 0 for none.</summary>
    public long HighestEpoch
    {
        get
        {
            lock (Gate)
                return Lanes.Select(l => l.HighestEpoch).DefaultIfEmpty().Max();
        }
    }

    public void Attach(AsyncSignal reader)
    {
        lock (Gate)
            _readers.Add(reader);
    }

    public void Detach(AsyncSignal reader)
    {
        lock (Gate)
            _readers.Remove(reader);
    }

    private void Wake()
    {
        foreach (var reader in _readers)
            reader.Signal();
    }
}
