using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using Statecast.Contracts;
using Statecast.Serialization.Patches;

namespace Statecast.Serialization.Json;

/// <summary>
/// States as JSON: camelCase names, enums by their declared names, instants in ISO 8601 and UTC, decimals as exact numbers, bytes as base64,
/// nulls written. Reading is strict about what could be read in two ways (duplicate names, wrong types, trailing bytes) and ignores unknown fields.
/// </summary>
public sealed class JsonStateCodec : IStateCodec
{
    /// <summary>The nesting that is read at most.</summary>
    public const int MaxDepth = 64;

    /// <summary>The most bytes of a body that is read, unless given: the default limit of an event.</summary>
    public const int DefaultMaxBodyBytes = 900 * 1024;

    internal static readonly JsonWriterOptions WriterOptions = new()
    {
        // Text is JSON's own business only: what must be escaped for HTML is escaped by who makes HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = MaxDepth,
        SkipValidation = true,
    };

    [ThreadStatic]
    private static Utf8JsonWriter? _cached;

    private readonly int _maxBodyBytes;

    /// <summary>A codec.</summary>
    /// <param name="maxBodyBytes">The most bytes of a body that is read, default 900 KB.</param>
    public JsonStateCodec(int maxBodyBytes = DefaultMaxBodyBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxBodyBytes);
        _maxBodyBytes = maxBodyBytes;
    }

    /// <inheritdoc/>
    public string Name => "json";

    /// <inheritdoc/>
    public string ContentType => "application/json";

    /// <inheritdoc/>
    /// <remarks>If it throws, the destination may hold a part of the body. Allocates nothing besides what the destination does.</remarks>
    public void Encode<TState>(StateContract<TState> contract, TState state, IBufferWriter<byte> destination)
        where TState : class
    {
        var writer = Rent(destination);
        try
        {
            contract.WriteJson(writer, state);
            writer.Flush();
        }
        finally
        {
            Return(writer);
        }
    }

    /// <inheritdoc/>
    public TState Decode<TState>(StateContract<TState> contract, Fingerprint schema, ReadOnlyMemory<byte> body)
        where TState : class
    {
        var bytes = body.Span;
        var reader = Reader(bytes);
        try
        {
            var state = contract.ReadJson(ref reader);
            // Throws at anything but white space.
            reader.Read();
            return state;
        }
        catch (Exception defect) when (defect is not OutOfMemoryException)
        {
            throw Placed(bytes, reader.TokenStartIndex, defect);
        }
    }

    /// <inheritdoc/>
    public bool TryReadField<TState, TValue>(
        StateContract<TState> contract,
        StateField<TState, TValue> field,
        Fingerprint schema,
        ReadOnlyMemory<byte> body,
        [MaybeNullWhen(false)] out TValue value
    )
        where TState : class
        where TValue : notnull
    {
        var bytes = body.Span;
        var reader = Reader(bytes);
        try
        {
            if (JsonStateReader.FindProperty(ref reader, field.WireName))
                return field.OfJson(ref reader, out value);
        }
        catch (Exception defect) when (defect is not OutOfMemoryException)
        {
            throw Placed(bytes, reader.TokenStartIndex, defect);
        }
        // Written under an earlier name, or by an older version that did not have it: the whole is read by the rules for that.
        return field.TryGet(Decode(contract, schema, body), out value);
    }

    /// <inheritdoc/>
    /// <remarks>Allocates nothing besides what the destination does.</remarks>
    public bool TryEncodePatch<TState>(
        StateContract<TState> contract,
        TState before,
        TState after,
        int bodyBytes,
        IBufferWriter<byte> destination
    )
        where TState : class
    {
        var buffer = PooledBuffer.Take();
        var json = Rent(buffer);
        try
        {
            var writer = new PatchWriter(json);
            if (!contract.TryWritePatch(ref writer, before, after))
                return false;
            json.Flush();
            if (buffer.Written.Length >= bodyBytes)
                return false;
            destination.Write(buffer.Written);
            return true;
        }
        finally
        {
            Return(json);
            buffer.Return();
        }
    }

    /// <inheritdoc/>
    /// <remarks>Fields that the contract does not know are passed over, as in a full state.</remarks>
    public TState ApplyPatch<TState>(StateContract<TState> contract, TState before, Fingerprint schema, ReadOnlyMemory<byte> patch)
        where TState : class
    {
        var bytes = patch.Span;
        var reader = new PatchReader(Reader(bytes));
        try
        {
            var state = contract.ApplyPatch(ref reader, before);
            reader.Json.Read();
            return state;
        }
        catch (Exception defect) when (defect is not OutOfMemoryException)
        {
            throw Placed(bytes, reader.Json.TokenStartIndex, defect);
        }
    }

    private static Utf8JsonWriter Rent(IBufferWriter<byte> destination)
    {
        var writer = _cached;
        _cached = null;
        if (writer is null)
            return new(destination, WriterOptions);
        writer.Reset(destination);
        return writer;
    }

    private static void Return(Utf8JsonWriter writer)
    {
        // A thread must not keep a caller's buffer alive, nor what a failed write left unflushed.
        writer.Reset(NoBuffer.Instance);
        _cached = writer;
    }

    private Utf8JsonReader Reader(ReadOnlySpan<byte> bytes) =>
        bytes.Length <= _maxBodyBytes
            ? new(bytes, new JsonReaderOptions { MaxDepth = MaxDepth })
            : throw new StateFormatException(
                "$",
                -1,
                FormattableString.Invariant(
                    $"the body has {bytes.Length} bytes; at most {_maxBodyBytes} are read. Raise Statecast:Target:MaxBodyBytes, or what the codec was made with."
                )
            );

    private static StateFormatException Placed(ReadOnlySpan<byte> bytes, long offset, Exception defect)
    {
        switch (defect)
        {
            case StateFormatException format:
                return new(JsonPath.At(bytes, format.Offset), format.Offset, format.Reason);
            case JsonException json:
                offset = JsonPath.OffsetOf(bytes, json);
                return new(JsonPath.At(bytes, offset), offset, $"the JSON is malformed: {Reason(json)}", json);
            default:
                // A text that is no valid Unicode, or the contract's own constructor, which refuses a value in its own words.
                return new(JsonPath.At(bytes, offset), offset, $"the state cannot be made: {defect.Message}", defect);
        }
    }

    // The position is said in our own words, once.
    private static string Reason(JsonException defect)
    {
        var end = defect.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? defect.Message : defect.Message[..end];
    }

    private sealed class NoBuffer : IBufferWriter<byte>
    {
        public static NoBuffer Instance { get; } = new();

        public void Advance(int count) { }

        public Memory<byte> GetMemory(int sizeHint = 0) => throw new InvalidOperationException("Nothing may be written between two uses.");

        public Span<byte> GetSpan(int sizeHint = 0) => throw new InvalidOperationException("Nothing may be written between two uses.");
    }
}
