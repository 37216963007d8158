using Statecast.Events;

namespace Statecast.Replicas.InMemory;

/// <summary>Waiting patches of a replica in memory. Used under the store's gate.</summary>
internal sealed class MemoryWaiting
{
    private readonly Dictionary<string, IReadOnlyList<StateEvent>> _patches = new(StringComparer.Ordinal);

    public WaitingPatches All { get; private set; }

    public IReadOnlyList<WaitingKey> Keys => [.. _patches.Select(p => new WaitingKey(p.Key, WaitingPatches.Of(p.Value)))];

    public IReadOnlyList<StateEvent> Find(string key) => _patches.GetValueOrDefault(key, []);

    public void Write(IReadOnlyList<WaitingChange> changes)
    {
        foreach (var (key, patches) in changes)
        {
            All += WaitingPatches.Of(patches) - WaitingPatches.Of(Find(key));
            if (patches.Count > 0)
                _patches[key] = patches;
            else
                _patches.Remove(key);
        }
    }
}
