namespace Shop.Verification;

/// <summary>What comparing one replica with its source showed.</summary>
/// <param name="Name">Service and destination.</param>
/// <param name="Figures">The replica's own figures.</param>
/// <param name="Staleness">Seconds, as the replica last said; null for unknown.</param>
/// <param name="AppliedTwice">Applications that were not of a new revision, by the replica's own counts: 0, or something was applied twice.</param>
/// <param name="ReplacedByMove">
/// Applications that said a row's revision again, in the newer major after the replica had moved to it, at most one a row; or because it asked for everything; else none.
/// </param>
/// <param name="Handled">What the service's handlers did; null where it has none for this replica.</param>
/// <param name="Differences">What differs, at most a few; empty if the replica equals its source.</param>
internal sealed record ReplicaVerdict(
    string Name,
    ReplicaFigures Figures,
    double? Staleness,
    long AppliedTwice,
    long ReplacedByMove,
    HandledFigures? Handled,
    IReadOnlyList<string> Differences
)
{
    /// <summary>Whether the replica equals its source, is not empty, and nothing was applied twice.</summary>
    public bool Equal => Differences.Count == 0;
}
