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
    private Dictionary<string, Sent> _newest = new(StringComparer.Ordinal);
    private Dictionary<string, Sent> _newestBefore = new(StringComparer.Ordinal);
    private bool _endedBelow;

    public long Incarnation { get; private set; } = incarnation;

    /// <summary>Everything below was looked at.</summary>
    public long Accounted { get; private set; } = verified;

    /// <summary>Everything below was accounted for, and no key's newest is buried there: what is stored and said.</summary>
    public long Verified => _buried.Count == 0 ? Accounted : Math.Min(Accounted, _buried.Values.Min(b => b.Lowest));

    /// <summary>
    /// From where on the log has lost what it had confirmed; null if it has not. A log goes back under the same name and id where a broker falls that had not
    /// written to disk what it confirmed, and no other holds it.
    /// </summary>
    public long? LostFrom { get; private set; }

    /// <summary>A log made anew has nothing to do with what was verified.</summary>
    public void Meet(long current)
    {
        if (current == Incarnation)
            return;
        var first = Incarnation == 0;
        Incarnation = current;
        // A lane that was never met before: what was sent to it since is in this log.
        if (first)
            return;
        BeginAt(0);
    }

    /// <summary>Holds an end against what was accounted for when it was asked for. One below it says nothing yet: whoever has just come to lead a partition may not know all of it for a moment.</summary>
    /// <returns>Whether it is below; the second time in a row the log went back.</returns>
    public bool EndsBelow(long end, long accounted)
    {
        var below = end < accounted;
        if (below && _endedBelow)
            Lost(end);
        _endedBelow = below;
        return below;
    }

    /// <summary>Begins again at what is left of a log that went back. Whatever is above is said again as a whole: what others wrote there buries nothing for long.</summary>
    public void GoBack() => BeginAt(Math.Min(Accounted, LostFrom ?? Accounted));

    /// <summary>This holder is about to send a revision.</summary>
    public void Sending(string key, StateRevision revision)
    {
        if (Newest(key) is { } known && known.Revision >= revision)
            return;
        Remember(key, new(revision, Newest(key)?.Confirmed ?? -1));
    }

    /// <summary>This holder's record stands at a position; negative if the carrier did not say where.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="position">Where it stands.</param>
    /// <param name="accounted">What was accounted for when it was handed over: it cannot stand below, unless something else stood there and is lost.</param>
    public void Confirmed(string key, long position, long accounted)
    {
        // Not said: the record then counts as foreign and is read, which costs one look.
        if (position < 0)
            return;
        // Some brokers say 0 for what they do not know.
        if (position > 0 && position < accounted)
            Lost(position);
        if (Newest(key) is { } sent && sent.Confirmed < position)
            Remember(key, sent with { Confirmed = position });
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
            var newest = Newest(record.Key);
            // Sent by this holder after the end was asked for, and above it.
            if (newest?.Confirmed > record.Position)
                continue;
            if (!needsMending(record, newest?.Revision))
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

    private void Lost(long from) => LostFrom = Math.Min(LostFrom ?? from, from);

    private void BeginAt(long position)
    {
        Accounted = position;
        LostFrom = null;
        _endedBelow = false;
        _confirmed.Clear();
        _buried.Clear();
        // Where something stood says nothing of what stands there now.
        _newest.Clear();
        _newestBefore.Clear();
    }

    private Sent? Newest(string key) => _newest.TryGetValue(key, out var sent) || _newestBefore.TryGetValue(key, out sent) ? sent : null;

    private void Remember(string key, Sent sent)
    {
        if (_newest.Count >= MaxNewest)
            (_newestBefore, _newest) = (_newest, new(StringComparer.Ordinal));
        _newest[key] = sent;
    }

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

    /// <summary>What this holder sent last of a key, and the highest position at which a record of the key was confirmed to it; -1 for none.</summary>
    private readonly record struct Sent(StateRevision Revision, long Confirmed);
}
