using System.Buffers;
using System.ComponentModel;
using System.Text.Json;
using Statecast.Serialization.Avro;

namespace Statecast.Serialization.Patches;

/// <summary>Writes a patch, in JSON or in Avro: what differs between the two stands here and in <see cref="PatchReader"/>, and nowhere else. Called by generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public ref struct PatchWriter
{
    internal static readonly JsonEncodedText Whole = JsonEncodedText.Encode("$value");

    internal readonly PatchScratch Scratch;
    internal readonly Utf8JsonWriter? Json;
    internal AvroWriter Avro;

    /// <summary>Writes JSON.</summary>
    public PatchWriter(Utf8JsonWriter json)
        : this(json, PatchScratch.Current) { }

    /// <summary>Writes Avro.</summary>
    public PatchWriter(IBufferWriter<byte> destination)
        : this(destination, PatchScratch.Current) { }

    internal PatchWriter(Utf8JsonWriter json, PatchScratch scratch)
    {
        Json = json;
        Scratch = scratch;
    }

    internal PatchWriter(IBufferWriter<byte> destination, PatchScratch scratch)
    {
        Avro = new(destination);
        Scratch = scratch;
    }

    /// <summary>Hands over everything written so far.</summary>
    public void Flush()
    {
        if (Json is null)
            Avro.Flush();
        else
            Json.Flush();
    }

    /// <summary>Begins a record's changed fields.</summary>
    /// <param name="changed">The field mask: a bit per field in the contract's order, the lowest of the first byte first.</param>
    public void BeginFields(scoped ReadOnlySpan<byte> changed)
    {
        if (Json is null)
            Avro.WriteFixed(changed);
        else
            Json.WriteStartObject();
    }

    /// <summary>Begins a field, if it changed.</summary>
    public readonly bool BeginField(scoped ReadOnlySpan<byte> changed, int index, JsonEncodedText name)
    {
        if ((changed[index >> 3] & (1 << (index & 7))) == 0)
            return false;
        Json?.WritePropertyName(name);
        return true;
    }

    /// <summary>Ends a record's changed fields.</summary>
    public readonly void EndFields() => Json?.WriteEndObject();

    /// <summary>The case whose fields changed: in Avro before its fields.</summary>
    public void WriteCase(int index)
    {
        if (Json is null)
            Avro.WriteInt(index);
    }

    /// <summary>The case whose fields changed: in JSON among them.</summary>
    public readonly void WriteCase(JsonEncodedText name, JsonEncodedText value) => Json?.WriteString(name, value);

    internal void BeginEdit()
    {
        if (Json is null)
            Avro.WriteInt(1);
    }

    internal void BeginWhole(bool isNull)
    {
        if (Json is null)
        {
            Avro.WriteInt(0);
        }
        else if (!isNull)
        {
            Json.WriteStartObject();
            Json.WritePropertyName(Whole);
        }
    }

    internal readonly void EndWhole(bool isNull)
    {
        if (!isNull)
            Json?.WriteEndObject();
    }

    /// <summary>What was written to the probe, as it stands there.</summary>
    internal void WriteProbed()
    {
        if (Json is null)
            Avro.WriteFixed(Scratch.Probed);
        else
            Json.WriteRawValue(Scratch.Probed, skipInputValidation: true);
    }

    internal readonly void BeginObject() => Json?.WriteStartObject();

    internal readonly void EndObject() => Json?.WriteEndObject();

    internal readonly void Name(JsonEncodedText name) => Json?.WritePropertyName(name);

    internal readonly void BeginArray() => Json?.WriteStartArray();

    internal readonly void EndArray() => Json?.WriteEndArray();

    internal void WriteCount(int value)
    {
        if (Json is null)
            Avro.WriteInt(value);
        else
            Json.WriteNumberValue(value);
    }

    internal void WriteKey(string key, bool isEntry)
    {
        if (Json is null)
            Avro.WriteString(key);
        else if (isEntry)
            Json.WritePropertyName(key);
        else
            Json.WriteStringValue(key);
    }

    /// <summary>Begins one kind of a collection's changes; false if there is nothing to say of it.</summary>
    internal bool BeginPart(JsonEncodedText name, int count, bool isObject = false)
    {
        if (Json is null)
        {
            if (count > 0)
                Avro.WriteLong(count);
            return true;
        }
        if (count == 0)
            return false;
        Json.WritePropertyName(name);
        if (isObject)
            Json.WriteStartObject();
        else
            Json.WriteStartArray();
        return true;
    }

    internal void EndPart(bool isObject = false)
    {
        if (Json is null)
            Avro.WriteLong(0);
        else if (isObject)
            Json.WriteEndObject();
        else
            Json.WriteEndArray();
    }
}
