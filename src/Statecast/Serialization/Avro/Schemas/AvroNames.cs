namespace Statecast.Serialization.Avro.Schemas;

/// <summary>Names (Avro 1.12, "Names").</summary>
internal static class AvroNames
{
    public static AvroType? Primitive(string name) =>
        name switch
        {
            "null" => AvroType.Null,
            "boolean" => AvroType.Boolean,
            "int" => AvroType.Int,
            "long" => AvroType.Long,
            "float" => AvroType.Float,
            "double" => AvroType.Double,
            "bytes" => AvroType.Bytes,
            "string" => AvroType.String,
            _ => null,
        };

    /// <summary>A full name; null if it is none.</summary>
    /// <param name="name">With dots it is full already.</param>
    /// <param name="space">The namespace for one without.</param>
    public static AvroName? Make(string name, string space)
    {
        var dot = name.LastIndexOf('.');
        if (dot >= 0)
            (space, name) = (name.Substring(0, dot), name.Substring(dot + 1));
        if (!IsName(name))
            return null;
        if (space.Length > 0)
            foreach (var part in space.Split('.'))
                if (!IsName(part))
                    return null;
        return new(space, name);
    }

    public static bool IsName(string name)
    {
        if (name.Length == 0 || name[0] is >= '0' and <= '9')
            return false;
        foreach (var c in name)
            if (c is not ((>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '_'))
                return false;
        return true;
    }
}
