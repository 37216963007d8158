using System.Text.Json;
using PackageCatalog.Verification;

namespace PackageCatalog;

/// <summary>What a run showed.</summary>
internal sealed record CatalogReport
{
    public required ReplicaFigures Replica { get; init; }

    public required IReadOnlyList<string> Differences { get; init; }

    public required double? Staleness { get; init; }

    /// <summary>States of the index; of them, updates of a package that stands in it twice.</summary>
    public required Phase Load { get; init; }

    public required Phase Update { get; init; }

    public required Phase Remove { get; init; }

    /// <summary>From the first state saved to the last applied in the other process.</summary>
    public required TimeSpan EndToEnd { get; init; }

    public required int Questions { get; init; }

    public required long SourcePeakBytes { get; init; }

    public required long SearchPeakBytes { get; init; }

    public required TimeSpan Elapsed { get; init; }

    public bool Equal => Differences.Count == 0;

    public static string FailureJson(Exception failure) =>
        JsonSerializer.Serialize(
            new
            {
                equal = false,
                replicas = Array.Empty<object>(),
                seconds = 0,
                error = failure.Message,
            }
        );

    public string ToJson() =>
        JsonSerializer.Serialize(
            new
            {
                equal = Equal,
                replicas = new[]
                {
                    new
                    {
                        name = $"search/{Replica.Name}",
                        keys = Replica.Keys,
                        received = Replica.Received,
                        applied = Replica.Applied,
                        superseded = Replica.Superseded,
                        parked = Replica.Parked,
                        dropped = Replica.Dropped,
                        waiting = Replica.Waiting,
                        staleness = Staleness,
                        equal = Equal,
                        tombstones = Replica.Tombstones,
                        appliedTwice = Replica.AppliedTwice,
                        differences = Differences,
                    },
                },
                seconds = Rounded(Elapsed.TotalSeconds),
                states = Load.States,
                updates = Update.States,
                removed = Remove.States,
                repeated = Load.Updates,
                unchanged = Load.Unchanged + Update.Unchanged,
                captured = Replica.Captured,
                coalesced = Replica.Captured - Replica.Applied,
                questions = Questions,
                rates = new
                {
                    load = Rounded(Load.PerSecond),
                    update = Rounded(Update.PerSecond),
                    remove = Rounded(Remove.PerSecond),
                    endToEnd = Rounded((Load.States + Update.States + Remove.States) / EndToEnd.TotalSeconds),
                },
                peakMiB = new { source = Rounded(MiB(SourcePeakBytes)), search = Rounded(MiB(SearchPeakBytes)) },
            }
        );

    public IEnumerable<string> ToLines()
    {
        yield return $"search/{Replica.Name}: {Replica.Keys:N0} keys, {Replica.Tombstones:N0} remembered deletes, {Replica.Applied:N0} applied, {Replica.Superseded:N0} superseded, {Replica.Parked:N0} parked, {Replica.AppliedTwice:N0} applied twice, staleness {(Staleness is { } s ? $"{s:0.0} s" : "unknown")}";
        yield return $"saved: {Load.States:N0} states at {Load.PerSecond:N0}/s, {Update.States:N0} updates at {Update.PerSecond:N0}/s, {Remove.States:N0} removed at {Remove.PerSecond:N0}/s";
        yield return $"captured: {Replica.Captured:N0} changes, after {Load.Unchanged + Update.Unchanged:N0} states that changed nothing; {Replica.Captured - Replica.Applied:N0} were overtaken by a later one of their package before they were applied";
        yield return $"first save to last applied in the other process: {EndToEnd.TotalSeconds:0.0} s; most memory: source {MiB(SourcePeakBytes):N0} MiB, search {MiB(SearchPeakBytes):N0} MiB";
        foreach (var difference in Differences)
            yield return $"DIFFERENT {difference}";
        yield return Equal
            ? $"The replica equals its source, row by row, and {Questions:N0} searches found what the source has. {Elapsed.TotalSeconds:0.0} s."
            : "The replica does NOT equal its source.";
    }

    private static double MiB(long bytes) => bytes / 1048576.0;

    private static double Rounded(double value) => Math.Round(value, 1);
}

/// <summary>One part of the load.</summary>
/// <param name="States">States saved.</param>
/// <param name="Updates">Of them, of packages that were there already.</param>
/// <param name="Unchanged">Of those, equal to what was there: nothing is published of them.</param>
/// <param name="Elapsed">How long it took.</param>
internal sealed record Phase(long States, long Updates, long Unchanged, TimeSpan Elapsed)
{
    public double PerSecond => Elapsed > TimeSpan.Zero ? States / Elapsed.TotalSeconds : 0;
}
