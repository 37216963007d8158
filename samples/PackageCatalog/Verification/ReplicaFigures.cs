namespace PackageCatalog.Verification;

/// <summary>A replica's figures, from its closed file.</summary>
/// <param name="Writes">How often its rows were written, all together.</param>
/// <param name="Captured">How many changes its source captured: the sum of all keys' revisions, which start at 1 and rise by 1.</param>
internal sealed record ReplicaFigures(
    string Name,
    long Keys,
    long Received,
    long Applied,
    long Superseded,
    long Dropped,
    long Parked,
    long LiveRows,
    long Tombstones,
    long Writes,
    long Captured
)
{
    /// <summary>Received and nothing else; 0, or something is lost.</summary>
    public long Waiting => Received - Applied - Superseded - Dropped - Parked;

    /// <summary>Applications that were not of a new revision; 0, or something was applied twice.</summary>
    public long AppliedTwice => Applied - Writes;
}
