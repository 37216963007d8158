using System.ComponentModel;
using System.Globalization;
using System.Text;

namespace Statecast.Contracts;

/// <summary>Builds the text form of a key part by part in a caller's buffer of <see cref="KeyText.MaxBytes"/> characters. Called by generated code.</summary>
/// <param name="buffer">At most this long becomes the text.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public ref struct KeyTextWriter(Span<char> buffer)
{
    private const string Hex = "0123456789ABCDEF";

    private readonly Span<char> _buffer = buffer;
    private int _length;
    private bool _hasPart;

    /// <summary>Adds a string part, percent-encoded.</summary>
    /// <exception cref="StateValueException">Null, empty, not valid Unicode, or the text gets too long.</exception>
    public void Add(string property, string? value)
    {
        if (string.IsNullOrEmpty(value))
            throw new StateValueException(property, "a key part must not be null or empty.");
        Separate(property);
        if (KeyText.IsUnreserved(value))
        {
            if (!value.TryCopyTo(_buffer[_length..]))
                throw TooLong(property);
            _length += value.Length;
            return;
        }
        Span<byte> utf8 = stackalloc byte[4];
        for (var rest = value.AsSpan(); rest.Length > 0; )
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var consumed) != System.Buffers.OperationStatus.Done)
                throw new StateValueException(property, "a key part must be valid Unicode; it holds a lone surrogate.");
            rest = rest[consumed..];
            if (rune.IsAscii && KeyText.IsUnreserved((char)rune.Value))
                Put(property, (char)rune.Value);
            else
                foreach (var b in utf8[..rune.EncodeToUtf8(utf8)])
                {
                    Put(property, '%');
                    Put(property, Hex[b >> 4]);
                    Put(property, Hex[b & 15]);
                }
        }
    }

    /// <summary>Adds a Guid part: lower-case, with hyphens.</summary>
    public void Add(string property, Guid value) => Format(property, value, "D");

    /// <summary>Adds a signed integer part.</summary>
    public void Add(string property, long value) => Format(property, value, default);

    /// <summary>Adds an unsigned 64-bit part.</summary>
    public void Add(string property, ulong value) => Format(property, value, default);

    /// <summary>Adds a date part: <c>2024-05-01</c>.</summary>
    public void Add(string property, DateOnly value) => Format(property, value, "O");

    /// <summary>The text form.</summary>
    public override readonly string ToString() => _buffer[.._length].ToString();

    internal static StateValueException TooLong(string property) =>
        new(property, $"the key's text form has more than {KeyText.MaxBytes} bytes. Choose a shorter key.");

    private void Format<T>(string property, T value, ReadOnlySpan<char> format)
        where T : ISpanFormattable
    {
        Separate(property);
        if (!value.TryFormat(_buffer[_length..], out var written, format, CultureInfo.InvariantCulture))
            throw TooLong(property);
        _length += written;
    }

    private void Separate(string property)
    {
        if (_hasPart)
            Put(property, '/');
        _hasPart = true;
    }

    private void Put(string property, char c)
    {
        if (_length == _buffer.Length)
            throw TooLong(property);
        _buffer[_length++] = c;
    }
}
