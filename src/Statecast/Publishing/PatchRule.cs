using Statecast.Events;

namespace Statecast.Publishing;

/// <summary>Decides whether a captured change may go out as a patch of the head's state. Pure.</summary>
internal static class PatchRule
{
    /// <summary>
    /// Only a change of a state that stands, in the schema that it stood in, is one. What the republisher says again is full: who asked for it has no base.
    /// Both counts are the head's own, so that no restart forgets them.
    /// </summary>
    public static bool Allows(PatchOptions options, Head head, CaptureDecision decision, ReadBack now, DateTimeOffset at) =>
        decision.Operation == StateOperation.Upsert
        && decision.Revision > head.Revision
        && !head.Deleted
        && head.Schema == now.Schema
        && head.Base is { } known
        && known.Patches < options.MaxPatches
        // A clock that was set back must not keep full states away.
        && at >= known.FullAt
        && at - known.FullAt <= options.FullAfter;

    /// <summary>What the new head keeps.</summary>
    /// <param name="before">What the head kept.</param>
    /// <param name="body">The new state.</param>
    /// <param name="patched">Whether a patch goes out to anybody.</param>
    /// <param name="at">The capture.</param>
    public static PatchBase Next(PatchBase? before, ReadOnlyMemory<byte> body, bool patched, DateTimeOffset at) =>
        patched && before is not null ? before with { Body = body, Patches = before.Patches + 1 } : new(body, 0, at);
}
