using System.Globalization;
using Statecast.Events;

namespace Statecast.Sqlite.Replicas;

/// <summary>
/// The causes that a pending change joined, by revision. When a handler finishes with an older state than the newest, the causes of that state and of
/// those before it are done with; only the later ones stay. One line per revision, as text: <c>epoch:number causes</c>.
/// </summary>
internal static class PendingSteps
{
    /// <summary>Beyond this the two oldest lines are joined: a cause may then be told twice, never lost.</summary>
    private const int MaxLines = 32;

    /// <summary>The steps after a newer state came.</summary>
    /// <param name="steps">The steps so far; null while there is one state only.</param>
    /// <param name="older">The state that was pending.</param>
    /// <param name="olderCauses">Its causes.</param>
    /// <param name="newer">The state that came.</param>
    /// <param name="newerCauses">Its causes.</param>
    public static string Add(string? steps, StateRevision older, string? olderCauses, StateRevision newer, string? newerCauses)
    {
        var lines = steps is null ? [Line(older, olderCauses)] : steps.Split('\n').ToList();
        lines.Add(Line(newer, newerCauses));
        if (lines.Count > MaxLines)
        {
            var (_, first) = Parse(lines[0]);
            var (revision, second) = Parse(lines[1]);
            lines[1] = Line(revision, Causes.Join(first, second));
            lines.RemoveAt(0);
        }
        return string.Join('\n', lines);
    }

    /// <summary>What is left once everything up to a revision is done with: the joined causes and the remaining steps.</summary>
    public static (string? Causes, string? Steps) After(string? steps, StateRevision done)
    {
        if (steps is null)
            return (null, null);
        var lines = steps.Split('\n').Where(line => Parse(line).Revision > done).ToList();
        var causes = lines.Aggregate((string?)null, (joined, line) => Causes.Join(joined, Parse(line).Causes));
        return (causes, lines.Count > 1 ? string.Join('\n', lines) : null);
    }

    private static string Line(StateRevision revision, string? causes) => $"{revision} {causes}";

    private static (StateRevision Revision, string? Causes) Parse(string line)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        var epoch = long.Parse(line.AsSpan(0, colon), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var number = long.Parse(line.AsSpan(colon + 1, space - colon - 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return (new(epoch, number), space + 1 < line.Length ? line[(space + 1)..] : null);
    }
}
