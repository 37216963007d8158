using System.Globalization;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Serialization.Avro.Reading;

/// <summary>Finds the path of a byte in a body by reading it once more by the writer's schema: only who fails pays for paths.</summary>
internal ref struct AvroPath
{
    private readonly long _offset;
    private readonly AvroReadLimits _limits;
    private AvroReader _reader;

    private AvroPath(ReadOnlySpan<byte> body, long offset, AvroReadLimits limits)
    {
        _offset = offset;
        _limits = limits;
        _reader = new(body, limits);
    }

    /// <summary>The path of the value at an offset, for example <c>lines[3].price</c>; <c>$</c> for the whole. In a malformed body: of the last value that can be read.</summary>
    public static string At(AvroSchema writer, ReadOnlySpan<byte> body, long offset, AvroReadLimits limits) =>
        offset < 0 || body.Length > limits.MaxBodyBytes ? "$" : new AvroPath(body, offset, limits).Find(writer, "", 0) ?? "$";

    private string? Find(AvroSchema schema, string path, int depth)
    {
        if (depth > _limits.MaxDepth + JsonDepth)
            return path;
        switch (schema)
        {
            case AvroRecord record:
                foreach (var field in record.Fields)
                    if (Find(field.Schema, path.Length == 0 ? field.Name : $"{path}.{field.Name}", depth + 1) is { } found)
                        return found;
                return null;
            case AvroUnion union:
                return Is() ? Shown(path)
                    : TryIndex(union.Branches.Count, out var index) ? Find(union.Branches[index], path, depth + 1)
                    : Shown(path);
            case AvroArray array:
                return Items(array.Items, path, isMap: false, depth);
            case AvroMap map:
                return Items(map.Values, path, isMap: true, depth);
            default:
                return Is() || !TryPass(schema) ? Shown(path) : null;
        }
    }

    // A contract's own types are as deep as they are; only what is not known is limited.
    private const int JsonDepth = 64;

    private string? Items(AvroSchema item, string path, bool isMap, int depth)
    {
        for (var i = 0; ; )
        {
            if (Is() || !TryBlock(out var left))
                return Shown(path);
            if (left == 0)
                return null;
            for (; left > 0; left--, i++)
            {
                var place = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]");
                if (isMap && (Is() || !TryKey(path, out place)))
                    return Shown(path);
                if (Find(item, place, depth + 1) is { } found)
                    return found;
            }
        }
    }

    private readonly bool Is() => _reader.Position >= _offset;

    private static string Shown(string path) => path.Length == 0 ? "$" : path;

    private bool TryIndex(int count, out int index)
    {
        try
        {
            index = _reader.ReadIndex(count);
            return true;
        }
        catch (StateFormatException)
        {
            index = 0;
            return false;
        }
    }

    private bool TryBlock(out int count)
    {
        try
        {
            count = _reader.NextBlock(mayBeEmpty: true);
            return true;
        }
        catch (StateFormatException)
        {
            count = 0;
            return false;
        }
    }

    private bool TryKey(string path, out string place)
    {
        try
        {
            place = $"{path}['{_reader.ReadString()}']";
            return true;
        }
        catch (StateFormatException)
        {
            place = path;
            return false;
        }
    }

    private bool TryPass(AvroSchema schema)
    {
        try
        {
            switch (schema.Type)
            {
                case AvroType.Null:
                    break;
                case AvroType.Boolean:
                    _reader.ReadBoolean();
                    break;
                case AvroType.Float:
                    _reader.ReadFloat();
                    break;
                case AvroType.Double:
                    _reader.ReadDouble();
                    break;
                case AvroType.Bytes or AvroType.String:
                    _reader.ReadBytes();
                    break;
                case AvroType.Fixed:
                    _reader.ReadFixed(((AvroFixed)schema).Size);
                    break;
                default:
                    _reader.ReadLong();
                    break;
            }
            return true;
        }
        catch (StateFormatException)
        {
            return false;
        }
    }
}
