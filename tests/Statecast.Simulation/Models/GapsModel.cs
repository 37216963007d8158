namespace Statecast.Simulation.Models;

/// <summary>
/// Every order of steps of one key's log without conditional append: revisions land, older ones land late, the source verifies, sends again what was buried and says its
/// word on verified ends; compaction takes what it may at any moment; a target reads, finds tails and starts again. The state that breaks promise 8 is looked for breadth
/// first, so that the trace is a shortest one.
/// </summary>
/// <param name="gapsCount">Whether a read that met empty positions counts as a new pass, which only a word at or above the tail that ended it completes.</param>
/// <param name="revisions">How many revisions the source commits.</param>
/// <param name="late">How many older records land late.</param>
internal sealed class GapsModel(bool gapsCount, int revisions, int late)
{
    private const int Room = 7;

    private readonly Dictionary<State, (State From, string Step)> _seen = [];

    public int States => _seen.Count;

    /// <summary>The shortest trace to a word that is believed wrongly; null if no order of steps leads to one.</summary>
    public IReadOnlyList<string>? Explore()
    {
        var open = new Queue<State>();
        open.Enqueue(default);
        _seen[default] = default;
        while (open.TryDequeue(out var state))
            foreach (var (step, next) in Steps(state))
            {
                if (!_seen.TryAdd(next, (state, step)))
                    continue;
                if (next.IsDeceived)
                    return TraceTo(next);
                open.Enqueue(next);
            }
        return null;
    }

    private List<string> TraceTo(State state)
    {
        var trace = new List<string>();
        for (; state != default; state = _seen[state].From)
            trace.Insert(0, _seen[state].Step);
        return trace;
    }

    private IEnumerable<(string Step, State Next)> Steps(State s)
    {
        if (s.Head < revisions && s.End < Room)
            yield return ($"revision {s.Head + 1} lands at {s.End}", s.Append(s.Head + 1) with { Head = (byte)(s.Head + 1) });
        for (var older = 1; older < s.Head && s.Late < late && s.End < Room; older++)
            yield return ($"revision {older} lands late at {s.End}", s.Append(older) with { Late = (byte)(s.Late + 1) });
        if (s.Verified < s.End && (s.At(s.Verified) == 0 || s.HasNewestFrom(s.Verified)))
            yield return ($"verified up to {s.Verified + 1}", s with { Verified = (byte)(s.Verified + 1) });
        else if (s.Verified < s.End && s.End < Room)
            yield return ($"revision {s.Head} is buried and sent again at {s.End}", s.Append(s.Head));
        if (s.Head > 0 && s.Verified == s.End)
            yield return ($"word: all up to revision {s.Head}, end {s.End}", s with { Said = s.Head, SaidEnd = s.End });
        for (var position = 0; position < s.End; position++)
            if (s.At(position) != 0 && s.FirstFrom(position + 1) < s.End)
                yield return ($"compaction takes {position}", s.Without(position));
        if (s.FirstFrom(s.Next) is var first && first < s.End)
            yield return (
                $"target reads revision {s.At(first)} at {first}",
                s with
                {
                    Next = (byte)(first + 1),
                    Row = Math.Max(s.Row, (byte)s.At(first)),
                    MetGaps = s.MetGaps || first > s.Next,
                }
            );
        else
            yield return (
                $"target finds the tail at {s.End}",
                s with
                {
                    Next = s.End,
                    LastTail = s.End,
                    WordsFrom = !s.FoundTail || (gapsCount && (s.MetGaps || s.End > s.Next)) ? s.End : s.WordsFrom,
                    FoundTail = true,
                    MetGaps = false,
                }
            );
        if (s.FoundTail)
            yield return ("target starts again", s with { FoundTail = false, LastTail = 0, WordsFrom = 0, MetGaps = false });
    }

    /// <summary>The log (four bits a position, 0 for none), what the source knows and said, what the target read.</summary>
    private readonly record struct State(
        uint Log,
        byte End,
        byte Head,
        byte Late,
        byte Verified,
        byte Said,
        byte SaidEnd,
        byte Next,
        byte Row,
        bool FoundTail,
        byte LastTail,
        byte WordsFrom,
        bool MetGaps
    )
    {
        /// <summary>Whether the target believes a word on a revision that it has not got.</summary>
        public bool IsDeceived => FoundTail && Said > Row && SaidEnd <= LastTail && SaidEnd >= WordsFrom;

        public int At(int position) => (int)(Log >> (4 * position) & 15);

        public State Append(int revision) => this with { Log = Log | (uint)revision << (4 * End), End = (byte)(End + 1) };

        public State Without(int position) => this with { Log = Log & ~(15u << (4 * position)) };

        public int FirstFrom(int position)
        {
            while (position < End && At(position) == 0)
                position++;
            return position;
        }

        public bool HasNewestFrom(int position)
        {
            while (position < End && At(position) != Head)
                position++;
            return position < End;
        }
    }
}
