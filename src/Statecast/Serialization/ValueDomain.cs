using System.Buffers;
using System.ComponentModel;
using System.Globalization;
using System.Text;
using Statecast.Contracts;

namespace Statecast.Serialization;

/// <summary>
/// The one value domain of every codec: what a state may hold, and the one form in which it travels. Applied at capture, inside the source's
/// transaction. Called by generated code.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ValueDomain
{
    /// <summary>The most digits of a decimal: all that a <see cref="decimal"/> can hold whatever they are.</summary>
    public const int MaxPrecision = 28;

    /// <summary>A text: present, and valid Unicode.</summary>
    /// <exception cref="StateValueException">Null, or with a lone surrogate.</exception>
    public static string Text(string? value, string path)
    {
        if (value is null)
            throw Null(path);
        // Surrogates are rare: one vectorized look, and the exact one only if there are any.
        if (value.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') && !IsValid(value))
            throw new StateValueException(path, "the text holds a lone surrogate: it is no valid Unicode and cannot travel.");
        return value;
    }

    /// <summary>A value that must be there.</summary>
    /// <exception cref="StateValueException">Null.</exception>
    public static T Present<T>(T? value, string path)
        where T : class => value ?? throw Null(path);

    /// <summary>A floating-point number.</summary>
    /// <exception cref="StateValueException">NaN or infinite.</exception>
    public static double Finite(double value, string path) => double.IsFinite(value) ? value : throw NotFinite(path);

    /// <summary>A floating-point number.</summary>
    /// <exception cref="StateValueException">NaN or infinite.</exception>
    public static float Finite(float value, string path) => float.IsFinite(value) ? value : throw NotFinite(path);

    /// <summary>An instant in UTC, cut to microseconds: the offset does not travel.</summary>
    public static DateTime Instant(DateTimeOffset value) => Cut(value.UtcTicks);

    /// <summary>An instant in UTC, cut to microseconds; an unspecified one counts as UTC.</summary>
    /// <exception cref="StateValueException">A local time: it means another instant on another machine.</exception>
    public static DateTime Instant(DateTime value, string path) =>
        value.Kind == DateTimeKind.Local
            ? throw new StateValueException(path, "a local time cannot travel: convert it with ToUniversalTime(), or use DateTimeOffset.")
            : Cut(value.Ticks);

    /// <summary>Microseconds since 1970.</summary>
    public static long Micros(DateTimeOffset value) => Micros(value.UtcTicks);

    /// <summary>Microseconds since 1970; an unspecified instant counts as UTC.</summary>
    /// <exception cref="StateValueException">A local time: it means another instant on another machine.</exception>
    public static long Micros(DateTime value, string path) =>
        Micros(value.Kind == DateTimeKind.Local ? Instant(value, path).Ticks : value.Ticks);

    /// <summary>Days since 1970.</summary>
    public static int Days(DateOnly value) => value.DayNumber - UnixDayNumber;

    /// <summary>The date of days since 1970.</summary>
    internal static DateOnly Date(int days) => DateOnly.FromDayNumber(days + UnixDayNumber);

    /// <summary>A time of day, cut to microseconds.</summary>
    public static TimeOnly Cut(TimeOnly value) => new(value.Ticks - value.Ticks % TimeSpan.TicksPerMicrosecond);

    /// <summary>A duration, cut to microseconds towards zero.</summary>
    public static TimeSpan Cut(TimeSpan value) => new(value.Ticks - value.Ticks % TimeSpan.TicksPerMicrosecond);

    /// <summary>Microseconds since midnight: what is finer is cut.</summary>
    public static long Micros(TimeOnly value) => value.Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>Microseconds; what is finer is cut towards zero, so that a negated duration stays the other's negative.</summary>
    public static long Micros(TimeSpan value) => value.Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>The decimal's digits at the declared scale.</summary>
    /// <exception cref="StateValueException">It does not fit.</exception>
    public static Int128 Unscaled(decimal value, int precision, int scale, string path) =>
        ExactDecimal.TryUnscale(value, precision, scale, out var unscaled) ? unscaled : throw DoesNotFit(value, precision, scale, path);

    /// <summary>The decimal at exactly the declared scale.</summary>
    /// <exception cref="StateValueException">It does not fit.</exception>
    public static decimal Decimal(decimal value, int precision, int scale, string path) =>
        ExactDecimal.TryRescale(value, precision, scale, out var rescaled) ? rescaled : throw DoesNotFit(value, precision, scale, path);

    /// <summary>The exception for a number that is no member of an enum.</summary>
    public static StateValueException NoSymbol(string path, string enumName, long value) =>
        new(path, string.Create(CultureInfo.InvariantCulture, $"{value} is no member of {enumName}: only declared members travel."));

    /// <summary>The exception for an object that is no declared case of a closed hierarchy.</summary>
    public static StateValueException NoCase(string path, string hierarchy, object value) =>
        new(path, $"{value.GetType().Name} is no declared case of {hierarchy}: write [StateCase<{value.GetType().Name}>(\"…\")] on it.");

    private static readonly int UnixDayNumber = new DateOnly(1970, 1, 1).DayNumber;

    // Ticks count from the year 1, so they are never negative and cutting them is rounding down on both sides of 1970.
    private static DateTime Cut(long ticks) => new(ticks - ticks % TimeSpan.TicksPerMicrosecond, DateTimeKind.Utc);

    private static long Micros(long utcTicks) =>
        utcTicks / TimeSpan.TicksPerMicrosecond - DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerMicrosecond;

    private static bool IsValid(ReadOnlySpan<char> text)
    {
        while (text.Length > 0)
        {
            if (Rune.DecodeFromUtf16(text, out _, out var consumed) != OperationStatus.Done)
                return false;
            text = text[consumed..];
        }
        return true;
    }

    private static StateValueException Null(string path) => new(path, "the value is null; give it one, or declare the property nullable.");

    private static StateValueException NotFinite(string path) => new(path, "NaN and infinity cannot travel.");

    private static StateValueException DoesNotFit(decimal value, int precision, int scale, string path) =>
        new(
            path,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{value} does not fit [Decimal({precision}, {scale})]: at most {precision - scale} digits before and {scale} after the point. Round it, or widen the contract."
            )
        );
}
