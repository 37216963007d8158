using System.Globalization;

namespace Statecast.Serialization;

/// <summary>Decimals without rounding: their digits at a declared scale, or a refusal.</summary>
internal static class ExactDecimal
{
    private static readonly UInt128[] Powers = MakePowers();

    // Those that a 64-bit number can reach; the last stands for all above it.
    private static readonly ulong[] NarrowPowers = [.. Powers.Select(p => p > ulong.MaxValue ? ulong.MaxValue : (ulong)p)];

    /// <summary>The signed digits of a value at a scale; false if it has more digits than the scale or the precision allows.</summary>
    public static bool TryUnscale(decimal value, int precision, int scale, out Int128 unscaled)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var valueScale = (bits[3] >> 16) & 0xFF;
        if (IsPlain(bits, valueScale, precision, scale, out var plain))
        {
            unscaled = bits[3] < 0 ? -(Int128)plain : plain;
            return true;
        }
        var digits = new UInt128((uint)bits[2], ((ulong)(uint)bits[1] << 32) | (uint)bits[0]);
        unscaled = 0;
        if (valueScale < scale)
        {
            // Compared before it is multiplied: the product could need more than 128 bits.
            if (digits >= Powers[precision - (scale - valueScale)])
                return false;
            digits *= Powers[scale - valueScale];
        }
        else if (valueScale > scale)
        {
            (digits, var rest) = UInt128.DivRem(digits, Powers[valueScale - scale]);
            if (rest != 0)
                return false;
        }
        if (digits >= Powers[precision])
            return false;
        unscaled = bits[3] < 0 ? -(Int128)digits : (Int128)digits;
        return true;
    }

    /// <summary>The digits, without the sign, of a value that has the scale already and fits 64 bits; false for all others, whether they fit the precision or not.</summary>
    public static bool TryPlain(decimal value, int precision, int scale, out ulong digits)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        return IsPlain(bits, (bits[3] >> 16) & 0xFF, precision, scale, out digits);
    }

    /// <summary>The same, where it needs no more than a look at the bits: at the declared scale already, and within 64 bits. False says nothing.</summary>
    public static bool TryUnscaleNarrow(decimal value, int precision, int scale, out long unscaled)
    {
        var plain = TryPlain(value, precision, scale, out var digits) && digits <= long.MaxValue;
        unscaled = decimal.IsNegative(value) ? -(long)digits : (long)digits;
        return plain;
    }

    /// <summary>The value of signed 64-bit digits at a scale; false if they are more than the precision allows.</summary>
    public static bool TryMake(long unscaled, int precision, int scale, out decimal value)
    {
        var digits = unscaled < 0 ? 0 - (ulong)unscaled : (ulong)unscaled;
        value = new decimal((int)digits, (int)(digits >> 32), 0, unscaled < 0, (byte)scale);
        return digits < NarrowPowers[precision] || NarrowPowers[precision] == ulong.MaxValue;
    }

    /// <summary>The value with exactly the declared scale: equal numbers get equal digits (<c>1.5</c> becomes <c>1.50</c>, <c>-0</c> becomes <c>0.00</c>).</summary>
    public static bool TryRescale(decimal value, int precision, int scale, out decimal rescaled)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        if (IsPlain(bits, (bits[3] >> 16) & 0xFF, precision, scale, out var plain) && plain != 0)
        {
            rescaled = value;
            return true;
        }
        var fits = TryUnscale(value, precision, scale, out var unscaled);
        rescaled = fits ? Make(unscaled, scale) : 0;
        return fits;
    }

    /// <summary>Reads a JSON number of any length and exponent; false if it is not exactly a decimal of this precision and scale.</summary>
    public static bool TryParse(ReadOnlySpan<byte> number, int precision, int scale, out decimal value)
    {
        value = 0;
        var negative = number is [(byte)'-', ..];
        UInt128 digits = 0;
        var zeros = 0; // digits '0' not yet taken into account: they may be trailing
        long exponent = 0;
        var point = false;
        var i = negative ? 1 : 0;
        for (; i < number.Length && number[i] is not ((byte)'e' or (byte)'E'); i++)
        {
            if (number[i] == '.')
            {
                point = true;
                continue;
            }
            if (point)
                exponent--;
            if (number[i] == '0')
            {
                zeros++;
                continue;
            }
            if (digits == 0)
                zeros = 0;
            if (zeros >= Powers.Length || digits >= Powers[^1] / Powers[Math.Min(zeros + 1, Powers.Length - 1)])
                return false;
            digits = digits * Powers[zeros] * 10 + (UInt128)(number[i] - '0');
            zeros = 0;
        }
        if (digits == 0)
        {
            value = Make(0, scale);
            return true;
        }
        exponent += zeros;
        if (i < number.Length)
        {
            if (!int.TryParse(number[(i + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var given))
                return false;
            exponent += given;
        }
        // The digits end in no zero: a scale below the value's own would lose some.
        var shift = exponent + scale;
        if (shift < 0 || shift > precision || digits >= Powers[precision - (int)shift])
            return false;
        digits *= Powers[(int)shift];
        value = Make(negative ? -(Int128)digits : (Int128)digits, scale);
        return true;
    }

    /// <summary>The value of signed digits at a scale; false if they are more than the precision allows.</summary>
    public static bool TryMake(Int128 unscaled, int precision, int scale, out decimal value)
    {
        value = 0;
        if (unscaled == Int128.MinValue || (UInt128)(unscaled < 0 ? -unscaled : unscaled) >= Powers[precision])
            return false;
        value = Make(unscaled, scale);
        return true;
    }

    // Nearly all values: at the declared scale already, and with digits of 64 bits. UInt128's arithmetic costs several times as much.
    private static bool IsPlain(ReadOnlySpan<int> bits, int valueScale, int precision, int scale, out ulong digits)
    {
        digits = ((ulong)(uint)bits[1] << 32) | (uint)bits[0];
        return bits[2] == 0 && valueScale == scale && digits < NarrowPowers[precision];
    }

    private static decimal Make(Int128 unscaled, int scale)
    {
        var digits = (UInt128)(unscaled < 0 ? -unscaled : unscaled);
        var low = (ulong)digits;
        return new decimal((int)low, (int)(low >> 32), (int)(digits >> 64), unscaled < 0, (byte)scale);
    }

    private static UInt128[] MakePowers()
    {
        var powers = new UInt128[ValueDomain.MaxPrecision + 2];
        powers[0] = 1;
        for (var i = 1; i < powers.Length; i++)
            powers[i] = powers[i - 1] * 10;
        return powers;
    }
}
