using Statecast.Events;
using Statecast.Replicas;

namespace Statecast.Consuming;

/// <summary>The patches of one key that are not applied: what waited before the batch, and what came with it.</summary>
internal sealed class KeyPatches
{
    private readonly IReadOnlyList<StateEvent> _before;
    private readonly List<StateEvent> _patches;
    private readonly HashSet<StateEvent> _misfits = new(ReferenceEqualityComparer.Instance);

    public KeyPatches(IReadOnlyList<StateEvent> waiting) => (_before, _patches) = (waiting, [.. waiting]);

    /// <summary>They, lowest revision first.</summary>
    public IReadOnlyList<StateEvent> All => _patches;

    /// <summary>Sets a patch aside. Of two with one revision the later stands.</summary>
    /// <returns>Whether it took another's place.</returns>
    public bool Add(StateEvent patch)
    {
        var at = _patches.Count;
        while (at > 0 && _patches[at - 1].Revision >= patch.Revision)
            at--;
        if (at < _patches.Count && _patches[at].Revision == patch.Revision)
        {
            _patches[at] = patch;
            return true;
        }
        _patches.Insert(at, patch);
        return false;
    }

    public void Remove(StateEvent patch) => _patches.Remove(patch);

    /// <summary>Removes all up to a revision.</summary>
    /// <returns>How many.</returns>
    public int RemoveTo(StateRevision revision) => _patches.RemoveAll(p => p.Revision <= revision);

    /// <summary>Notes that a patch does not fit the state that is its base.</summary>
    /// <returns>Whether it came with this batch: one that waited was told before.</returns>
    public bool Misfit(StateEvent patch) => _misfits.Add(patch) && !_before.Contains(patch, ReferenceEqualityComparer.Instance);

    public bool IsMisfit(StateEvent patch) => _misfits.Contains(patch);

    /// <summary>Drops what must not wait any longer, oldest first.</summary>
    /// <param name="limits">The limits.</param>
    /// <param name="room">What all keys may still keep; what this key keeps is taken out.</param>
    /// <returns>How many were dropped.</returns>
    public int Trim(WaitingLimits limits, ref long room)
    {
        room += WaitingPatches.Of(_before).Taken;
        var dropped = Math.Max(0, _patches.Count - limits.PatchesPerKey);
        _patches.RemoveRange(0, dropped);
        if (WaitingPatches.Of(_patches).Taken > Math.Max(0, room))
        {
            dropped += _patches.Count - 1;
            _patches.RemoveRange(0, _patches.Count - 1);
            _patches[0] = _patches[0] with { Body = default };
        }
        room -= WaitingPatches.Of(_patches).Taken;
        return dropped;
    }

    /// <summary>Whether others wait now than before.</summary>
    public bool Changed => !_patches.SequenceEqual(_before, ReferenceEqualityComparer.Instance);
}
