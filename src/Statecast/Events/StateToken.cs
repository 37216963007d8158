using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Statecast.Events;

/// <summary>Names one captured state, so that a reader can wait for its own write. Valid once its transaction committed.</summary>
/// <param name="Contract">The contract's name.</param>
/// <param name="Key">The text form of the key.</param>
/// <param name="Revision">Epoch and revision.</param>
public sealed record StateToken(string Contract, string Key, StateRevision Revision)
{
    /// <summary>Reads the text form; null for null, empty or malformed text, so that a client's stale token never fails a request.</summary>
    public static StateToken? ParseOrNone(string? text) => TryParse(text, out var token) ? token : null;

    /// <summary>Reads the text form.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out StateToken? token)
    {
        token = null;
        var parts = text?.Split('~');
        if (parts is not [{ Length: > 0 } contract, { Length: > 0 } key, var epoch, var number])
            return false;
        if (
            !long.TryParse(epoch, NumberStyles.None, CultureInfo.InvariantCulture, out var e)
            || !long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
        )
            return false;
        // '~' is unreserved, so the key's text form may hold it: it travels as %7E, which that form never holds.
        token = new(contract, key.Replace("%7E", "~", StringComparison.Ordinal), new(e, n));
        return true;
    }

    /// <summary>The text form: ASCII, safe in a header or a query string.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Contract}~{Key.Replace("~", "%7E", StringComparison.Ordinal)}~{Revision.Epoch}~{Revision.Number}"
        );
}
