using System.ComponentModel;
using System.Text.Json;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Reading;

namespace Statecast.Serialization.Patches;

/// <summary>How a value is written and read whole, within a patch as within a state. Emitted by the generator for each value that a patch can hold.</summary>
/// <typeparam name="T">The value.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class PatchCodec<T>
{
    /// <summary>Writes it as JSON.</summary>
    public abstract void WriteJson(Utf8JsonWriter writer, T value);

    /// <summary>Reads it from JSON, on its first token.</summary>
    public abstract T ReadJson(ref Utf8JsonReader reader);

    /// <summary>Writes it as Avro.</summary>
    public abstract void WriteAvro(ref AvroWriter writer, T value);

    /// <summary>Reads it from Avro, written in the contract's own schema.</summary>
    public abstract T ReadAvro(ref AvroReader reader);

    internal void Write(ref PatchWriter writer, T value)
    {
        if (writer.Json is { } json)
            WriteJson(json, value);
        else
            WriteAvro(ref writer.Avro, value);
    }

    internal T Read(ref PatchReader reader) => reader.IsJson ? ReadJson(ref reader.Json) : ReadAvro(ref reader.Avro);
}
