using Statecast.Events;

namespace Statecast.Outbox;

/// <summary>
/// The way of one heartbeat (protocol section 3): clock and snapshot, all of it confirmed, the lanes' ends, on a log without conditional append
/// everything below them verified, the lease still held, then the word.
/// </summary>
internal sealed class HeartbeatCycle(RelayShard shard, RelayOptions options, RelayRules rules)
{
    /// <summary>The newest leases that a word on a queue names; who still lacks numbers of older ones asks for everything again.</summary>
    private const int MaxLine = 16;

    private OutboxSnapshot? _first;
    private bool _provenByEmptiness;
    private bool _met;
    private bool _heldUp;
    private bool _looksBack;
    private bool _readsOn;
    private TimeSpan _observedSince;
    private readonly HashSet<long> _owed = [];
    private TimeSpan _due;
    private TimeSpan _lookAgain;
    private TimeSpan _endsAgain;
    private HashSet<long> _waitFor = [];
    private Dictionary<LaneId, LaneEnd> _ends = [];
    private DateTimeOffset _clock;
    private long _command;
    private (RelayLane Lane, long End) _reading;
    private readonly HashSet<long> _saying = [];
    private readonly Dictionary<string, string> _lost = new(StringComparer.Ordinal);
    private Dictionary<LaneId, long> _accountedBefore = [];

    private HeartbeatPhase Phase { get; set; }

    /// <summary>When the cycle wants to be looked at for the passing of time.</summary>
    public TimeSpan WakeAt =>
        Phase switch
        {
            HeartbeatPhase.Resting => _due,
            HeartbeatPhase.Observing => _lookAgain,
            HeartbeatPhase.Verifying => _endsAgain,
            _ => TimeSpan.MaxValue,
        };

    /// <summary>Begins under a lease: nothing is known of the log yet.</summary>
    public void Begin(TimeSpan due)
    {
        _met = false;
        Restart(due);
    }

    /// <summary>Begins anew: what was seen is void.</summary>
    public void Restart(TimeSpan due)
    {
        Phase = HeartbeatPhase.Resting;
        _first = null;
        _owed.Clear();
        _command = 0;
        (_looksBack, _readsOn) = (false, false);
        _saying.Clear();
        _due = due;
    }

    public bool WantsSnapshot(TimeSpan now) => Phase is HeartbeatPhase.Resting or HeartbeatPhase.Observing && now >= WakeAt;

    /// <summary>Rows of the first snapshot that vanish because a later one swallowed them are not sent before that one is.</summary>
    public void Claimed(ClaimPlan plan)
    {
        if (Phase != HeartbeatPhase.Observing || _first!.HighestSequence is not { } highest)
            return;
        foreach (var (claimed, lowest) in plan.StandsFor)
            if (lowest <= highest && claimed > highest)
                _owed.Add(claimed);
    }

    /// <summary>Rows were confirmed and deleted: a new look may show that all are.</summary>
    public void Deleted(List<ClaimedRow> rows, TimeSpan now)
    {
        if (Phase != HeartbeatPhase.Observing || rows.Count == 0)
            return;
        foreach (var row in rows)
            _owed.Remove(row.Sequence);
        _lookAgain = now;
    }

    /// <summary>Every snapshot comes by here, whatever it was read for.</summary>
    public void Observe(OutboxSnapshot snapshot, TimeSpan now)
    {
        if (Phase == HeartbeatPhase.Resting && now >= _due)
        {
            Phase = HeartbeatPhase.Observing;
            (_first, _observedSince, _heldUp) = (snapshot, now, false);
        }
        if (Phase != HeartbeatPhase.Observing)
            return;
        _lookAgain = now + options.HeartbeatInterval;
        if (rules.HeartbeatClock(new(_first!, snapshot, _owed.Count > 0)) is not { } clock)
        {
            _heldUp = now - _observedSince >= 2 * options.HeartbeatInterval;
            _looksBack = shard.ReadsBack && now - _observedSince >= options.HeartbeatInterval;
            return;
        }
        _clock = clock;
        _provenByEmptiness = snapshot.Count == 0;
        Phase = HeartbeatPhase.ReadingEnds;
        _command = 0;
        (_looksBack, _readsOn) = (false, false);
    }

    /// <summary>
    /// Whether the ends are to be asked for now. Before all is confirmed too: once where a word is held up, since that a log was made anew must not go unnoticed for as
    /// long as it refuses one key; at once on a log that nobody has noted yet, since one that takes its place later could not be told from it; and on a log that is read
    /// back with every interval that a word is held up, since compaction does not wait for the word with what another's record has buried.
    /// </summary>
    public bool WantsEnds(IReadOnlyDictionary<LaneId, RelayLane> lanes) =>
        _command == 0
        && (
            Phase == HeartbeatPhase.ReadingEnds
            || (Phase == HeartbeatPhase.Observing && (_looksBack || (!_met && shard.Abilities.Retained && (_heldUp || IsUnknown(lanes)))))
        );

    private static bool IsUnknown(IReadOnlyDictionary<LaneId, RelayLane> lanes)
    {
        foreach (var lane in lanes.Values)
            if (lane.Verifier.Incarnation == 0)
                return true;
        return false;
    }

    public void Asked(long command) => _command = command;

    /// <summary>The ends were asked for: what was accounted for by then lies below them.</summary>
    public void AskedEnds(long command, IReadOnlyDictionary<LaneId, RelayLane> lanes)
    {
        Asked(command);
        _looksBack = false;
        _accountedBefore = lanes.ToDictionary(l => l.Key, l => l.Value.Verifier.Accounted);
    }

    /// <summary>Whether an answer or failure belongs to what the cycle waits for.</summary>
    public bool IsWaitingFor(long command) => _command == command && command != 0 || _saying.Contains(command);

    public void EndsRead(
        IReadOnlyList<LaneEnd> ends,
        IReadOnlyDictionary<LaneId, RelayLane> lanes,
        IEnumerable<long> underWay,
        TimeSpan now
    )
    {
        _command = 0;
        _ends = ends.ToDictionary(e => e.Lane);
        _endsAgain = now + options.HeartbeatInterval;
        // Both are looked at: of two destinations one may be another, and one have gone back.
        if (LogWasMadeAnew(ends, lanes) | LogWentBack(ends, lanes))
        {
            // What was said of the log as it was is void: no word before the republish is queued.
            Abandon(now);
            return;
        }
        _met = true;
        if (Phase == HeartbeatPhase.Observing)
        {
            // What is under way may take until its deadline, and is no reason to wait.
            _readsOn = shard.ReadsBack;
            _waitFor = [];
            return;
        }
        if (!shard.ReadsBack)
        {
            Verified();
            return;
        }
        Phase = HeartbeatPhase.Verifying;
        // Own sends that may lie below the ends are about to say where they stand: reading them back would be work for nothing.
        _waitFor = [.. underWay];
    }

    /// <summary>Destinations whose log has lost what was sent to it, and how: their contracts must be said again. Emptied by reading.</summary>
    public IReadOnlyList<(string Destination, string Reason)> TakeLost()
    {
        (string, string)[] lost = [.. _lost.Select(l => (l.Key, l.Value))];
        _lost.Clear();
        return lost;
    }

    private bool LogWasMadeAnew(IReadOnlyList<LaneEnd> ends, IReadOnlyDictionary<LaneId, RelayLane> lanes)
    {
        if (!shard.Abilities.Retained)
            return false;
        var anew = false;
        foreach (var end in ends)
        {
            if (!lanes.TryGetValue(end.Lane, out var lane))
                continue;
            // A holder that never noted the log may have sent to another one, which its process took along (the in-process log): not knowing is treated as anew.
            if (lane.Verifier.Incarnation != end.Incarnation && (lane.Verifier.Incarnation != 0 || lane.HadNumbers))
            {
                anew = true;
                _lost[end.Lane.Destination] = "the log was made anew and holds nothing of what was sent before";
            }
            lane.Verifier.Meet(end.Incarnation);
        }
        return anew;
    }

    private bool LogWentBack(IReadOnlyList<LaneEnd> ends, IReadOnlyDictionary<LaneId, RelayLane> lanes)
    {
        if (!shard.ReadsBack)
            return false;
        var back = false;
        foreach (var end in ends)
        {
            // A log that is another has nothing of what was accounted for.
            if (!lanes.TryGetValue(end.Lane, out var lane) || _lost.ContainsKey(end.Lane.Destination))
                continue;
            back |= lane.Verifier.EndsBelow(end.Position, _accountedBefore.GetValueOrDefault(end.Lane));
        }
        foreach (var lane in lanes.Values)
        {
            if (lane.Verifier.LostFrom is not { } position)
                continue;
            back = true;
            _lost.TryAdd(
                lane.Id.Destination,
                $"the log lost what it had confirmed: lane {lane.Id.Number} went back to position {position}"
            );
            lane.Verifier.GoBack();
        }
        return back;
    }

    public void SendEnded(long command) => _waitFor.Remove(command);

    /// <summary>The next piece of a lane to read back; null if there is none or one is being read.</summary>
    public (RelayLane Lane, long End)? NextReadBack(IReadOnlyDictionary<LaneId, RelayLane> lanes, TimeSpan now)
    {
        if (!(Phase == HeartbeatPhase.Verifying || _readsOn) || _command != 0 || _waitFor.Count > 0)
            return null;
        var buried = false;
        foreach (var end in _ends.Values)
        {
            if (!lanes.TryGetValue(end.Lane, out var lane))
                continue;
            if (lane.Verifier.Accounted < end.Position)
                return _reading = (lane, Math.Min(end.Position, lane.Verifier.Accounted + options.MaxReadBack));
            buried |= lane.Verifier.Verified < end.Position;
        }
        if (_readsOn)
            _readsOn = false;
        else if (!buried)
            Verified();
        else if (now >= _endsAgain)
            // Whatever was sent again stands above the ends asked for so far.
            (Phase, _command) = (HeartbeatPhase.ReadingEnds, 0);
        return null;
    }

    /// <summary>The piece that was asked for is there.</summary>
    public (RelayLane Lane, long End) ReadBackEnded()
    {
        _command = 0;
        return _reading;
    }

    /// <summary>Whether the lease must be confirmed, and what was verified stored, before the word is said.</summary>
    public bool WantsCommit => Phase == HeartbeatPhase.Storing;

    public void Committed() => Phase = HeartbeatPhase.Saying;

    /// <summary>Whether the word is to be said now.</summary>
    public bool WantsToSay => Phase == HeartbeatPhase.Saying && _saying.Count == 0;

    /// <summary>The word on every destination whose ends are known.</summary>
    public IEnumerable<Heartbeat> Words(RelayLease lease, IReadOnlyDictionary<LaneId, RelayLane> lanes)
    {
        foreach (var destination in shard.Destinations)
        {
            var published = _first!.Published.Contains(destination.Name);
            var ends = new List<LaneEnd>(destination.Lanes);
            for (var n = 0; n < destination.Lanes; n++)
                if (_ends.TryGetValue(new(destination.Name, n), out var end) && lanes.TryGetValue(end.Lane, out var lane))
                    ends.Add(
                        end with
                        {
                            Position = shard.ReadsBack ? lane.Verifier.Verified : end.Position,
                            Number = lane.NextNumber - 1,
                            Floor = published ? rules.Floor(lease, lane) : default,
                            // Where positions do the work, nobody counts.
                            Line = shard.Abilities.Retained
                                ? null
                                : [.. lane.Line.TakeLast(MaxLine).Select(l => new LeaseNumbers(l.LeaseId, l.FirstNumber))],
                        }
                    );
            if (ends.Count < destination.Lanes)
                continue;
            yield return new()
            {
                Source = shard.Source,
                Destination = destination.Name,
                Epoch = lease.Epoch,
                LeaseId = lease.Id,
                Clock = _clock,
                Interval = options.HeartbeatInterval,
                Ends = ends,
                FirstRepublishEnded = published,
            };
        }
    }

    public void Said(long command) => _saying.Add(command);

    /// <summary>One destination's word is out.</summary>
    /// <returns>True when all are.</returns>
    public bool HeartbeatSent(long command, TimeSpan now)
    {
        if (!_saying.Remove(command) || _saying.Count > 0)
            return false;
        Restart(Next(now));
        return true;
    }

    /// <summary>Something failed on the way: tried again with the next heartbeat.</summary>
    public void Abandon(TimeSpan now) => Restart(now + options.HeartbeatInterval);

    // That rows vanished says that they are sent only if nobody else took over and swallowed them, which a commit under the lease proves. An empty outbox
    // needs no such proof, and a log that asks the guard no stored positions: an idle source then writes nothing.
    private void Verified() =>
        Phase = shard.Abilities.ConditionalAppend && _provenByEmptiness ? HeartbeatPhase.Saying : HeartbeatPhase.Storing;

    private TimeSpan Next(TimeSpan now) => _due + options.HeartbeatInterval > now ? _due + options.HeartbeatInterval : now;
}

/// <summary>Where a heartbeat stands.</summary>
internal enum HeartbeatPhase
{
    /// <summary>Until the next is due.</summary>
    Resting,

    /// <summary>Clock and snapshot are taken; not all of it is confirmed.</summary>
    Observing,

    /// <summary>All of it is confirmed; the ends are asked for.</summary>
    ReadingEnds,

    /// <summary>What lies below the ends is being accounted for.</summary>
    Verifying,

    /// <summary>What was verified is to be stored, which also proves that the lease was held all the while.</summary>
    Storing,

    /// <summary>The word goes out.</summary>
    Saying,
}
