namespace PackageCatalog.Verification;

/// <summary>A replica's figures, from its closed file.</summary>
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
    long Writes
)
{
    /// <summary>Received and nothing else; 0, or something is lost.</summary>
    public long Waiting => Received - Applied - Superseded - Dropped - Parked;

    /// <summary>Applications that were not of a new revision; 0, or something was applied twice.</summary>
    public long AppliedTwice => Applied - Writes;
}
