using Statecast.Consuming;
using Statecast.Outbox;
using Statecast.Publishing;

namespace Statecast.Simulation;

/// <summary>The rules that a run works by: the project's own, unless a bug is planted.</summary>
internal sealed record SimRules
{
    public static SimRules Protocol { get; } = new();

    /// <summary>A new relay's rules.</summary>
    public Func<RelayRules> Relay { get; init; } = static () => RelayRules.Protocol;

    /// <summary>A target's rules.</summary>
    public ApplyRules Apply { get; init; } = ApplyRules.Default;

    /// <summary>Capture at a save.</summary>
    public Func<Head, ReadBack, CaptureDecision> Save { get; init; } = CaptureRule.Save;

    /// <summary>The epoch of a source without a database at its start, from the clock and the highest that its log has seen.</summary>
    public Func<long, long, long> NewEpoch { get; init; } = static (clock, seen) => Math.Max(clock, seen + 1);

    /// <summary>Whether the in-process log has the same incarnation after a restart: nobody then finds out that it is empty.</summary>
    public bool LogKeepsIncarnation { get; init; }

    /// <summary>Whether a range is read before its begin mark is written.</summary>
    public bool ReadsBeforeBegin { get; init; }

    /// <summary>Whether a target's queue is bound only after it was told so.</summary>
    public bool BindsLate { get; init; }

    /// <summary>Whether a replica writes what may follow without finding out whether it does.</summary>
    public bool FollowsBlindly { get; init; }

    /// <summary>Whether what is sent again gets another number.</summary>
    public bool RenumbersResends { get; init; }

    /// <summary>Whether a commit's lease is the one that the database shows.</summary>
    public Func<OutboxCommit, LeaseStanding, bool> Holds { get; init; } =
        static (commit, standing) => standing == new LeaseStanding(commit.LeaseId, commit.Counter, commit.Epoch);

    /// <summary>Which of a transaction's outbox rows are there once it ended, committed or not.</summary>
    public Func<bool, IReadOnlyList<OutboxRow>, IEnumerable<OutboxRow>> RowsLeft { get; init; } =
        static (committed, rows) => committed ? rows : [];
}
