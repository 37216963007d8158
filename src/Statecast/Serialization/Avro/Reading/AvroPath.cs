using System.Globalization;
using System.Text;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Serialization.Avro.Reading;

/// <summary>
/// Finds the path of a byte in a body by reading it once more by the writer's schema: only who fails pays for paths. The way is kept as steps and
/// becomes a text at the end, so that a million items on the way take no memory.
/// </summary>
internal ref struct AvroPath
{
    // A contract's own types are as deep as they are; only what is not known is limited.
    private const int OwnDepth = 64;

    private readonly long _offset;
    private readonly AvroReadLimits _limits;
    private readonly AvroEmptiness _emptiness = new();
    private readonly Dictionary<AvroRecord, AvroField[]> _filled = [];
    private readonly List<Step> _steps = [];
    private readonly ReadOnlySpan<byte> _body;
    private AvroReader _reader;

    private AvroPath(ReadOnlySpan<byte> body, long offset, AvroReadLimits limits)
    {
        _body = body;
        _offset = offset;
        _limits = limits;
        _reader = new(body, limits);
    }

    /// <summary>The path of the value at an offset, for example <c>lines[3].price</c>; <c>$</c> for the whole. In a malformed body: of the last value that can be read.</summary>
    public static string At(AvroSchema writer, ReadOnlySpan<byte> body, long offset, AvroReadLimits limits)
    {
        if (offset < 0 || body.Length > limits.MaxBodyBytes)
            return "$";
        var path = new AvroPath(body, offset, limits);
        return path.Find(writer) ? path.Shown() : "$";
    }

    /// <summary>Whether the place is in the value at hand; the steps then lead to it. Else the value was passed over.</summary>
    private bool Find(AvroSchema schema)
    {
        if (_steps.Count > _limits.MaxDepth + OwnDepth)
            return true;
        switch (schema)
        {
            case AvroRecord record:
                // Of no bytes, so it is not the place; and there could be more of them than time.
                return !_emptiness.Of(record) && FindField(record);
            case AvroUnion union:
                return Is() || !TryIndex(union.Branches.Count, out var index) || FindWithin(new(null), union.Branches[index]);
            case AvroArray array:
                return FindItem(array.Items, isMap: false);
            case AvroMap map:
                return FindItem(map.Values, isMap: true);
            default:
                return Is() || !TryPass(schema);
        }
    }

    private bool FindField(AvroRecord record)
    {
        // Those of no bytes are not the place either, and there can be thousands in every item.
        if (!_filled.TryGetValue(record, out var fields))
        {
            var emptiness = _emptiness;
            _filled.Add(record, fields = [.. record.Fields.Where(f => !emptiness.Of(f.Schema))]);
        }
        foreach (var field in fields)
            if (FindWithin(new(field.Name), field.Schema))
                return true;
        return false;
    }

    private bool FindItem(AvroSchema item, bool isMap)
    {
        for (var i = 0; ; )
        {
            if (Is() || !TryBlock(out var left))
                return true;
            if (left == 0)
                return false;
            for (; left > 0; left--, i++)
            {
                var step = new Step(null, i);
                if (isMap && (Is() || !TryKey(out step)))
                    return true;
                if (FindWithin(step, item))
                    return true;
            }
        }
    }

    private bool FindWithin(Step step, AvroSchema schema)
    {
        _steps.Add(step);
        if (Find(schema))
            return true;
        _steps.RemoveAt(_steps.Count - 1);
        return false;
    }

    private readonly bool Is() => _reader.Position >= _offset;

    private readonly string Shown()
    {
        var path = new StringBuilder();
        foreach (var step in _steps)
            if (step.IsKey)
                path.Append("['").Append(Encoding.UTF8.GetString(_body.Slice(step.Index, step.KeyLength))).Append("']");
            else if (step.Name is not null)
                path.Append(path.Length == 0 ? "" : ".").Append(step.Name);
            else if (step.Index >= 0)
                path.Append(CultureInfo.InvariantCulture, $"[{step.Index}]");
        return path.Length == 0 ? "$" : path.ToString();
    }

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
            count = _reader.PassBlock(mayBeEmpty: true);
            return true;
        }
        catch (StateFormatException)
        {
            count = 0;
            return false;
        }
    }

    private bool TryKey(out Step step)
    {
        try
        {
            var length = _reader.ReadBytes().Length;
            step = new(null, _reader.Position - length, length, IsKey: true);
            return true;
        }
        catch (StateFormatException)
        {
            step = default;
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

    /// <summary>A field, an item, a map's key by its place in the body; or nothing, for a union's branch, which a path does not show.</summary>
    private readonly record struct Step(string? Name, int Index = -1, int KeyLength = 0, bool IsKey = false);
}
