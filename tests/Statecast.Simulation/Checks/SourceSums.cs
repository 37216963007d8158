using Statecast.Events;
using Statecast.Outbox;
using Statecast.Simulation.Source;

namespace Statecast.Simulation.Checks;

/// <summary>Promises 1 and 6 at the source: what arrives at a carrier was committed, and no captured row goes without a reason.</summary>
internal sealed class SourceSums(SimWorld world)
{
    // By whom it answers; nobody for what everybody gets.
    private readonly Dictionary<(string Answers, string Key), StateRevision> _landed = [];
    private readonly HashSet<(LaneId Lane, long Number)> _claimed = [];
    private readonly HashSet<(LaneId Lane, long Number)> _numbersLanded = [];
    private readonly HashSet<(string Key, long Revision)> _captured = [];

    public long CapturedRows { get; private set; }

    public long SentRows { get; private set; }

    public long CoalescedRows { get; private set; }

    public void Captured(OutboxRow row)
    {
        CapturedRows++;
        _captured.Add((row.Key, row.Revision));
    }

    /// <summary>A transaction that raised a key's revision committed: its event must be there.</summary>
    public void Committed(string key, long revision)
    {
        if (!_captured.Contains((key, revision)))
            throw new Violation(Checker.Atomic, $"{key}@{revision} was committed, and the outbox has no event of it");
    }

    /// <summary>Whether an event was taken by the carrier for everybody.</summary>
    public bool HasLanded(string key, StateRevision revision) => HasLanded("", key, revision);

    private bool HasLanded(string answers, string key, StateRevision revision) =>
        _landed.TryGetValue((answers, key), out var newest) && newest >= revision;

    /// <summary>The database was restored: what it holds now is all that counts of what was captured before.</summary>
    public void Restored()
    {
        CapturedRows = SentRows + CoalescedRows + world.Database.Unsent;
        _claimed.Clear();
    }

    /// <summary>Rows that were claimed lost their numbers.</summary>
    public void WentBack() => _claimed.Clear();

    /// <summary>An event arrived at the carrier.</summary>
    public void Landed(StateEvent stateEvent)
    {
        _numbersLanded.Add((stateEvent.Lane, stateEvent.LaneNumber));
        if (!stateEvent.IsMark && !world.Truth.WasCommitted(stateEvent.Key, stateEvent.Revision.Number, SimContent.Read(stateEvent)))
            throw new Violation(Checker.Atomic, $"{stateEvent.Key}@{stateEvent.Revision} was sent, and never committed");
        var answers = AnswersOf(stateEvent.Lane);
        if (!HasLanded(answers, stateEvent.Key, stateEvent.Revision))
            _landed[(answers, stateEvent.Key)] = stateEvent.Revision;
    }

    private static string AnswersOf(LaneId lane) => SnapshotLane.TryParse(lane, out _, out var replyTo) ? replyTo : "";

    /// <summary>The relay deletes rows.</summary>
    public void Judge(OutboxCommit commit, IReadOnlyDictionary<long, OutboxRow> rows)
    {
        foreach (var claim in commit.Claims)
            _claimed.Add((rows[claim.Sequence].Lane, claim.LaneNumber));
        foreach (var sequence in commit.Done)
        {
            if (!rows.TryGetValue(sequence, out var row))
                continue; // the same commit, repeated after its answer was lost
            SentRows++;
            if (!HasLanded(AnswersOf(row.Lane), row.Key, new(row.Epoch ?? 0, row.Revision)))
                throw new Violation(Checker.NothingSkipped, $"{row.Key}@{row.Revision} was deleted as sent; the carrier never had it");
        }
        foreach (var sequence in commit.Coalesced)
        {
            if (!rows.TryGetValue(sequence, out var row))
                continue; // of a database that was restored
            CoalescedRows++;
            var swallowed = commit.Claims.Any(c =>
                rows[c.Sequence] is { } claimed
                && claimed.Key == row.Key
                && claimed.Revision >= row.Revision
                && claimed.Sequence != row.Sequence
                // Protocol section 8: a patch stands for nothing but itself.
                && claimed.Operation != StateOperation.Patch
            );
            if (!swallowed || row.LaneNumber is not null || row.KeepEach)
                throw new Violation(Checker.NothingSkipped, $"{row.Key}@{row.Revision} was dropped without a later one that stands for it");
        }
    }

    /// <summary>At the end.</summary>
    public void Close()
    {
        // A number that never comes is a loss to whoever counts: on a queue.
        foreach (var (lane, number) in _claimed)
            if (world.Bootstraps.On && !_numbersLanded.Contains((lane, number)) && !world.Database.IsClaimed(lane, number))
                throw new Violation(
                    Checker.NothingSkipped,
                    $"number {number} of {lane} was handed out, and nothing was ever sent under it"
                );
        if (CapturedRows != SentRows + CoalescedRows + world.Database.Unsent)
            throw new Violation(
                Checker.NothingSkipped,
                $"captured {CapturedRows} is not sent or superseded {SentRows} + coalesced {CoalescedRows} + unsent {world.Database.Unsent}"
            );
    }
}
