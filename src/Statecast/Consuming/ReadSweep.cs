using System.Text;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Serialization;

namespace Statecast.Consuming;

/// <summary>
/// What a lane of a log that was read anew removes (protocol section 4): rows whose keys were not met. Keys are kept by their fingerprints, about 40 bytes each, until
/// the lane was read to its tail.
/// </summary>
/// <param name="Lane">The lane.</param>
/// <param name="Epoch">The epoch of the word that the lane's end was compared with.</param>
/// <param name="Met">The keys met.</param>
internal sealed record ReadSweep(LaneId Lane, long Epoch, MetKeys Met) : RowSweep(Lane, Epoch)
{
    internal override bool IsNamed(StateEvent kept) => Met.Has(kept.Key);

    internal override bool IsOrphan(ReplicaRow row, ApplyRules rules) => row.Revision.Epoch <= Epoch && !Met.Has(row.Key);
}

/// <summary>Keys that a reading met.</summary>
internal sealed class MetKeys
{
    private readonly HashSet<Fingerprint> _keys = [];
    private bool _unknown;

    /// <summary>Notes a record's key. One without a key may be of any: then none counts as missing.</summary>
    public void Add(string? key)
    {
        if (key is null)
            _unknown = true;
        else
            _keys.Add(Of(key));
    }

    /// <summary>Whether a key was met.</summary>
    public bool Has(string key) => _unknown || _keys.Contains(Of(key));

    private static Fingerprint Of(string key)
    {
        Span<byte> text = stackalloc byte[512];
        return Encoding.UTF8.TryGetBytes(key, text, out var length)
            ? Fingerprint.Of(text[..length])
            : Fingerprint.Of(Encoding.UTF8.GetBytes(key));
    }
}
