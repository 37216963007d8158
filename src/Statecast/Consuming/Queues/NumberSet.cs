namespace Statecast.Consuming.Queues;

/// <summary>
/// Numbers that were processed, as ranges without a gap: mostly one. Bounded: beyond it the lowest range is forgotten, which is never wrong, since what is not known to be
/// processed is asked for again.
/// </summary>
internal sealed class NumberSet
{
    /// <summary>The most ranges that are kept apart.</summary>
    public const int MaxRanges = 512;

    private readonly List<(long First, long Last)> _ranges;

    public NumberSet() => _ranges = [];

    private NumberSet(List<(long, long)> ranges) => _ranges = ranges;

    /// <summary>The ranges, lowest first.</summary>
    public IReadOnlyList<(long First, long Last)> Ranges => _ranges;

    public NumberSet Clone() => new([.. _ranges]);

    /// <summary>Adds numbers from one to another, above all that are there: for reading back what was written.</summary>
    public void Append(long first, long last) => _ranges.Add((first, last));

    /// <summary>Adds a number; false if it was there.</summary>
    public bool Add(long number)
    {
        // The next one, most often.
        if (_ranges.Count > 0 && _ranges[^1].Last == number - 1)
        {
            _ranges[^1] = (_ranges[^1].First, number);
            return true;
        }
        var at = FirstEndingFrom(number);
        if (at < _ranges.Count && _ranges[at].First <= number)
            return false;
        var joinsBefore = at > 0 && _ranges[at - 1].Last == number - 1;
        var joinsAfter = at < _ranges.Count && _ranges[at].First == number + 1;
        if (joinsBefore && joinsAfter)
        {
            _ranges[at - 1] = (_ranges[at - 1].First, _ranges[at].Last);
            _ranges.RemoveAt(at);
        }
        else if (joinsBefore)
            _ranges[at - 1] = (_ranges[at - 1].First, number);
        else if (joinsAfter)
            _ranges[at] = (number, _ranges[at].Last);
        else
            _ranges.Insert(at, (number, number));
        if (_ranges.Count > MaxRanges)
            _ranges.RemoveAt(0);
        return true;
    }

    /// <summary>The highest number up to which all are there from this one on; one less than it if it is missing itself.</summary>
    public long Through(long number)
    {
        var at = FirstEndingFrom(number);
        return at < _ranges.Count && _ranges[at].First <= number ? _ranges[at].Last : number - 1;
    }

    // The first range whose last number is not below this one.
    private int FirstEndingFrom(long number)
    {
        var (low, high) = (0, _ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_ranges[middle].Last < number)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
