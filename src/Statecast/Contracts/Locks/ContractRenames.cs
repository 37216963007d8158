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

/// <summary>A member of an enum that is gone: states that have it would be read as another.</summary>
internal sealed class LostSymbol(string path, string symbol, string standIn)
{
    /// <summary>Where the enum is.</summary>
    public string Path { get; } = path;

    public string Symbol { get; } = symbol;

    /// <summary>What it would be read as.</summary>
    public string StandIn { get; } = standIn;
}

/// <summary>
/// Finds renames without an alias: resolution would fill in a default where the earlier value should be, and nobody would notice. In one record, what
/// went and what came of one type is a rename, and so it is if one type reads as the other: nullable or not, wider or narrower; in a union of records the same by their fields, unless their numbers differ. So is a name that was kept as an alias
/// and is no more. Of versions that do not follow each other only what was kept can be told: what went in one step and came in a later one is no rename.
/// </summary>
internal sealed class ContractRenames
{
    private readonly HashSet<(AvroSchema, AvroSchema)> _seen = [];
    private readonly List<ContractRename> _found = [];
    private readonly List<LostSymbol> _lost = [];

    private readonly bool _isNext;

    private ContractRenames(bool isNext) => _isNext = isNext;

    /// <summary>What seems to be renamed.</summary>
    public IReadOnlyList<ContractRename> Found => _found;

    /// <summary>Members of enums that are gone.</summary>
    public IReadOnlyList<LostSymbol> Lost => _lost;

    /// <param name="earlier">An earlier version.</param>
    /// <param name="now">The version that may have renamed something.</param>
    /// <param name="isNext">Whether the one follows the other without a third between them.</param>
    public static ContractRenames Find(AvroSchema earlier, AvroSchema now, bool isNext)
    {
        var renames = new ContractRenames(isNext);
        renames.Compare(earlier, now, "$");
        return renames;
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
                Symbols(old, symbols, path);
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

    // Where none is a stand-in, resolution itself refuses it.
    private void Symbols(AvroEnum earlier, AvroEnum now, string path)
    {
        if (now.Default is not { } standIn)
            return;
        foreach (var symbol in earlier.Symbols)
            if (!Contains(now.Symbols, symbol))
                _lost.Add(new(path, symbol, standIn));
    }

    private void Named(AvroNamedSchema earlier, AvroNamedSchema now, string path)
    {
        if (!IsKnown(now, earlier))
            _found.Add(new(path, earlier.Name.Simple, now.Name.Simple, isType: true));
    }

    private void Fields(AvroRecord earlier, AvroRecord now, string path)
    {
        var matched = AvroMatch.Fields(earlier, now);
        var gone = new List<AvroField>();
        var come = new List<AvroField>();
        for (var i = 0; i < matched.Length; i++)
            if (matched[i] >= 0)
            {
                Kept(earlier.Fields[i].Aliases, now.Fields[matched[i]], Join(path, now.Fields[matched[i]].Name));
                Compare(earlier.Fields[i].Schema, now.Fields[matched[i]].Schema, Join(path, now.Fields[matched[i]].Name));
            }
            else
                gone.Add(earlier.Fields[i]);
        if (!_isNext)
            return;
        for (var i = 0; i < now.Fields.Count; i++)
            if (System.Array.IndexOf(matched, i) < 0)
                come.Add(now.Fields[i]);
        // Of one type first: of several that came, the likeliest takes the name.
        Pair(gone, come, path, (one, other) => TypeOf(one) == TypeOf(other));
        Pair(gone, come, path, IsKin);
    }

    private void Pair(List<AvroField> gone, List<AvroField> come, string path, System.Func<AvroSchema, AvroSchema, bool> isOneType)
    {
        foreach (var one in gone.ToArray())
            if (come.Find(c => isOneType(one.Schema, c.Schema)) is { } other)
            {
                _found.Add(new(Join(path, other.Name), one.Name, other.Name, isType: false));
                gone.Remove(one);
                come.Remove(other);
            }
    }

    // One could be read as the other, in whichever direction: the type was changed in the same edit.
    private static bool IsKin(AvroSchema one, AvroSchema other) =>
        (one, other) switch
        {
            (AvroUnion, _) or (_, AvroUnion) => IsAmong(one, other) || IsAmong(other, one),
            (AvroNamedSchema from, AvroNamedSchema to) => from.Type == to.Type && (IsKnown(to, from) || IsKnown(from, to)),
            (AvroArray from, AvroArray to) => IsKin(from.Items, to.Items),
            (AvroMap from, AvroMap to) => IsKin(from.Values, to.Values),
            _ => one.Logical?.Name == other.Logical?.Name
                && (AvroMatch.Problem(one, other) is null || AvroMatch.Problem(other, one) is null),
        };

    // Whether or not either may be null.
    private static bool IsAmong(AvroSchema one, AvroSchema other)
    {
        var (few, many) = (NotNull(one), NotNull(other));
        return few.Count > 0 && few.TrueForAll(f => many.Exists(m => IsKin(f, m)));
    }

    private static List<AvroSchema> NotNull(AvroSchema schema)
    {
        var branches = new List<AvroSchema>();
        foreach (var branch in schema is AvroUnion union ? union.Branches : [schema])
            if (branch.Type != AvroType.Null)
                branches.Add(branch);
        return branches;
    }

    // A name that a field had in one version before is needed as long as its major: states of that version have it still.
    private void Kept(IReadOnlyList<string> aliases, AvroField now, string path)
    {
        foreach (var alias in aliases)
            if (alias != now.Name && !Contains(now.Aliases, alias))
                _found.Add(new(path, alias, now.Name, isType: false));
    }

    private static bool Contains(IReadOnlyList<string> names, string name)
    {
        foreach (var one in names)
            if (one == name)
                return true;
        return false;
    }

    // By what it is called: what is inside may have changed in the same edit.
    private static string TypeOf(AvroSchema schema) =>
        schema switch
        {
            AvroNamedSchema named => named.Name.Simple,
            AvroArray array => $"[{TypeOf(array.Items)}]",
            AvroMap map => $"{{{TypeOf(map.Values)}}}",
            AvroUnion union => TypesOf(union),
            _ => schema.ToJson(),
        };

    private static string TypesOf(AvroUnion union)
    {
        var types = new List<string>();
        foreach (var branch in union.Branches)
            types.Add(TypeOf(branch));
        return string.Join("|", types);
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
        if (!_isNext || earlier.Count != now.Count)
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
