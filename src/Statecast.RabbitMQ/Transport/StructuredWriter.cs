using System.Buffers;
using System.Text;
using System.Text.Json;
using Statecast.Events;

namespace Statecast.RabbitMQ.Transport;

/// <summary>Writes CloudEvents as JSON objects (<see cref="StructuredEvent"/>), one after the other, with one buffer for all. For one thread at a time.</summary>
internal sealed class StructuredWriter : ICloudEventSink, IDisposable
{
    private static readonly JsonWriterOptions Writing = new() { SkipValidation = true };
    private readonly ArrayBufferWriter<byte> _buffer = new(4_096);
    private readonly Utf8JsonWriter _json;
    private string? _id;

    public StructuredWriter() => _json = new(_buffer, Writing);

    /// <summary>Writes an event.</summary>
    /// <returns>Its id, and the object in memory of its own.</returns>
    public (string Id, ReadOnlyMemory<byte> Body) Write(StateEvent e, string contentType, ReadOnlyMemory<byte> data, bool isJson)
    {
        _buffer.ResetWrittenCount();
        _json.Reset();
        _json.WriteStartObject();
        CloudEventAttributes.Write(e, contentType, this);
        if (!e.IsDelete)
            WriteData(data.Span, isJson);
        _json.WriteEndObject();
        _json.Flush();
        return (_id!, _buffer.WrittenSpan.ToArray());
    }

    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        // Made of a hash: the message is called the same.
        if (name.SequenceEqual("id"u8))
            _id = Encoding.ASCII.GetString(value);
        _json.WriteString(name, value);
    }

    public void Add(ReadOnlySpan<byte> name, string value) => _json.WriteString(name, value);

    public void Dispose() => _json.Dispose();

    private void WriteData(ReadOnlySpan<byte> data, bool isJson)
    {
        if (isJson && IsJson(data))
        {
            _json.WritePropertyName("data"u8);
            _json.WriteRawValue(data, skipInputValidation: true);
        }
        else
            _json.WriteBase64String("data_base64"u8, data);
    }

    // What stands raw in an object must not break it.
    private static bool IsJson(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty || !"{[\"-0123456789tfn \t\r\n"u8.Contains(data[0]))
            return false;
        try
        {
            var json = new Utf8JsonReader(data, StructuredEvent.Reading);
            while (json.Read()) { }
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
