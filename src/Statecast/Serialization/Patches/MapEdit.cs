using System.Collections.Immutable;
using System.ComponentModel;
using System.Text.Json;

namespace Statecast.Serialization.Patches;

/// <summary>A change of a map: the entries set, whole, and the keys removed.</summary>
/// <typeparam name="TMap">The map.</typeparam>
/// <typeparam name="TValue">Its values.</typeparam>
/// <param name="value">Writes and reads a value.</param>
/// <param name="path">The map's path in messages.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class MapEdit<TMap, TValue>(PatchCodec<TValue> value, string path) : PatchEdit<TMap>
    where TMap : class, IImmutableDictionary<string, TValue>
{
    private static readonly JsonEncodedText Set = JsonEncodedText.Encode("$set");
    private static readonly JsonEncodedText Removed = JsonEncodedText.Encode("$remove");
    private static readonly PatchNames Parts = new(Set, Removed);

    internal override bool IsMeasured => true;

    /// <inheritdoc/>
    public override void Write(ref PatchWriter writer, TMap before, TMap after)
    {
        using var old = Collect(before);
        using var now = Collect(after);
        writer.BeginObject();
        WriteSet(ref writer, old.Span, now.Span);
        WriteRemoved(ref writer, old.Span, now.Span);
        writer.EndObject();
    }

    /// <inheritdoc/>
    public override TMap Apply(ref PatchReader reader, TMap before)
    {
        IImmutableDictionary<string, TValue> map = before;
        var touched = new HashSet<string>(StringComparer.Ordinal);
        for (var parts = reader.BeginFields(Parts); reader.Next(ref parts, Parts); )
        {
            var isSet = parts.Index == 0;
            for (var items = reader.BeginItems(isObject: isSet); reader.Next(ref items); )
            {
                var key = isSet ? reader.ReadEntryKey(ref items) : reader.ReadKey();
                if (!touched.Add(key))
                    throw reader.Misfit($"the key '{key}' is given twice");
                if (!isSet && !before.ContainsKey(key))
                    throw reader.Misfit($"the key '{key}' is removed, and the base has no such key");
                map = isSet ? map.SetItem(key, value.Read(ref reader)) : map.Remove(key);
            }
        }
        return (TMap)map;
    }

    private MapEntries<TValue> Collect(TMap map) =>
        map is ImmutableDictionary<string, TValue> hashed
            ? new(hashed, path)
            : new((ImmutableSortedDictionary<string, TValue>)(object)map, path);

    private void WriteSet(
        ref PatchWriter writer,
        ReadOnlySpan<KeyValuePair<string, TValue>> old,
        ReadOnlySpan<KeyValuePair<string, TValue>> now
    )
    {
        var count = 0;
        var at = 0;
        foreach (ref readonly var entry in now)
            if (IsSet(ref writer, entry, old, ref at))
                count++;
        if (!writer.BeginPart(Set, count, isObject: true))
            return;
        at = 0;
        foreach (ref readonly var entry in now)
            if (IsSet(ref writer, entry, old, ref at))
            {
                writer.WriteKey(entry.Key, isEntry: true);
                value.Write(ref writer, entry.Value);
            }
        writer.EndPart(isObject: true);
    }

    private static void WriteRemoved(
        ref PatchWriter writer,
        ReadOnlySpan<KeyValuePair<string, TValue>> old,
        ReadOnlySpan<KeyValuePair<string, TValue>> now
    )
    {
        var count = 0;
        var at = 0;
        foreach (ref readonly var entry in old)
            if (!IsIn(entry.Key, now, ref at))
                count++;
        if (!writer.BeginPart(Removed, count))
            return;
        at = 0;
        foreach (ref readonly var entry in old)
            if (!IsIn(entry.Key, now, ref at))
                writer.WriteKey(entry.Key, isEntry: false);
        writer.EndPart();
    }

    private bool IsSet(
        ref PatchWriter writer,
        in KeyValuePair<string, TValue> entry,
        ReadOnlySpan<KeyValuePair<string, TValue>> old,
        ref int at
    ) => !IsIn(entry.Key, old, ref at) || writer.Scratch.Differs(value, old[at].Value, entry.Value);

    // Both are ordered: the place in the others only moves on.
    private static bool IsIn(string key, ReadOnlySpan<KeyValuePair<string, TValue>> others, ref int at)
    {
        while (at < others.Length)
        {
            var order = TextOrder.Compare(others[at].Key, key);
            if (order >= 0)
                return order == 0;
            at++;
        }
        return false;
    }
}
