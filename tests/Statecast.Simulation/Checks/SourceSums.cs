using Statecast.Events;
using Statecast.Outbox;
using Statecast.Simulation.Source;

namespace Statecast.Simulation.Checks;

/// <summary>Promises 1 and 6 at the source: what arrives at a carrier was committed, and no captured row goes without a reason.</summary>
internal sealed class SourceSums(SimWorld world)
{
    private readonly Dictionary<string, StateRevision> _landed = [];
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

    public bool HasLanded(string key, StateRevision revision) => _landed.TryGetValue(key, out var newest) && newest >= revision;

    /// <summary>The database was restored: what it holds now is all that counts of what was captured before.</summary>
    public void Restored() => CapturedRows = SentRows + CoalescedRows + world.Database.Unsent;

    /// <summary>An event arrived at the carrier.</summary>
    public void Landed(StateEvent stateEvent)
    {
        if (!world.Truth.WasCommitted(stateEvent.Key, stateEvent.Revision.Number, SimContent.Read(stateEvent.Body)))
            throw new Violation(Checker.Atomic, $"{stateEvent.Key}@{stateEvent.Revision} was sent, and never committed");
        if (!HasLanded(stateEvent.Key, stateEvent.Revision))
            _landed[stateEvent.Key] = stateEvent.Revision;
    }

    /// <summary>The relay deletes rows.</summary>
    public void Judge(OutboxCommit commit, IReadOnlyDictionary<long, OutboxRow> rows)
    {
        foreach (var sequence in commit.Done)
        {
            if (!rows.TryGetValue(sequence, out var row))
                continue; // the same commit, repeated after its answer was lost
            SentRows++;
            if (!HasLanded(row.Key, new(row.Epoch ?? 0, row.Revision)))
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
            );
            if (!swallowed || row.LaneNumber is not null || row.KeepEach)
                throw new Violation(Checker.NothingSkipped, $"{row.Key}@{row.Revision} was dropped without a later one that stands for it");
        }
    }

    /// <summary>At the end.</summary>
    public void Close()
    {
        if (CapturedRows != SentRows + CoalescedRows + world.Database.Unsent)
            throw new Violation(
                Checker.NothingSkipped,
                $"captured {CapturedRows} is not sent or superseded {SentRows} + coalesced {CoalescedRows} + unsent {world.Database.Unsent}"
            );
    }
}
