using System.Buffers;
using System.Text.Json;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Json;

namespace Statecast.Serialization.Patches;

/// <summary>A thread's memory for comparing values and measuring edits: writing a patch allocates nothing once it has grown.</summary>
internal sealed class PatchScratch
{
    // A rare giant state must not hold its memory for ever.
    private const int MaxKept = 1 << 20;

    [ThreadStatic]
    private static PatchScratch? _current;

    private readonly ArrayBufferWriter<byte> _compared = new(4096);
    private readonly ArrayBufferWriter<byte> _probed = new(4096);
    private readonly Utf8JsonWriter _json;

    private PatchScratch() => _json = new(_probed, JsonStateCodec.WriterOptions);

    /// <summary>This thread's.</summary>
    public static PatchScratch Current
    {
        get
        {
            if (_current is null || _current._compared.Capacity > MaxKept || _current._probed.Capacity > MaxKept)
                _current = new();
            return _current;
        }
    }

    /// <summary>What the last probe wrote.</summary>
    public ReadOnlySpan<byte> Probed => _probed.WrittenSpan;

    /// <summary>
    /// Whether two values differ as the content fingerprint sees them: by their Avro encoding. So what no patch holds is exactly what no fingerprint
    /// sees, whatever C# thinks of the two (<c>1.5m</c> and <c>1.50m</c>, instants within a microsecond, an array not made and an empty one).
    /// </summary>
    public bool Differs<T>(PatchCodec<T> codec, T before, T after)
    {
        if (!typeof(T).IsValueType && ReferenceEquals(before, after))
            return false;
        _compared.ResetWrittenCount();
        var writer = new AvroWriter(_compared);
        codec.WriteAvro(ref writer, before);
        writer.Flush();
        var length = _compared.WrittenCount;
        codec.WriteAvro(ref writer, after);
        writer.Flush();
        var written = _compared.WrittenSpan;
        return !written[..length].SequenceEqual(written[length..]);
    }

    /// <summary>A writer whose output is only measured.</summary>
    public PatchWriter BeginProbe(bool isJson)
    {
        _probed.ResetWrittenCount();
        if (!isJson)
            return new(_probed, this);
        _json.Reset(_probed);
        return new(_json, this);
    }

    /// <summary>The bytes that were written to it.</summary>
    public int EndProbe(ref PatchWriter probe)
    {
        probe.Flush();
        return _probed.WrittenCount;
    }
}
