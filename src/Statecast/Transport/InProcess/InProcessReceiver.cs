using Statecast.Events;
using Statecast.Hosting;

namespace Statecast.Transport.InProcess;

/// <summary>Reads one destination by positions.</summary>
internal sealed class InProcessReceiver : ITransportReceiver
{
    private readonly InProcessDestination _destination;
    private readonly InProcessBodies? _bodies;
    private readonly long _maxBytes;
    private readonly AsyncSignal _changed = new();

    // Touched under the destination's gate: from where each open lane is read, null until it was sought; and whether its tail was told there.
    private readonly List<(long? From, bool TailTold)> _lanes = [];
    private Heartbeat? _heard;

    /// <param name="destination">The destination.</param>
    /// <param name="bodies">Gives events their bytes, for a target that keeps bytes; null for one that takes the objects.</param>
    /// <param name="maxBytes">A delivery ends with the event that reaches them.</param>
    public InProcessReceiver(InProcessDestination destination, InProcessBodies? bodies, long maxBytes)
    {
        _destination = destination;
        _bodies = bodies;
        _maxBytes = maxBytes;
        destination.Attach(_changed);
    }

    public async ValueTask<Delivery> ReceiveAsync(int maxEvents, CancellationToken ct)
    {
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            Delivery? found;
            lock (_destination.Gate)
                found = Look(maxEvents);
            if (found is not null)
                return _bodies is null ? found : Encode(found, _bodies);
            await _changed.WaitAsync(ct).ConfigureAwait(false);
        }
    }

    public ValueTask SeekAsync(LaneId lane, long position, CancellationToken ct)
    {
        lock (_destination.Gate)
            _lanes[lane.Number] = (position, false);
        _changed.Signal();
        return ValueTask.CompletedTask;
    }

    public ValueTask AcknowledgeAsync(Delivery delivery, CancellationToken ct) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _destination.Detach(_changed);
        return ValueTask.CompletedTask;
    }

    // Not under the gate: whoever publishes would wait for it.
    private Delivery Encode(Delivery found, InProcessBodies bodies)
    {
        var room = new ReadRoom(int.MaxValue, _maxBytes);
        var batches = new List<LaneBatch>(found.Batches.Count);
        foreach (var batch in found.Batches)
        {
            var encoded = bodies.Fill(batch, room);
            if (encoded.Next != batch.Next)
                ReadAgainFrom(encoded, batch);
            if (encoded.Events.Count > 0 || batch.Events.Count == 0)
                batches.Add(encoded);
        }
        return new()
        {
            Opened = found.Opened,
            Batches = batches,
            Heartbeats = found.Heartbeats,
        };
    }

    // What was read and found no room comes with the next delivery, unless the lane was sought elsewhere since.
    private void ReadAgainFrom(LaneBatch encoded, LaneBatch read)
    {
        lock (_destination.Gate)
            if (_lanes[read.Lane.Number] == (read.Next, read.AtTail))
                _lanes[read.Lane.Number] = (encoded.Next, false);
    }

    private Delivery? Look(int maxEvents)
    {
        var opened = new List<LaneOpened>();
        for (var i = _lanes.Count; i < _destination.Lanes.Count; i++)
        {
            var lane = _destination.Lanes[i];
            opened.Add(new(lane.Id, _destination.Incarnation, lane.End));
            _lanes.Add((null, false));
        }
        var batches = new List<LaneBatch>();
        var room = new ReadRoom(maxEvents, _maxBytes);
        for (var i = 0; i < _lanes.Count; i++)
        {
            if (_lanes[i].From is not { } from || !room.HasRoom)
                continue;
            var batch = _destination.Lanes[i].Read(from, room);
            if (batch.Events.Count == 0 && (!batch.AtTail || _lanes[i].TailTold) && batch.Next == from)
                continue;
            batches.Add(batch);
            _lanes[i] = (batch.Next, batch.AtTail);
        }
        var word = _destination.Word;
        IReadOnlyList<Heartbeat> heartbeats = word is null || ReferenceEquals(word, _heard) ? [] : [word];
        _heard = word;
        return opened.Count + batches.Count + heartbeats.Count == 0
            ? null
            : new()
            {
                Opened = opened,
                Batches = batches,
                Heartbeats = heartbeats,
            };
    }
}
