using Statecast.Events;
using Statecast.Replicas;

namespace Statecast.Consuming;

/// <summary>What is removed once everything that a source has was said: the rows that were not named.</summary>
/// <param name="Lane">The live lane.</param>
/// <param name="Epoch">The source's epoch. What goes leaves a tombstone at (this, 0), and a row of a later epoch was said since.</param>
public abstract record RowSweep(LaneId Lane, long Epoch)
{
    /// <summary>Whether an event that is kept beside a row says that the source has its key.</summary>
    internal abstract bool IsNamed(StateEvent kept);

    /// <summary>Whether a row is an orphan.</summary>
    internal abstract bool IsOrphan(ReplicaRow row, ApplyRules rules);
}
