namespace Statecast.Consuming.Queues;

/// <summary>
/// Which numbers of one numbering were processed, by the lease that they were handed out under: a number of a lost incarnation must not stand for ours (protocol
/// section 2). Bounded in leases: the one that was longest not heard of is forgotten first.
/// </summary>
internal sealed class NumberLedger
{
    /// <summary>The most leases whose numbers are kept.</summary>
    public const int MaxLeases = 32;

    // The lease heard of last stands last.
    private readonly List<(Guid Lease, NumberSet Numbers)> _leases;

    public NumberLedger() => _leases = [];

    private NumberLedger(List<(Guid, NumberSet)> leases) => _leases = leases;

    public IReadOnlyList<(Guid Lease, NumberSet Numbers)> Leases => _leases;

    public NumberLedger Clone() => new([.. _leases.Select(l => (l.Lease, l.Numbers.Clone()))]);

    /// <summary>The numbers of a lease, for adding to them.</summary>
    public NumberSet Of(Guid lease)
    {
        if (_leases.Count > 0 && _leases[^1].Lease == lease)
            return _leases[^1].Numbers;
        var at = _leases.FindIndex(l => l.Lease == lease);
        var entry = at < 0 ? (lease, new NumberSet()) : _leases[at];
        if (at >= 0)
            _leases.RemoveAt(at);
        else if (_leases.Count == MaxLeases)
            _leases.RemoveAt(0);
        _leases.Add(entry);
        return entry.Item2;
    }

    /// <summary>Whether another lease handed out this number as well: the source went back.</summary>
    public bool IsOfAnother(Guid lease, long number) => _leases.Exists(l => l.Lease != lease && l.Numbers.Through(number) >= number);

    /// <summary>Whether all these numbers of a lease were processed.</summary>
    public bool Holds(Guid lease, long first, long last) =>
        first > last || (_leases.Find(l => l.Lease == lease) is { Numbers: { } numbers } && numbers.Through(first) >= last);

    /// <summary>Whether all these numbers were processed, whatever their leases.</summary>
    public bool Holds(long first, long last)
    {
        while (first <= last)
        {
            var through = first - 1;
            foreach (var (_, numbers) in _leases)
                through = Math.Max(through, numbers.Through(first));
            if (through < first)
                return false;
            first = through + 1;
        }
        return true;
    }
}
