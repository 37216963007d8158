using Statecast.Events;
using Statecast.Replicas;

namespace Statecast.Consuming;

/// <summary>
/// Plans a key's patches (protocol section 8): each is applied to its exact base, and becomes the Upsert that it stands for, before anything else looks at it. What
/// has no base here waits, and what a full state made void is superseded. Pure.
/// </summary>
internal sealed class PatchPlanner(IStateReader reader, ApplyRules rules, WaitingLimits limits)
{
    /// <summary>What all keys of a batch may keep beyond what waits already.</summary>
    public long RoomOf(IReplicaUnit unit) => limits.Bytes - unit.Waiting.Taken;

    /// <summary>The next state that a key's patches make, given what it has newest now; null if none can be applied.</summary>
    public StateEvent? Next(KeyPlan key, ReplicaPlan plan, long floorEpoch)
    {
        if (key.Patches is not { } patches)
            return null;
        Supersede(key, patches, floorEpoch);
        foreach (var patch in patches.All)
        {
            if (patch.Body.IsEmpty || patches.IsMisfit(patch) || !rules.IsBase(key.Newest, patch) || key.Body is not { } before)
                continue;
            var made = reader.Patch(before, patch);
            if (made.Full is { } full)
            {
                patches.Remove(patch);
                return full;
            }
            if (patches.Misfit(patch))
                plan.Misfits.Add((patch, made.Defect ?? "it does not fit"));
            return null;
        }
        return null;
    }

    /// <summary>Notes what waits from now on.</summary>
    public void End(KeyPlan key, ReplicaPlan plan, ref long room)
    {
        if (key.Patches is not { } patches)
            return;
        // A full state that is parked stands for what lies below it, as it will when it is applied.
        if (key.Parked?.Event is { Operation: not StateOperation.Patch } parked)
            key.Superseded += patches.RemoveTo(parked.Revision);
        key.Superseded += patches.Trim(limits, ref room);
        if (patches.Changed)
            plan.Waiting.Add(new(key.Key, [.. patches.All]) { Answered = key.Winner is not null || key.ParkedNow });
    }

    private void Supersede(KeyPlan key, KeyPatches patches, long floorEpoch)
    {
        var useful = rules.UsefulPatches(patches.All);
        var all = ReferenceEquals(useful, patches.All);
        for (var i = patches.All.Count - 1; i >= 0; i--)
        {
            var patch = patches.All[i];
            if ((all || useful.Contains(patch)) && !IsVoid(key, patch, floorEpoch))
                continue;
            patches.Remove(patch);
            key.Superseded++;
            // The state that made it void stands for its change as well.
            if (key.Winner is not null)
                key.SnapshotCauses = Causes.Join(patch.Causes, key.SnapshotCauses);
        }
    }

    /// <summary>
    /// Whether a patch has nothing to say any more: the guard supersedes it, or its revision is here, in whatever content. It could never be applied to that, and if
    /// the content is wrong, the next patch does not fit it and brings the full state.
    /// </summary>
    public bool IsVoid(KeyPlan key, StateEvent patch, long floorEpoch) =>
        patch.Revision <= key.Newest?.Revision || rules.Guard.Judge(key.Newest, patch, floorEpoch) == GuardVerdict.Supersede;
}
