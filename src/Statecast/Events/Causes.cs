namespace Statecast.Events;

/// <summary>Causes travel as one text, joined by commas: a cause is a short name that the code changing the state gives.</summary>
public static class Causes
{
    /// <summary>The most characters of joined causes; older ones are dropped first.</summary>
    public const int MaxLength = 512;

    /// <summary>Checks one cause.</summary>
    /// <exception cref="ArgumentException">Empty, longer than 100 characters, or with a comma or control character.</exception>
    public static string Check(string cause)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(cause);
        if (cause.Length > 100)
            throw new ArgumentException($"A cause has at most 100 characters; '{cause[..20]}…' has {cause.Length}.", nameof(cause));
        foreach (var c in cause)
            if (c == ',' || char.IsControl(c))
                throw new ArgumentException($"The cause '{cause}' holds a comma or a control character.", nameof(cause));
        return cause;
    }

    /// <summary>Joins older and newer causes, each name once, in the order first given; the oldest fall out beyond <see cref="MaxLength"/>.</summary>
    public static string? Join(string? older, string? newer)
    {
        if (string.IsNullOrEmpty(older))
            return newer;
        if (string.IsNullOrEmpty(newer) || older == newer)
            return older;
        var names = Split(older).Concat(Split(newer)).Distinct(StringComparer.Ordinal).ToList();
        while (names.Count > 1 && names.Sum(n => n.Length + 1) - 1 > MaxLength)
            names.RemoveAt(0);
        return string.Join(',', names);
    }

    /// <summary>The single causes.</summary>
    public static IReadOnlyList<string> Split(string? causes) => string.IsNullOrEmpty(causes) ? [] : causes.Split(',');
}
