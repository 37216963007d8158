using Statecast.Serialization;

namespace Statecast.Events;

/// <summary>What a log or a replica knows as a key's newest.</summary>
/// <param name="Revision">Its revision.</param>
/// <param name="Deleted">Whether it is a tombstone.</param>
/// <param name="Content">The state's fingerprint; null for a tombstone.</param>
public readonly record struct KeyNewest(StateRevision Revision, bool Deleted, Fingerprint? Content);

/// <summary>What becomes of an event.</summary>
public enum GuardVerdict
{
    /// <summary>It is newer than all that is known of its key.</summary>
    Accept,

    /// <summary>It is equal in revision and replaces: a Snapshot, or another fingerprint (which is reported).</summary>
    Replace,

    /// <summary>A newer or equal one is known, or it lies below the lane's floor.</summary>
    Supersede,
}

/// <summary>The rule that makes every order of delivery right. Injected, so that a test can plant a broken one.</summary>
public interface IGuard
{
    /// <summary>Judges an event against its key's newest; null if the key was never seen.</summary>
    GuardVerdict Judge(KeyNewest? newest, StateEvent incoming, long floorEpoch);
}

/// <summary>The guard of protocol section 1; a log's conditional append uses the same rule with floor 0.</summary>
public sealed class Guard : IGuard
{
    /// <summary>The one instance.</summary>
    public static Guard Instance { get; } = new();

    /// <inheritdoc/>
    public GuardVerdict Judge(KeyNewest? newest, StateEvent incoming, long floorEpoch)
    {
        if (incoming.Revision.Epoch < floorEpoch)
            return GuardVerdict.Supersede;
        if (newest is not { } known || incoming.Revision > known.Revision)
            return GuardVerdict.Accept;
        if (incoming.Revision < known.Revision)
            return GuardVerdict.Supersede;
        // Refusing equals for ever would leave wrong content at the right revision beyond repair.
        return SaysMore(known, incoming) ? GuardVerdict.Replace : GuardVerdict.Supersede;
    }

    /// <summary>Whether an event of the same revision replaces what is known.</summary>
    internal static bool SaysMore(KeyNewest known, StateEvent incoming) =>
        incoming.Operation == StateOperation.Snapshot || incoming.IsDelete != known.Deleted || incoming.Content != known.Content;
}
