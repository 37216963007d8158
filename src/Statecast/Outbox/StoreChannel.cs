using Statecast.Hosting;

namespace Statecast.Outbox;

/// <summary>Commands to the store, one at a time; after a failure not before a wait.</summary>
internal sealed class StoreChannel(RelayShard shard, Backoff backoff, RelayOutput output)
{
    private long _command;
    private int _failures;

    /// <summary>No command before.</summary>
    public TimeSpan RetryAt { get; private set; }

    /// <summary>Whether no command is under way.</summary>
    public bool IsIdle => _command == 0;

    public bool IsFree(TimeSpan now) => _command == 0 && now >= RetryAt;

    public void Give(Func<long, RelayCommand> command) => _command = output.Give(command);

    public bool IsWaitingFor(long command) => command != 0 && _command == command;

    /// <summary>An answer came.</summary>
    /// <returns>Whether it is the one that is waited for; else it is of no interest.</returns>
    public bool Answered(long command)
    {
        if (!IsWaitingFor(command))
            return false;
        if (_failures > 0)
            output.Notice(RelayNotice.StoreRecovered, shard.Name, "the database answers again");
        (_command, _failures, RetryAt) = (0, 0, TimeSpan.Zero);
        return true;
    }

    /// <summary>The command under way failed.</summary>
    public void Failed(string reason, TimeSpan now)
    {
        if (_failures == 0)
            output.Notice(RelayNotice.StoreFailing, shard.Name, reason);
        _command = 0;
        RetryAt = now + backoff.Wait(_failures++);
    }

    public void PauseUntil(TimeSpan time) => RetryAt = time;
}
