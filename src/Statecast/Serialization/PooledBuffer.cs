using System.Buffers;

namespace Statecast.Serialization;

/// <summary>A growing buffer that is kept per thread between uses, so that encoding allocates nothing once it has grown.</summary>
internal sealed class PooledBuffer : IBufferWriter<byte>
{
    // A rare giant state must not hold its memory for ever.
    private const int MaxKept = 1 << 20;

    [ThreadStatic]
    private static PooledBuffer? _cached;

    private byte[] _bytes = new byte[4096];
    private int _written;

    /// <summary>What was written.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _written);

    /// <summary>Takes this thread's buffer, or a new one while that is in use further up the stack.</summary>
    public static PooledBuffer Take()
    {
        var buffer = _cached ?? new();
        _cached = null;
        buffer._written = 0;
        return buffer;
    }

    /// <summary>Gives it back.</summary>
    public void Return()
    {
        if (_bytes.Length <= MaxKept)
            _cached = this;
    }

    /// <inheritdoc/>
    public void Advance(int count) => _written += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _bytes.AsMemory(_written);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _bytes.AsSpan(_written);
    }

    private void Ensure(int sizeHint)
    {
        var needed = checked(_written + Math.Max(sizeHint, 1));
        if (needed > _bytes.Length)
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(needed, 2L * _bytes.Length)));
    }
}
