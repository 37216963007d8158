using Statecast.Simulation.Engine;

namespace Statecast.Simulation.Source;

/// <summary>One committed state of a key.</summary>
internal readonly record struct CommittedState(TimeSpan At, long Revision, int? Content);

/// <summary>What only the simulator knows: every commit with its true time, and what the database's clock showed when.</summary>
internal sealed class SourceTruth(Scheduler scheduler)
{
    public static readonly DateTimeOffset Origin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // What stands: a restore takes away what it lost.
    private readonly Dictionary<string, List<CommittedState>> _states = [];
    private readonly HashSet<(string Key, long Revision, int? Content)> _ever = [];
    private readonly List<(TimeSpan From, TimeSpan Offset)> _clock = [(TimeSpan.MinValue, TimeSpan.Zero)];

    public IReadOnlyDictionary<string, List<CommittedState>> States => _states;

    /// <summary>The database's clock now.</summary>
    public DateTimeOffset Clock => Origin + scheduler.Now + _clock[^1].Offset;

    public TimeSpan LastJump => _clock.Count == 1 ? TimeSpan.MinValue : _clock[^1].From;

    public void Jump(TimeSpan by) => _clock.Add((scheduler.Now, _clock[^1].Offset + by));

    public void Committed(string key, long revision, int? content)
    {
        if (!_states.TryGetValue(key, out var states))
            _states[key] = states = [];
        states.Add(new(scheduler.Now, revision, content));
        _ever.Add((key, revision, content));
    }

    private readonly List<(TimeSpan At, long Epoch)> _epochs = [(TimeSpan.MinValue, SimDatabase.FirstEpoch)];

    /// <summary>The source took a new epoch.</summary>
    public void TookEpoch(long epoch) => _epochs.Add((scheduler.Now, epoch));

    /// <summary>The epoch under which what is said of an instant was said; the lowest, where a clock that was set back showed it more than once.</summary>
    public long EpochAt(DateTimeOffset clock)
    {
        var lowest = long.MaxValue;
        for (var i = 0; i < _clock.Count; i++)
        {
            var time = clock - Origin - _clock[i].Offset;
            if (time >= TimeSpan.Zero && time >= _clock[i].From && (i + 1 == _clock.Count || time < _clock[i + 1].From))
                lowest = Math.Min(lowest, EpochAt(time));
        }
        return lowest < long.MaxValue ? lowest : EpochAt(TimeOf(clock));
    }

    private long EpochAt(TimeSpan time) => _epochs.Last(e => e.At <= time).Epoch;

    /// <summary>Whether a key existed from the moment an epoch was taken until now.</summary>
    public bool HeldThroughout(string key, long epoch)
    {
        var since = _epochs.First(e => e.Epoch == epoch).At;
        return _states.TryGetValue(key, out var states)
            && states.LastOrDefault(s => s.At <= since) is { Content: not null }
            && states.TrueForAll(s => s.At <= since || s.Content is not null);
    }

    /// <summary>Whether a key was never deleted since a revision.</summary>
    public bool HeldSince(string key, long revision) =>
        _states.TryGetValue(key, out var states)
        && states.Exists(s => s.Revision == revision && s.Content is not null)
        && states.TrueForAll(s => s.Revision < revision || s.Content is not null);

    /// <summary>A copy of what the database holds: once it is restored, what was committed after the copy never was.</summary>
    public Action Copy()
    {
        var counts = _states.ToDictionary(s => s.Key, s => s.Value.Count);
        return () =>
        {
            foreach (var (key, states) in _states)
                states.RemoveRange(counts.GetValueOrDefault(key), states.Count - counts.GetValueOrDefault(key));
        };
    }

    /// <summary>The newest committed state; null if there is none.</summary>
    public CommittedState? Newest(string key) => _states.TryGetValue(key, out var states) && states.Count > 0 ? states[^1] : null;

    /// <summary>Whether a revision was ever committed with this content, in a tail that a restore lost too.</summary>
    public bool WasCommitted(string key, long revision, int? content) => _ever.Contains((key, revision, content));

    /// <summary>Whether a revision was committed with this content, and no restore took it away.</summary>
    public bool Stands(string key, long revision, int? content) =>
        _states.TryGetValue(key, out var states) && states.Exists(s => s.Revision == revision && s.Content == content);

    /// <summary>
    /// The newest revision that a replica must have if all commits before this instant are in it: 0 for a row from before Statecast, -1 for nothing to have.
    /// </summary>
    public long RevisionBefore(string key, DateTimeOffset clock)
    {
        if (!_states.TryGetValue(key, out var states))
            return -1;
        var time = TimeOf(clock);
        for (var i = states.Count - 1; i >= 0; i--)
            if (states[i].At < time)
                return states[i] is { Revision: 0, Content: null } ? -1 : states[i].Revision;
        return -1;
    }

    // A clock that was set back shows an instant twice; the first time demands least of a statement about it.
    private TimeSpan TimeOf(DateTimeOffset clock)
    {
        for (var i = 0; i < _clock.Count; i++)
        {
            var time = clock - Origin - _clock[i].Offset;
            if (time < _clock[i].From)
                return _clock[i].From;
            if (i + 1 == _clock.Count || time < _clock[i + 1].From)
                return time;
        }
        return scheduler.Now;
    }
}
