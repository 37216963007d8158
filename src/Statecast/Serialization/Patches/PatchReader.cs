using System.ComponentModel;
using System.Text.Json;
using Statecast.Serialization.Avro.Reading;
using Statecast.Serialization.Json;

namespace Statecast.Serialization.Patches;

/// <summary>Reads a patch, in JSON or in Avro. What does not fit the base is refused, never guessed. Called by generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public ref struct PatchReader
{
    // As deep as contracts nest; what is deeper keeps the path of what holds it.
    private const int MaxPath = JsonStateCodec.MaxDepth;

    internal readonly bool IsJson;
    internal Utf8JsonReader Json;
    internal AvroReader Avro;

    // In JSON the codec finds paths by reading the text once more.
    private readonly string?[] _path = [];
    private int _depth;

    /// <summary>Reads JSON.</summary>
    public PatchReader(Utf8JsonReader json)
    {
        Json = json;
        IsJson = true;
    }

    /// <summary>Reads Avro.</summary>
    public PatchReader(AvroReader avro)
    {
        Avro = avro;
        _path = new string[MaxPath];
    }

    /// <summary>The path of the field at hand.</summary>
    internal readonly string Path
    {
        get
        {
            var path = string.Join('.', _path.Take(_depth).Where(step => step is not null));
            return path.Length > 0 ? path : "$";
        }
    }

    internal readonly bool IsBareNull => IsJson && Json.TokenType == JsonTokenType.Null;

    /// <summary>Begins a record's changed fields, or a collection's kinds of changes.</summary>
    public PatchFields BeginFields(PatchNames names)
    {
        var mask = new byte[names.MaskLength];
        if (IsJson)
        {
            JsonStateReader.BeginObject(ref Json);
        }
        else if (names.AreParts)
        {
            mask.AsSpan().Fill(byte.MaxValue);
        }
        else
        {
            var start = Avro.Position;
            Avro.ReadFixed(mask.Length).CopyTo(mask);
            if ((names.FieldCount & 7) != 0 && mask[^1] >> (names.FieldCount & 7) != 0)
                throw Avro.FailAt(start, $"the mask names more than the {names.FieldCount} fields that there are");
        }
        Step(_depth++, null);
        return new() { Mask = mask, Index = -1 };
    }

    /// <summary>Goes to the next field's value; false after the last.</summary>
    public bool Next(ref PatchFields fields, PatchNames names)
    {
        if (IsJson ? NextJson(ref fields, names) : NextAvro(ref fields, names))
        {
            Step(_depth - 1, names[fields.Index]);
            return true;
        }
        _depth--;
        return false;
    }

    /// <summary>Which case's fields changed.</summary>
    /// <param name="names">The cases' names in JSON, with their earlier ones.</param>
    /// <param name="cases">The case that each of these names is.</param>
    /// <param name="count">How many cases there are.</param>
    /// <param name="hierarchy">What they are cases of.</param>
    public int ReadCase(JsonEncodedText[] names, scoped ReadOnlySpan<byte> cases, int count, string hierarchy) =>
        IsJson ? cases[JsonCaseReader.Find(ref Json, names, hierarchy)] : Avro.ReadIndex(count);

    /// <summary>The exception for a change of a part of the key.</summary>
    public readonly StateFormatException KeyIsFixed() => Misfit("it is a part of the key, which no patch changes");

    /// <summary>The exception for a change of another case than the base's.</summary>
    public readonly StateFormatException OtherCase(object before) =>
        Misfit($"the fields of another case are changed than the base's, {before.GetType().Name}");

    /// <summary>The exception for a patch that does not fit.</summary>
    internal readonly StateFormatException Misfit(string reason) =>
        IsJson ? new("$", Json.TokenStartIndex, reason + ".") : Avro.Fail(reason);

    /// <summary>Whether the whole value follows.</summary>
    internal bool BeginWhole()
    {
        if (!IsJson)
            return Avro.ReadIndex(2) == 0;
        if (Json.TokenType != JsonTokenType.StartObject)
            throw Misfit($"a change is an object or null, not {JsonStateReader.Name(Json.TokenType)}; a whole value stands in '$value'");
        var ahead = Json;
        if (!JsonStateReader.NextProperty(ref ahead) || !ahead.ValueTextEquals(PatchWriter.Whole.EncodedUtf8Bytes))
            return false;
        ahead.Read();
        Json = ahead;
        return true;
    }

    internal void EndWhole()
    {
        if (IsJson && JsonStateReader.NextProperty(ref Json))
            throw Misfit("nothing stands beside '$value'");
    }

    /// <summary>Begins the items of an array, or of an object in JSON and a map in Avro.</summary>
    internal PatchItems BeginItems(bool isObject = false)
    {
        if (IsJson && isObject)
            JsonStateReader.BeginObject(ref Json);
        else if (IsJson)
            JsonStateReader.BeginArray(ref Json);
        return new() { IsObject = isObject };
    }

    /// <summary>Goes to the next item; false after the last.</summary>
    internal bool Next(ref PatchItems items)
    {
        if (IsJson)
            return items.IsObject ? JsonStateReader.NextProperty(ref Json) : JsonStateReader.NextItem(ref Json, items.Count++);
        if (items.Left == 0)
            items.Left = Avro.NextBlock();
        return items.Left-- > 0;
    }

    /// <summary>The key of a map's entry; goes on to its value.</summary>
    internal string ReadEntryKey(ref PatchItems items) => IsJson ? JsonStateReader.ReadMapKey(ref Json, items.Count++) : Avro.ReadString();

    /// <summary>A key by itself.</summary>
    internal string ReadKey() => IsJson ? JsonStateReader.ReadString(ref Json) : Avro.ReadString();

    /// <summary>A number of items, the next of an array's in JSON.</summary>
    internal int ReadCount()
    {
        if (!IsJson)
            return Avro.ReadInteger(0, int.MaxValue);
        NextOf("a number of items is");
        return JsonScalarReader.ReadInt32(ref Json) is >= 0 and var count ? count : throw Misfit("a number of items is not negative");
    }

    /// <summary>Begins an array of different things; nothing in Avro.</summary>
    internal void BeginTuple()
    {
        if (IsJson)
            JsonStateReader.BeginArray(ref Json);
    }

    /// <summary>Goes to the next thing in it.</summary>
    internal void NextOf(string what)
    {
        if (IsJson && !JsonStateReader.NextItem(ref Json, 0))
            throw Misfit($"{what} missing");
    }

    internal void EndTuple()
    {
        if (IsJson && JsonStateReader.NextItem(ref Json, 0))
            throw Misfit("one value too many");
    }

    private readonly void Step(int depth, string? name)
    {
        if (depth < _path.Length)
            _path[depth] = name;
    }

    private bool NextJson(ref PatchFields fields, PatchNames names)
    {
        while (JsonStateReader.NextProperty(ref Json))
        {
            var index = names.IndexOf(ref Json, fields.Index + 1);
            if (index == -2)
            {
                if (names.AreParts || Json.ValueSpan is [(byte)'$', ..])
                    throw Misfit($"'{JsonStateReader.Text(ref Json)}' is no change that is known here");
                fields.Unknown.Skip(ref Json);
                continue;
            }
            if (index < 0 ? fields.CaseSeen : fields.Has(index))
                throw Misfit("the property is given twice");
            Json.Read();
            if (index < 0)
            {
                // It was looked at before: it led here.
                fields.CaseSeen = true;
                continue;
            }
            fields.Add(index);
            fields.Index = index;
            return true;
        }
        return false;
    }

    private static bool NextAvro(ref PatchFields fields, PatchNames names)
    {
        while (++fields.Index < names.FieldCount)
            if (fields.Has(fields.Index))
                return true;
        return false;
    }
}
