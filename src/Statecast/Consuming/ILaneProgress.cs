using Statecast.Consuming.Queues;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Transport;

namespace Statecast.Consuming;

/// <summary>
/// How far a replica's open lanes are: by positions on a log (<see cref="LogLanes"/>), by numbers on a queue (<see cref="Queues.QueueLanes"/>). What the answers mean for
/// the replica is <see cref="ReplicaProgress"/>'s. Lanes asked about are open.
/// </summary>
internal interface ILaneProgress
{
    /// <summary>The open lanes' passes.</summary>
    IEnumerable<(LaneId Lane, LanePass Pass)> Passes { get; }

    /// <summary>A lane opened.</summary>
    /// <returns>From where it is to be read; 0 on a queue.</returns>
    long Open(LaneOpened opened, DateTimeOffset now);

    /// <summary>A lane closed.</summary>
    void Close(LaneId lane);

    /// <summary>Where a lane stands, as it is to be stored with a batch of it; without one, as it is now.</summary>
    LanePosition Position(LaneId lane, LaneBatch? coming, DateTimeOffset now);

    /// <summary>A batch is in the store.</summary>
    void Applied(LaneBatch batch, DateTimeOffset now);

    /// <summary>Whether the lane's pass is complete, and everything is here that a word says of its end.</summary>
    bool Covers(Heartbeat heartbeat, LaneEnd end);

    /// <summary>Whether a word that covers the lane may be believed now that was not before.</summary>
    bool MayBelieve(LaneEnd end) => true;

    /// <summary>A word was believed: of the open lanes nothing that was said before is missing.</summary>
    void Believed(DateTimeOffset now) { }

    /// <summary>What is due to be removed because everything that the source has was said, and this was not; null for none.</summary>
    /// <param name="word">The source's newest word.</param>
    RowSweep? DueSweep(Heartbeat word);

    /// <summary>A lane's sweep was carried out.</summary>
    void Swept(LaneId lane);

    /// <summary>A lane that must be opened anew, because Deletes may have gone before they were read, and since when; null for none.</summary>
    (LaneId Lane, DateTimeOffset Since)? Overdue => null;

    /// <summary>Ranges done and in all, of the runs under way.</summary>
    (int Done, int All) Ranges => default;

    /// <summary>Ranges that ended since the lanes were first opened, of all runs.</summary>
    long RangesEnded => 0;

    /// <summary>What is to be asked of the source now; it counts as asked for.</summary>
    /// <param name="now">The caller's time, from any origin that stays.</param>
    /// <param name="newest">The source's newest word.</param>
    /// <param name="newRun">Draws a run's id.</param>
    IEnumerable<RunQuestion> Ask(TimeSpan now, Heartbeat? newest, Func<Guid> newRun) => [];
}
