using System.ComponentModel;
using System.Globalization;
using System.Text;

namespace Statecast.Contracts;

/// <summary>Reads the text form of a key part by part. One value has one text form only: '%41' for 'A' would make two keys of one. Called by generated code.</summary>
/// <param name="text">The text form.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public ref struct KeyTextReader(string text)
{
    private static readonly UTF8Encoding Strict = new(false, true);

    private readonly string _text = text;
    private int _next;

    /// <summary>Reads a string part.</summary>
    /// <exception cref="FormatException">There is no part, or it is not the text form of any value.</exception>
    public string ReadString()
    {
        var part = Next();
        if (KeyText.IsUnreserved(part))
            return part.Length == _text.Length ? _text : part.ToString();
        Span<byte> bytes = stackalloc byte[KeyText.MaxBytes];
        var length = Unescape(part, bytes);
        try
        {
            return Strict.GetString(bytes[..length]);
        }
        catch (DecoderFallbackException)
        {
            throw Malformed("its bytes are not UTF-8");
        }
    }

    /// <summary>Reads a Guid part.</summary>
    /// <exception cref="FormatException">There is no part, or it is no Guid in its one text form.</exception>
    public Guid ReadGuid()
    {
        var part = Next();
        Span<char> canonical = stackalloc char[36];
        return Guid.TryParseExact(part, "D", out var value) && value.TryFormat(canonical, out _) && part.SequenceEqual(canonical)
            ? value
            : throw Malformed("a Guid in lower case with hyphens is expected");
    }

    /// <summary>Reads a signed integer part within bounds.</summary>
    /// <exception cref="FormatException">There is no part, or it is no such integer in its one text form.</exception>
    public long ReadInt64(long min, long max)
    {
        var part = Next();
        return
            long.TryParse(part, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && value >= min
            && value <= max
            && IsCanonical(part, value)
            ? value
            : throw Malformed(string.Create(CultureInfo.InvariantCulture, $"an integer from {min} to {max} is expected"));
    }

    /// <summary>Reads an unsigned 64-bit part.</summary>
    /// <exception cref="FormatException">There is no part, or it is no such integer in its one text form.</exception>
    public ulong ReadUInt64()
    {
        var part = Next();
        return ulong.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && IsCanonical(part, value)
            ? value
            : throw Malformed("an unsigned integer is expected");
    }

    /// <summary>Reads a date part.</summary>
    /// <exception cref="FormatException">There is no part, or it is no date.</exception>
    public DateOnly ReadDateOnly() =>
        DateOnly.TryParseExact(Next(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var value)
            ? value
            : throw Malformed("a date like 2024-05-01 is expected");

    /// <summary>Reads a part that is one of an enum's symbols.</summary>
    public ReadOnlySpan<char> ReadSymbol() => Next();

    /// <summary>Checks that nothing is left.</summary>
    /// <exception cref="FormatException">The text has more parts.</exception>
    public readonly void End()
    {
        if (_next <= _text.Length)
            throw Malformed("it has more parts than the key");
    }

    /// <summary>The exception for this text.</summary>
    public readonly FormatException Malformed(string reason) => new($"'{_text}' is no key of this contract: {reason}.");

    private ReadOnlySpan<char> Next()
    {
        if (_text.Length > KeyText.MaxBytes)
            throw new FormatException($"'{_text[..32]}…' is no key of this contract: it has more than {KeyText.MaxBytes} bytes.");
        if (_next > _text.Length)
            throw Malformed("it has fewer parts than the key");
        var rest = _text.AsSpan(_next);
        var length = rest.IndexOf('/');
        if (length < 0)
            length = rest.Length;
        _next += length + 1;
        return length > 0 ? rest[..length] : throw Malformed("a part is empty");
    }

    private readonly int Unescape(ReadOnlySpan<char> part, Span<byte> bytes)
    {
        var length = 0;
        for (var i = 0; i < part.Length; i++)
        {
            if (part[i] != '%')
            {
                if (!KeyText.IsUnreserved(part[i]))
                    throw Malformed("it holds a character that must be percent-encoded");
                bytes[length++] = (byte)part[i];
                continue;
            }
            if (i + 2 >= part.Length || Nibble(part[i + 1]) is not (>= 0 and var high) || Nibble(part[i + 2]) is not (>= 0 and var low))
                throw Malformed("an escape is not '%' and two upper-case hexadecimal digits");
            var b = (byte)(high << 4 | low);
            if (b < 0x80 && KeyText.IsUnreserved((char)b))
                throw Malformed("it escapes a character that needs none");
            bytes[length++] = b;
            i += 2;
        }
        return length;
    }

    private static int Nibble(char c) =>
        c switch
        {
            >= '0' and <= '9' => c - '0',
            >= 'A' and <= 'F' => c - 'A' + 10,
            _ => -1,
        };

    private static bool IsCanonical<T>(ReadOnlySpan<char> part, T value)
        where T : ISpanFormattable
    {
        Span<char> canonical = stackalloc char[20];
        return value.TryFormat(canonical, out var written, default, CultureInfo.InvariantCulture)
            && part.SequenceEqual(canonical[..written]);
    }
}
