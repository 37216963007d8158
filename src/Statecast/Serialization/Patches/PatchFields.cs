using System.ComponentModel;
using Statecast.Serialization.Json;

namespace Statecast.Serialization.Patches;

/// <summary>Where a reader is among the fields of a patch's object.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct PatchFields
{
    /// <summary>The field at hand.</summary>
    public int Index { get; internal set; }

    // In JSON what was seen, in Avro what changed.
    internal byte[] Mask { get; init; }

    internal bool CaseSeen { get; set; }

    internal JsonUnknownFields Unknown;

    internal readonly bool Has(int index) => (Mask[index >> 3] & (1 << (index & 7))) != 0;

    internal readonly void Add(int index) => Mask[index >> 3] |= (byte)(1 << (index & 7));
}
