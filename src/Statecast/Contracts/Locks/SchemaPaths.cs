using System.Collections.Generic;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Contracts.Locks;

/// <summary>Follows a problem's path within a schema, by names and earlier names.</summary>
internal static class SchemaPaths
{
    /// <summary>What is at a path; several where it leads through a union, nothing where the schema does not have it.</summary>
    public static List<AvroSchema> At(AvroSchema root, string path)
    {
        var at = new List<AvroSchema> { root };
        foreach (var step in Steps(path))
        {
            var next = new List<AvroSchema>();
            foreach (var schema in at)
            foreach (var one in Branches(schema))
                if (one is AvroArray array && step == "[]")
                    next.Add(array.Items);
                else if (one is AvroMap map && step == "{}")
                    next.Add(map.Values);
                else if (one is AvroRecord record && Field(record, step) is { } field)
                    next.Add(field.Schema);
            at = next;
        }
        return at;
    }

    /// <summary>The path without its last field, and that field's name.</summary>
    public static (string Parent, string Field) Split(string path)
    {
        var dot = path.LastIndexOf('.');
        return dot < 0 ? ("$", path) : (path.Substring(0, dot), path.Substring(dot + 1));
    }

    /// <summary>Whether what is at the parent's path has a field with this earlier name.</summary>
    public static bool HasAlias(AvroSchema root, string path)
    {
        var (parent, name) = Split(path);
        foreach (var schema in At(root, parent))
        foreach (var one in Branches(schema))
            if (one is AvroRecord record)
                foreach (var field in record.Fields)
                foreach (var alias in field.Aliases)
                    if (alias == name)
                        return true;
        return false;
    }

    /// <summary>Whether the enum at a path says what a symbol is taken for that it does not know.</summary>
    public static bool HasEnumDefault(AvroSchema root, string path)
    {
        foreach (var schema in At(root, path))
        foreach (var one in Branches(schema))
            if (one is AvroEnum { Default: not null })
                return true;
        return false;
    }

    /// <summary>A path's steps: fields' names, <c>[]</c> and <c>{}</c>.</summary>
    public static IEnumerable<string> Steps(string path)
    {
        if (path == "$")
            yield break;
        foreach (var part in path.Split('.'))
        {
            var end = part.IndexOfAny(['[', '{']);
            if (end != 0)
                yield return end < 0 ? part : part.Substring(0, end);
            for (var i = end; i >= 0 && i < part.Length; i += 2)
                yield return part.Substring(i, 2);
        }
    }

    private static IEnumerable<AvroSchema> Branches(AvroSchema schema) => schema is AvroUnion union ? union.Branches : [schema];

    private static AvroField? Field(AvroRecord record, string name)
    {
        foreach (var field in record.Fields)
            if (field.Name == name)
                return field;
        foreach (var field in record.Fields)
        foreach (var alias in field.Aliases)
            if (alias == name)
                return field;
        return null;
    }
}
