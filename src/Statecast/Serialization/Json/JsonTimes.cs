using System.Buffers.Text;
using System.Globalization;

namespace Statecast.Serialization.Json;

/// <summary>The texts of durations (XML Schema's <c>dayTimeDuration</c>: ISO 8601 with a sign, without years and months) and of times of day.</summary>
internal static class JsonTimes
{
    /// <summary>The longest text of either: <c>-P10675199DT23H59M59.999999S</c>.</summary>
    public const int MaxLength = 32;

    private const long PerSecond = 1_000_000;
    private const long PerMinute = 60 * PerSecond;
    private const long PerHour = 60 * PerMinute;
    private const long PerDay = 24 * PerHour;

    // Digits of one number: whatever its unit, the sum of four such stays far within 128 bits.
    private const int MaxDigits = 18;

    /// <summary>Writes a duration in its one shortest form, for example <c>PT0S</c>, <c>-P1DT2H0.5S</c>; returns the length.</summary>
    public static int WriteDuration(Span<byte> text, long micros)
    {
        var length = 0;
        if (micros < 0)
            text[length++] = (byte)'-';
        text[length++] = (byte)'P';
        var rest = Math.Abs(micros);
        length += WriteNumber(text[length..], ref rest, PerDay, 'D');
        if (rest > 0 || micros == 0)
            text[length++] = (byte)'T';
        length += WriteNumber(text[length..], ref rest, PerHour, 'H');
        length += WriteNumber(text[length..], ref rest, PerMinute, 'M');
        if (rest == 0 && micros != 0)
            return length;
        Utf8Formatter.TryFormat(rest / PerSecond, text[length..], out var written);
        length += written;
        length += WriteFraction(text[length..], rest % PerSecond);
        text[length++] = (byte)'S';
        return length;
    }

    /// <summary>Reads a duration; digits beyond microseconds are cut, as at capture.</summary>
    public static bool TryReadDuration(ReadOnlySpan<byte> text, out long micros)
    {
        micros = 0;
        var negative = text is [(byte)'-', ..];
        if (negative)
            text = text[1..];
        if (text is not [(byte)'P', _, ..])
            return false;
        text = text[1..];
        Int128 sum = 0;
        if (text[0] != 'T' && !TryReadNumber(ref text, 'D', PerDay, ref sum))
            return false;
        if (text.Length > 0)
        {
            if (text is not [(byte)'T', _, ..])
                return false;
            text = text[1..];
            TryReadNumber(ref text, 'H', PerHour, ref sum);
            TryReadNumber(ref text, 'M', PerMinute, ref sum);
            if (text.Length > 0 && !TryReadSeconds(text, ref sum))
                return false;
        }
        if (sum > TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMicrosecond)
            return false;
        micros = negative ? -(long)sum : (long)sum;
        return true;
    }

    /// <summary>Writes a time of day: <c>HH:mm:ss[.ffffff]</c>, a fraction without trailing zeros; returns the length.</summary>
    public static int WriteTime(Span<byte> text, TimeOnly value)
    {
        value.TryFormat(text, out var length, "HH:mm:ss", CultureInfo.InvariantCulture);
        return length + WriteFraction(text[length..], value.Ticks / TimeSpan.TicksPerMicrosecond % PerSecond);
    }

    /// <summary>Reads a time of day; digits beyond microseconds are cut, as at capture.</summary>
    public static bool TryReadTime(ReadOnlySpan<byte> text, out TimeOnly value)
    {
        value = default;
        if (text.Length < 8 || text[2] != ':' || text[5] != ':')
            return false;
        if (!IsBelow(text, 24, out var hour) || !IsBelow(text[3..], 60, out var minute) || !IsBelow(text[6..], 60, out var second))
            return false;
        var fraction = 0L;
        if (text.Length > 8 && (text[8] != '.' || !TryReadFraction(text[9..], out fraction)))
            return false;
        value = new((hour * PerHour + minute * PerMinute + second * PerSecond + fraction) * TimeSpan.TicksPerMicrosecond);
        return true;
    }

    private static int WriteNumber(Span<byte> text, ref long rest, long unit, char letter)
    {
        var (count, left) = Math.DivRem(rest, unit);
        rest = left;
        if (count == 0)
            return 0;
        Utf8Formatter.TryFormat(count, text, out var length);
        text[length] = (byte)letter;
        return length + 1;
    }

    private static int WriteFraction(Span<byte> text, long micros)
    {
        if (micros == 0)
            return 0;
        var digits = 6;
        for (; micros % 10 == 0; micros /= 10)
            digits--;
        text[0] = (byte)'.';
        for (var i = digits; i > 0; i--, micros /= 10)
            text[i] = (byte)('0' + micros % 10);
        return digits + 1;
    }

    // Takes nothing unless the number is there with its letter.
    private static bool TryReadNumber(ref ReadOnlySpan<byte> text, char letter, long unit, ref Int128 sum)
    {
        if (!TryReadDigits(text, out var count, out var digits) || digits == text.Length || text[digits] != letter)
            return false;
        sum += (Int128)count * unit;
        text = text[(digits + 1)..];
        return true;
    }

    private static bool TryReadSeconds(ReadOnlySpan<byte> text, ref Int128 sum)
    {
        if (text[^1] != 'S' || !TryReadDigits(text, out var count, out var digits))
            return false;
        var fraction = 0L;
        if (digits < text.Length - 1 && (text[digits] != '.' || !TryReadFraction(text[(digits + 1)..^1], out fraction)))
            return false;
        sum += (Int128)count * PerSecond + fraction;
        return true;
    }

    private static bool TryReadFraction(ReadOnlySpan<byte> text, out long micros)
    {
        micros = 0;
        for (var i = 0; i < Math.Max(text.Length, 6); i++)
        {
            var digit = i < text.Length ? text[i] - '0' : 0;
            if (digit is < 0 or > 9)
                return false;
            if (i < 6)
                micros = micros * 10 + digit;
        }
        return text.Length > 0;
    }

    private static bool TryReadDigits(ReadOnlySpan<byte> text, out long value, out int digits)
    {
        value = 0;
        for (digits = 0; digits < text.Length && text[digits] is >= (byte)'0' and <= (byte)'9'; digits++)
        {
            if (digits == MaxDigits)
                return false;
            value = value * 10 + (text[digits] - '0');
        }
        return digits > 0;
    }

    private static bool IsBelow(ReadOnlySpan<byte> text, int limit, out int value)
    {
        value = (text[0] - '0') * 10 + (text[1] - '0');
        return text[0] is >= (byte)'0' and <= (byte)'9' && text[1] is >= (byte)'0' and <= (byte)'9' && value < limit;
    }
}
