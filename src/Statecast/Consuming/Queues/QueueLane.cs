using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Consuming.Queues;

/// <summary>
/// What a target counted of one lane of a queue: numbers of the live lane and of its own, how far it may be believed, and the run under way. All of it is stored with
/// the rows that it speaks of.
/// </summary>
internal sealed class QueueLane
{
    /// <summary>Numbers of the lane that everybody reads.</summary>
    public NumberLedger Live { get; private init; } = new();

    /// <summary>Numbers of what was sent to this target alone, one numbering across runs.</summary>
    public NumberLedger Own { get; private set; } = new();

    /// <summary>
    /// From the last complete run over all ranges: changes of this epoch up to this number are here, whether or not their events were. Null before the first: nothing is
    /// claimed then (protocol section 7).
    /// </summary>
    public (long Epoch, long Cut)? Base { get; private set; }

    /// <summary>The run under way; null for none.</summary>
    public RunProgress? Run { get; private set; }

    public static QueueLane Restored(NumberLedger live, NumberLedger own, (long, long)? counted, RunProgress? run) =>
        new()
        {
            Live = live,
            Own = own,
            Base = counted,
            Run = run,
        };

    public QueueLane Clone() => Restored(Live.Clone(), Own.Clone(), Base, Run?.Clone());

    public void Start(Guid run) => Run = new(run, 0);

    /// <summary>Counts what came.</summary>
    public void Take(IReadOnlyList<ReceivedEvent> events, ApplyRules rules)
    {
        var answered = false;
        foreach (var received in events)
        {
            // What cannot be read has no number that could be trusted: it stays missing, and is asked for again.
            if (received.Event is not { LaneNumber: > 0 } said)
                continue;
            if (said.IsMark || SnapshotLane.Is(said.Lane))
            {
                Answer(said);
                answered = true;
            }
            else
                Live.Of(said.LeaseId).Add(said.LaneNumber);
        }
        if (answered)
            Run?.Settle(Own, rules);
    }

    /// <summary>All that the run says is here, and what it did not name is gone: counted from its lowest cut from now on.</summary>
    public void RunEnded()
    {
        var run = Run!;
        if (Base is not { } before || (run.Epoch, run.LowestCut).CompareTo((before.Epoch, before.Cut)) > 0)
            Base = (run.Epoch, run.LowestCut);
        Run = null;
    }

    private void Answer(StateEvent said)
    {
        if (Own.IsOfAnother(said.LeaseId, said.LaneNumber))
        {
            // The source went back and counts again: what was counted speaks of another queue of answers.
            Own = new();
            Run = null;
        }
        Own.Of(said.LeaseId).Add(said.LaneNumber);
        Run?.News();
        if (
            said.IsMark
            && Run is { } run
            && TryRead(said) is { } mark
            && !run.Take(said.Operation, mark, said.Revision.Epoch, said.LaneNumber)
        )
            Run = null;
    }

    private static RangeMark? TryRead(StateEvent said)
    {
        try
        {
            return RangeMark.Read(said.Body.Span);
        }
        catch (FormatException)
        {
            // A range whose mark cannot be read never ends: it is asked for again.
            return null;
        }
    }
}
