using Statecast.Events;

namespace Shop.Services;

/// <summary>
/// The service's own record of what its handlers finished, by key and revision, in its own database: written by the sample alone, so that a revision which took
/// effect twice shows even if the replica's counters agree with each other. Handlers run at least once: what a kill cut off between the effect and its
/// confirmation comes again, in another life of the service. Within one life nothing may.
/// </summary>
internal sealed class HandledStates(string connectionString)
{
    private readonly string _life = Guid.NewGuid().ToString();
    private readonly LocalTable _table = new(
        connectionString,
        "CREATE TABLE IF NOT EXISTS handled (key TEXT NOT NULL, epoch INTEGER NOT NULL, revision INTEGER NOT NULL, life TEXT NOT NULL, "
            + "times INTEGER NOT NULL DEFAULT 1, PRIMARY KEY (key, epoch, revision, life))"
    );

    /// <summary>A handler did what it had to do for a state.</summary>
    public Task NoteAsync(string key, StateRevision revision, CancellationToken ct) =>
        _table.WriteAsync(
            "INSERT INTO handled (key, epoch, revision, life) VALUES ($key, $epoch, $revision, $life) "
                + "ON CONFLICT (key, epoch, revision, life) DO UPDATE SET times = times + 1",
            [("$key", key), ("$epoch", revision.Epoch), ("$revision", revision.Number), ("$life", _life)],
            ct
        );
}
