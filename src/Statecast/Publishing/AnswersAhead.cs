using Statecast.Outbox;

namespace Statecast.Publishing;

/// <summary>
/// A chunk of an answer to one target, read before its transaction began and without locks. Each key's part is a head and a state whose fingerprints are that
/// head's: it is written where the head, under its lock, still is the one it was made of. What it is not good for is read again then.
/// </summary>
public sealed class AnswersAhead
{
    internal AnswersAhead(RepublishTask task, int maxKeys, IReadOnlyDictionary<string, AnswerAhead> answers) =>
        (Task, MaxKeys, Answers) = (task, maxKeys, answers);

    /// <summary>The request, at the place that is answered.</summary>
    internal RepublishTask Task { get; }

    /// <summary>The most heads that were walked.</summary>
    internal int MaxKeys { get; }

    /// <summary>Nothing was read.</summary>
    internal static IReadOnlyDictionary<string, AnswerAhead> None { get; } = new Dictionary<string, AnswerAhead>();

    /// <summary>By key; a key that is not in it is read under its lock.</summary>
    internal IReadOnlyDictionary<string, AnswerAhead> Answers { get; }
}

/// <summary>What says one key to one target.</summary>
/// <param name="Head">The head that it was made of.</param>
/// <param name="Rows">What is written.</param>
internal sealed record AnswerAhead(Head Head, IReadOnlyList<OutboxRow> Rows);
