using System.Collections.Generic;
using Statecast.Serialization.Avro.Resolving;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Contracts.Locks;

/// <summary>A field or a type that has most likely been renamed without a word.</summary>
internal sealed class ContractRename(string path, string from, string to, bool isType)
{
    /// <summary>Where the new one is, in the new names; of a type, the field that holds it.</summary>
    public string Path { get; } = path;

    public string From { get; } = from;

    public string To { get; } = to;

    public bool IsType { get; } = isType;
}

/// <summary>
/// Finds renames without an alias: resolution would fill in a default where the earlier value should be, and nobody would notice. In one record, what
/// went and what came of one type is a rename, unless their numbers differ; in a union of records the same by their fields.
/// </summary>
internal sealed class ContractRenames
{
    private readonly HashSet<(AvroSchema, AvroSchema)> _seen = [];
    private readonly List<ContractRename> _found = [];

    private ContractRenames() { }

    public static IReadOnlyList<ContractRename> Find(AvroSchema earlier, AvroSchema now)
    {
        var renames = new ContractRenames();
        renames.Compare(earlier, now, "$");
        return renames._found;
    }

    private void Compare(AvroSchema earlier, AvroSchema now, string path)
    {
        if (!_seen.Add((earlier, now)))
            return;
        switch (earlier, now)
        {
            case (AvroRecord old, AvroRecord record):
                Named(old, record, path);
                Fields(old, record, path);
                break;
            case (AvroEnum old, AvroEnum symbols):
                Named(old, symbols, path);
                break;
            case (AvroArray old, AvroArray array):
                Compare(old.Items, array.Items, Join(path, "[]"));
                break;
            case (AvroMap old, AvroMap map):
                Compare(old.Values, map.Values, Join(path, "{}"));
                break;
            case (AvroUnion or AvroNamedSchema, AvroUnion) or (AvroUnion, AvroNamedSchema):
                Branches(NamedIn(earlier), NamedIn(now), path);
                break;
        }
    }

    private void Named(AvroNamedSchema earlier, AvroNamedSchema now, string path)
    {
        if (!IsKnown(now, earlier))
            _found.Add(new(path, earlier.Name.Simple, now.Name.Simple, isType: true));
    }

    private void Fields(AvroRecord earlier, AvroRecord now, string path)
    {
        var matched = AvroMatch.Fields(earlier, now);
        var gone = new Dictionary<string, List<AvroField>>();
        var come = new Dictionary<string, List<AvroField>>();
        for (var i = 0; i < matched.Length; i++)
            if (matched[i] >= 0)
                Compare(earlier.Fields[i].Schema, now.Fields[matched[i]].Schema, Join(path, now.Fields[matched[i]].Name));
            else
                Group(gone, earlier.Fields[i]);
        for (var i = 0; i < now.Fields.Count; i++)
            if (System.Array.IndexOf(matched, i) < 0 && now.Fields[i].Aliases.Count == 0)
                Group(come, now.Fields[i]);
        foreach (var ofType in gone)
            if (come.TryGetValue(ofType.Key, out var there) && there.Count == ofType.Value.Count)
                for (var i = 0; i < there.Count; i++)
                    _found.Add(new(Join(path, there[i].Name), ofType.Value[i].Name, there[i].Name, isType: false));
    }

    private static void Group(Dictionary<string, List<AvroField>> groups, AvroField field)
    {
        var type = field.Schema.ToJson();
        if (!groups.TryGetValue(type, out var group))
            groups.Add(type, group = []);
        group.Add(field);
    }

    private void Branches(List<AvroNamedSchema> earlier, List<AvroNamedSchema> now, string path)
    {
        var isAlone = earlier.Count == 1 && now.Count == 1;
        foreach (var one in now.ToArray())
            if (earlier.Find(e => IsKnown(one, e)) is { } same)
            {
                Compare(same, one, path);
                earlier.Remove(same);
                now.Remove(one);
            }
        if (earlier.Count != now.Count)
            return;
        foreach (var one in now)
            if (earlier.Find(e => isAlone || Inside(e) == Inside(one)) is { } same)
            {
                Compare(same, one, path);
                earlier.Remove(same);
            }
    }

    // What a type is, whatever it is called.
    private static string Inside(AvroNamedSchema schema) => schema.ToJson().Replace($"\"name\":\"{schema.Name.Simple}\"", "");

    private static List<AvroNamedSchema> NamedIn(AvroSchema schema)
    {
        var named = new List<AvroNamedSchema>();
        if (schema is AvroNamedSchema one)
            named.Add(one);
        else if (schema is AvroUnion union)
            foreach (var branch in union.Branches)
                if (branch is AvroNamedSchema inUnion)
                    named.Add(inUnion);
        return named;
    }

    private static bool IsKnown(AvroNamedSchema now, AvroNamedSchema earlier)
    {
        if (now.Name.Simple == earlier.Name.Simple)
            return true;
        foreach (var alias in now.Aliases)
            if (alias.Simple == earlier.Name.Simple)
                return true;
        return false;
    }

    private static string Join(string path, string step) =>
        step[0] is '[' or '{' ? (path == "$" ? step : path + step)
        : path == "$" ? step
        : $"{path}.{step}";
}
