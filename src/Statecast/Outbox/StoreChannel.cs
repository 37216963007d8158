using Statecast.Hosting;

namespace Statecast.Outbox;

/// <summary>Commands to the store, one at a time; after a failure the same again, later.</summary>
internal sealed class StoreChannel(Backoff backoff)
{
    private long _command;
    private int _failures;

    /// <summary>No command before.</summary>
    public TimeSpan RetryAt { get; private set; }

    /// <summary>Whether no command is under way.</summary>
    public bool IsIdle => _command == 0;

    /// <summary>A commit whose answer was lost or that failed: nothing else may come before it. It is conditional, so that a repetition does no harm.</summary>
    public PendingCommit? Unanswered { get; set; }

    public bool IsFree(TimeSpan now) => _command == 0 && now >= RetryAt;

    public void Began(long command) => _command = command;

    public bool IsWaitingFor(long command) => command != 0 && _command == command;

    /// <summary>The command was answered.</summary>
    /// <returns>Whether the ones before had failed.</returns>
    public bool Succeeded()
    {
        _command = 0;
        var recovered = _failures > 0;
        _failures = 0;
        RetryAt = TimeSpan.Zero;
        return recovered;
    }

    /// <summary>The command failed.</summary>
    /// <returns>Whether it is the first in a row.</returns>
    public bool Failed(TimeSpan now)
    {
        _command = 0;
        RetryAt = now + backoff.Wait(_failures++);
        return _failures == 1;
    }

    public void PauseUntil(TimeSpan time) => RetryAt = time;
}

/// <summary>A commit and what becomes true with it.</summary>
/// <param name="Change">What is sent to the store.</param>
/// <param name="Plan">The claims; null for none.</param>
/// <param name="Done">The rows whose deletion it holds.</param>
/// <param name="ForHeartbeat">Whether a heartbeat waits for it.</param>
internal sealed record PendingCommit(OutboxCommit Change, ClaimPlan? Plan, List<ClaimedRow> Done, bool ForHeartbeat)
{
    /// <summary>When it was last given to the store.</summary>
    public TimeSpan IssuedAt { get; set; }
}
