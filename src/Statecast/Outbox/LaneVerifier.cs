using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Outbox;

/// <summary>
/// Accounts for every position of a lane in a log without conditional append (protocol section 5). The holder's own confirmed positions are contiguous;
/// what lies between or beyond is foreign and is read. Nothing is verified above a foreign record that buried a newer one, until the key was sent again above it.
/// </summary>
internal sealed class LaneVerifier(long incarnation, long verified)
{
    // Beyond these the relay forgets and reads back more: memory stays bounded, and not knowing is safe.
    private const int MaxConfirmed = 65_536;
    private const int MaxNewest = 50_000;

    private readonly SortedSet<long> _confirmed = [];
    private readonly Dictionary<string, Burial> _buried = new(StringComparer.Ordinal);
    private Dictionary<string, StateRevision> _newest = new(StringComparer.Ordinal);
    private Dictionary<string, StateRevision> _newestBefore = new(StringComparer.Ordinal);

    public long Incarnation { get; private set; } = incarnation;

    /// <summary>Everything below was looked at.</summary>
    public long Accounted { get; private set; } = verified;

    /// <summary>Everything below was accounted for, and no key's newest is buried there: what is stored and said.</summary>
    public long Verified => _buried.Count == 0 ? Accounted : Math.Min(Accounted, _buried.Values.Min(b => b.Lowest));

    /// <summary>A log made anew has nothing to do with what was verified.</summary>
    public void Meet(long current)
    {
        if (current == Incarnation)
            return;
        Incarnation = current;
        Accounted = 0;
        _confirmed.Clear();
        _buried.Clear();
    }

    /// <summary>This holder is about to send a revision.</summary>
    public void Sending(string key, StateRevision revision)
    {
        if (Newest(key) is { } known && known >= revision)
            return;
        if (_newest.Count >= MaxNewest)
            (_newestBefore, _newest) = (_newest, new(StringComparer.Ordinal));
        _newest[key] = revision;
    }

    /// <summary>This holder's record stands at a position; 0 if the carrier did not say where.</summary>
    public void Confirmed(string key, long position)
    {
        // Position 0 may mean "not said": the record then counts as foreign and is read, which costs one look.
        if (position <= 0)
            return;
        if (_buried.TryGetValue(key, out var burial) && position > burial.Highest)
            _buried.Remove(key);
        if (position < Accounted)
            return;
        if (_confirmed.Count >= MaxConfirmed)
            _confirmed.Clear();
        _confirmed.Add(position);
        Advance();
    }

    /// <summary>Takes what was read of [<see cref="Accounted"/>, end), in order; what is missing there was compacted away or never held a record.</summary>
    /// <returns>Keys that turned out to be buried.</returns>
    public IReadOnlyList<string> Account(IReadOnlyList<LogRecord> records, long end, Func<LogRecord, StateRevision?, bool> needsMending)
    {
        List<string> found = [];
        foreach (var record in records)
        {
            if (record.Position >= end)
                continue;
            if (!needsMending(record, Newest(record.Key)))
            {
                if (_buried.TryGetValue(record.Key, out var burial) && record.Position > burial.Highest)
                    _buried.Remove(record.Key);
                continue;
            }
            if (_buried.TryGetValue(record.Key, out var earlier))
                _buried[record.Key] = earlier with { Highest = Math.Max(earlier.Highest, record.Position) };
            else
            {
                _buried.Add(record.Key, new(record.Position, record.Position));
                found.Add(record.Key);
            }
        }
        Accounted = Math.Max(Accounted, end);
        Advance();
        return [.. found.Where(_buried.ContainsKey)];
    }

    private StateRevision? Newest(string key) =>
        _newest.TryGetValue(key, out var revision) || _newestBefore.TryGetValue(key, out revision) ? revision : null;

    private void Advance()
    {
        while (_confirmed.Count > 0 && _confirmed.Min is var lowest && lowest <= Accounted)
        {
            _confirmed.Remove(lowest);
            if (lowest == Accounted)
                Accounted++;
        }
    }

    private readonly record struct Burial(long Lowest, long Highest);
}
