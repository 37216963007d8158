using Statecast.Replicas;

namespace Statecast.Consuming;

/// <summary>
/// Which keys' full states a target asks for, where its carrier lets it: those whose patches wait, each once until it is answered, and again after a while since a
/// question or its answer may be lost. Pure; times are the caller's, from any origin that stays.
/// </summary>
internal sealed class PatchQuestions(IEnumerable<string> waiting)
{
    /// <summary>After so long without an answer a key is asked for again.</summary>
    public static readonly TimeSpan Again = TimeSpan.FromSeconds(30);

    // When each waiting key was asked for; null for not yet.
    private readonly Dictionary<string, TimeSpan?> _keys = waiting.ToDictionary(k => k, _ => (TimeSpan?)null, StringComparer.Ordinal);
    private TimeSpan _earliest = TimeSpan.MinValue;

    /// <summary>Whether any is open.</summary>
    public bool Any => _keys.Count > 0;

    /// <summary>A plan is in the store.</summary>
    public void Committed(ReplicaPlan plan)
    {
        foreach (var change in plan.Waiting)
        {
            if (change.Patches.Count == 0)
                _keys.Remove(change.Key);
            // What still waits after an answer came too late for it.
            else if (change.Answered || !_keys.ContainsKey(change.Key))
            {
                _keys[change.Key] = null;
                _earliest = TimeSpan.MinValue;
            }
        }
    }

    /// <summary>The keys to ask for now; they count as asked for.</summary>
    public IReadOnlyList<string> Take(TimeSpan now)
    {
        if (_keys.Count == 0 || now < _earliest)
            return [];
        var due = _keys.Where(k => k.Value is not { } asked || now - asked >= Again).Select(k => k.Key).ToList();
        foreach (var key in due)
            _keys[key] = now;
        _earliest = _keys.Values.Min()!.Value + Again;
        return due;
    }
}
