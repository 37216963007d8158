using System.ComponentModel;
using System.Text.Json;
using Statecast.Serialization.Json;

namespace Statecast.Serialization.Patches;

/// <summary>The names that an object of a patch may have: a record's fields, with their earlier names, or the kinds of a collection's changes.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class PatchNames
{
    private readonly JsonEncodedText[] _names;
    private readonly (string Name, int Index)[] _aliases;

    /// <summary>A record's fields.</summary>
    /// <param name="names">The names in JSON.</param>
    /// <param name="first">Where the fields begin among them: 1 where the first names the case.</param>
    /// <param name="aliases">Earlier names, with the fields that they mean.</param>
    public PatchNames(JsonEncodedText[] names, int first, params (string Name, int Index)[] aliases) =>
        (_names, First, _aliases) = (names, first, aliases);

    internal PatchNames(params JsonEncodedText[] parts)
        : this(parts, 0) => AreParts = true;

    /// <summary>Whether these are a collection's kinds of changes, of which none can be unknown.</summary>
    internal bool AreParts { get; }

    internal int First { get; }

    internal int FieldCount => _names.Length - First;

    /// <summary>The bytes of a mask with a bit per field.</summary>
    internal int MaskLength => (FieldCount + 7) >> 3;

    internal string this[int field] => _names[First + field].Value;

    /// <summary>The index of the property at hand; below zero for the case's name (-1) and for an unknown one (-2).</summary>
    internal int IndexOf(ref Utf8JsonReader reader, int expected)
    {
        if (JsonStateReader.IndexOf(ref reader, _names, First + expected) is >= 0 and var index)
            return index - First;
        foreach (var (name, field) in _aliases)
            if (reader.ValueTextEquals(name))
                return field;
        return -2;
    }
}
