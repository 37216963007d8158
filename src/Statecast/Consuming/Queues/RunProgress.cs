using Statecast.Events;
using Statecast.Publishing;

namespace Statecast.Consuming.Queues;

/// <summary>
/// A run over all ranges of a lane (protocol section 7): which are asked for, begun and ended. A few are outstanding at a time, so that the queue stays short; what has
/// not ended is asked for again when nothing of the run came for a while.
/// </summary>
internal sealed class RunProgress
{
    /// <summary>Into how many ranges a lane's keys are cut.</summary>
    public const int Parts = 32;

    /// <summary>The most ranges that are asked for and have not ended.</summary>
    public const int Window = 4;

    /// <summary>After so long without anything of the run what has not ended is asked for again.</summary>
    public static readonly TimeSpan Again = TimeSpan.FromSeconds(15);

    private readonly RangeProgress[] _ranges;
    private bool _hadNews = true;
    private TimeSpan _newsAt;

    public RunProgress(Guid id, long epoch, RangeProgress[]? ranges = null) =>
        (Id, Epoch, _ranges) = (id, epoch, ranges ?? new RangeProgress[Parts]);

    public Guid Id { get; }

    /// <summary>The epoch of its marks; 0 before the first came. A run does not span two.</summary>
    public long Epoch { get; private set; }

    public IReadOnlyList<RangeProgress> Ranges => _ranges;

    public int Done => _ranges.Count(r => r.Ended);

    /// <summary>Whether all ranges have ended.</summary>
    public bool Complete => Done == _ranges.Length;

    /// <summary>The lowest cut: changes up to it are in what was said.</summary>
    public long LowestCut => _ranges.Min(r => r.Cut);

    public RunProgress Clone() => new(Id, Epoch, [.. _ranges]) { _hadNews = _hadNews, _newsAt = _newsAt };

    /// <summary>The range that a key's bucket is in.</summary>
    public static int PartOf(int bucket) => bucket * Parts / Contracts.KeyText.Buckets;

    /// <summary>Something was sent to this target alone.</summary>
    public void News() => _hadNews = true;

    /// <summary>A mark came.</summary>
    /// <returns>False if the run spans two epochs: it is void.</returns>
    public bool Take(StateOperation operation, RangeMark mark, long epoch, long number)
    {
        var part = PartOf(mark.Range.First);
        if (mark.Run != Id || mark.Range != BucketRange.Part(part, Parts))
            return true;
        if (Epoch == 0)
            Epoch = epoch;
        if (Epoch != epoch)
            return false;
        var range = _ranges[part];
        // A range that was begun again counts from its newer begin: what was between the two may be lost.
        if (operation == StateOperation.RangeBegin && number > range.Begin && !range.Ended)
            _ranges[part] = range with { Begin = number, Cut = mark.Cut };
        else if (operation == StateOperation.RangeEnd && number > range.End && !range.Ended)
            _ranges[part] = range with { End = number };
        return true;
    }

    /// <summary>Ends the ranges whose numbers were all processed.</summary>
    public void Settle(NumberLedger numbers, ApplyRules rules)
    {
        for (var i = 0; i < _ranges.Length; i++)
            if (
                _ranges[i] is { Ended: false, Begin: > 0 } range
                && range.End > range.Begin
                && rules.EndCounts(numbers.Holds(range.Begin, range.End))
            )
                _ranges[i] = range with { Ended = true };
    }

    /// <summary>The ranges to ask for now; they count as asked for.</summary>
    public (IReadOnlyList<BucketRange> Ranges, bool Repeated) TakeQuestion(TimeSpan now)
    {
        if (_hadNews)
            (_hadNews, _newsAt) = (false, now);
        var due = new List<BucketRange>();
        var repeated = now - _newsAt >= Again;
        if (repeated)
            _newsAt = now;
        var outstanding = 0;
        for (var i = 0; i < _ranges.Length && outstanding < Window; i++)
        {
            if (_ranges[i].Ended)
                continue;
            outstanding++;
            // What began is in the source's queue, whoever asked for it.
            if (!repeated && (_ranges[i].Asked || _ranges[i].Begin > 0))
                continue;
            _ranges[i] = _ranges[i] with { Asked = true };
            due.Add(BucketRange.Part(i, Parts));
        }
        return (due, repeated && due.Count > 0);
    }
}
