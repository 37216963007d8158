using Statecast.Events;
using Statecast.Publishing;
using Statecast.Transport;

namespace Statecast.Consuming.Queues;

/// <summary>What a target asks its source for now.</summary>
/// <param name="Lane">The live lane.</param>
/// <param name="ReplyTo">Where the answer goes.</param>
/// <param name="Run">The run.</param>
/// <param name="Ranges">Its ranges.</param>
/// <param name="Repeated">Whether they were asked for before.</param>
/// <param name="Reason">Why there is a run, for people.</param>
internal sealed record RunQuestion(LaneId Lane, string ReplyTo, Guid Run, IReadOnlyList<BucketRange> Ranges, bool Repeated, string Reason)
{
    /// <summary>The question as it travels.</summary>
    public StateRequest ToRequest(Subscription subscription) =>
        new(Lane.Destination, [])
        {
            Target = subscription.Instance is { } instance ? $"{subscription.Target}.{instance}" : subscription.Target,
            ReplyTo = ReplyTo,
            Lane = Lane.Number,
            Run = Run,
            Ranges = Ranges,
            Reason = Reason,
        };
}
