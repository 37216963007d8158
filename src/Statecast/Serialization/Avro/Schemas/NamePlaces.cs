using System;
using System.Collections.Generic;

namespace Statecast.Serialization.Avro.Schemas;

/// <summary>
/// Where in a list each name stands, found at once. A schema is somebody else's, and may have more names than there is time to compare each of one side with each
/// of the other.
/// </summary>
internal sealed class NamePlaces
{
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);

    /// <summary>The places of items by their names.</summary>
    public static NamePlaces Of<T>(IReadOnlyList<T> items, Func<T, string> nameOf)
    {
        var places = new NamePlaces();
        for (var i = 0; i < items.Count; i++)
            places.Add(nameOf(items[i]), i);
        return places;
    }

    /// <summary>Notes a place; the first of a name counts.</summary>
    public void Add(string name, int place)
    {
        if (!_places.ContainsKey(name))
            _places.Add(name, place);
    }

    /// <summary>The place of a name; -1 for none.</summary>
    public int Of(string name) => _places.TryGetValue(name, out var place) ? place : -1;
}
