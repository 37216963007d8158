namespace Shop.Story;

/// <summary>What the restore of the orders database showed.</summary>
/// <param name="EpochBefore">The database's epoch in the copy.</param>
/// <param name="EpochAfter">Its epoch after it was restored.</param>
/// <param name="RequestsLost">Requests that were answered after the copy was taken.</param>
/// <param name="WentBack">What each replica said of it.</param>
internal sealed record RestoreEvidence(long EpochBefore, long EpochAfter, long RequestsLost, IReadOnlyList<WentBackView> WentBack)
{
    public override string ToString() =>
        $"restored: {RequestsLost:N0} requests lost, epoch {EpochBefore} → {EpochAfter}; keys that went back: "
        + string.Join(", ", WentBack.Select(w => $"{w.Reported:N0} of {w.Replica}"));
}

/// <summary>How many of a replica's keys went back.</summary>
/// <param name="Replica">Service and destination.</param>
/// <param name="Lost">By the two files of the source: keys that the lost one had newer, or alive and the copy not at all.</param>
/// <param name="Reported">By the replica.</param>
internal sealed record WentBackView(string Replica, long Lost, long Reported);
