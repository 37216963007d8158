using Statecast.Events;

namespace Statecast.Transport.InProcess;

/// <summary>
/// What a record took the place of, by positions: a reader that comes from below them has read none of it, and hears with the record what it missed. So a cause
/// is told to each reader once, and also to one that seeks back after a failure. Never changed once made.
/// </summary>
internal sealed class InProcessReplaced
{
    // Each cause once, at the last position that named it, in ascending order.
    private readonly List<(long Position, string Cause)> _causes;

    // The newest that was a change; 0 for none.
    private readonly long _change;

    private InProcessReplaced(List<(long Position, string Cause)> causes, long change) => (_causes, _change) = (causes, change);

    /// <summary>Adds an event to what was replaced before it; null as long as there is nothing to tell.</summary>
    /// <param name="before">What it had replaced itself.</param>
    /// <param name="position">Its position.</param>
    /// <param name="replaced">The event.</param>
    /// <param name="by">The operation of what takes its place.</param>
    public static InProcessReplaced? Add(InProcessReplaced? before, long position, StateEvent replaced, StateOperation by)
    {
        var change = replaced.Operation == StateOperation.Snapshot ? before?._change ?? 0 : position;
        var added = Causes.Split(replaced.Causes);
        // What is a change itself needs no word of another: the common case makes nothing.
        if (added.Count == 0 && (by != StateOperation.Snapshot || change == (before?._change ?? 0)))
            return before;
        var causes = before is null ? [] : before._causes.FindAll(c => !added.Contains(c.Cause));
        causes.AddRange(added.Select(c => (position, c)));
        // What a join would drop is not kept either: what a key keeps has a bound.
        while (causes.Count > 1 && causes.Sum(c => c.Cause.Length + 1) - 1 > Causes.MaxLength)
            causes.RemoveAt(0);
        return new(causes, change);
    }

    /// <summary>The event that replaced it, as a reader from a position hears it.</summary>
    public StateEvent TellWith(StateEvent stateEvent, long from)
    {
        // A change coalesced with a Snapshot stays a change: else no handler would ever hear of it (protocol section 6).
        var operation =
            stateEvent.Operation == StateOperation.Snapshot && _change >= Math.Max(1, from) ? StateOperation.Upsert : stateEvent.Operation;
        var first = _causes.FindIndex(c => c.Position >= from);
        if (first < 0)
            return operation == stateEvent.Operation ? stateEvent : stateEvent with { Operation = operation };
        var missed = string.Join(',', _causes.Skip(first).Select(c => c.Cause));
        return stateEvent with { Operation = operation, Causes = Causes.Join(missed, stateEvent.Causes) };
    }
}
