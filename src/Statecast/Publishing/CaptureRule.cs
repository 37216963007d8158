using Statecast.Events;
using Statecast.Serialization;

namespace Statecast.Publishing;

/// <summary>The source's record of the newest captured revision of a key.</summary>
/// <param name="Revision">The newest captured revision; 0 if the key was never published.</param>
/// <param name="Deleted">Whether that revision was a delete; true at revision 0.</param>
/// <param name="Schema">The schema of that state.</param>
/// <param name="Content">Its fingerprint.</param>
public readonly record struct Head(long Revision, bool Deleted, Fingerprint? Schema, Fingerprint? Content)
{
    /// <summary>The head of a key that was never published.</summary>
    public static Head None { get; } = new(0, true, null, null);

    /// <summary>What the next patch is made from; null where it was not asked for (<see cref="HeadKeys.WithBases"/>), and where the next event is a full state.</summary>
    public PatchBase? Base { get; init; }
}

/// <summary>What was read back of one key: its state's fingerprints, or nothing.</summary>
/// <param name="Deleted">Whether there is no state: the row is gone or does not match the publication's predicate.</param>
/// <param name="Schema">The contract's schema now.</param>
/// <param name="Content">The state's fingerprint; null if there is none.</param>
public readonly record struct ReadBack(bool Deleted, Fingerprint Schema, Fingerprint? Content);

/// <summary>What capture does with a key.</summary>
/// <param name="Publish">Whether an event goes out.</param>
/// <param name="Revision">Its revision, or the current one if nothing goes out.</param>
/// <param name="Operation">Its operation.</param>
public readonly record struct CaptureDecision(bool Publish, long Revision, StateOperation Operation);

/// <summary>Decides from the head and what was read back under its lock. Nothing else numbers a revision.</summary>
public static class CaptureRule
{
    /// <summary>A save: publishes if (deleted, schema, content) changed. All three count, else a key deleted and created again with equal content is lost (protocol section 1).</summary>
    public static CaptureDecision Save(Head head, ReadBack now)
    {
        if (now.Deleted)
            return head.Deleted ? new(false, head.Revision, StateOperation.Delete) : new(true, head.Revision + 1, StateOperation.Delete);
        var same = !head.Deleted && head.Schema == now.Schema && head.Content == now.Content;
        return same ? new(false, head.Revision, StateOperation.Upsert) : new(true, head.Revision + 1, StateOperation.Upsert);
    }

    /// <summary>
    /// A republish never suppresses: what changed is captured as a change; what only has another schema, or was never published, is a Snapshot above;
    /// what did not change is a Snapshot at the revision it has. A deleted key says its Delete again; a key that never was says nothing, unless a log holds a
    /// foreign record of it: then it is deleted, so that the log's last word on the key is its source's.
    /// </summary>
    /// <param name="head">The key's head.</param>
    /// <param name="now">What was read back.</param>
    /// <param name="isInLog">Whether a log holds a record of the key that its source did not send.</param>
    public static CaptureDecision Republish(Head head, ReadBack now, bool isInLog = false)
    {
        if (now.Deleted && head.Revision == 0)
            return new(isInLog, isInLog ? 1 : 0, StateOperation.Delete);
        if (now.Deleted)
            return head.Deleted ? new(true, head.Revision, StateOperation.Delete) : new(true, head.Revision + 1, StateOperation.Delete);
        if (head.Revision == 0)
            return new(true, 1, StateOperation.Snapshot);
        if (head.Deleted)
            return new(true, head.Revision + 1, StateOperation.Upsert);
        if (head.Schema != now.Schema)
            return new(true, head.Revision + 1, StateOperation.Snapshot);
        return head.Content == now.Content
            ? new(true, head.Revision, StateOperation.Snapshot)
            : new(true, head.Revision + 1, StateOperation.Upsert);
    }
}
