using Statecast.Outbox;
using Statecast.Serialization;

namespace Statecast.Publishing;

/// <summary>The republisher's queue, as plain SQL inside a transaction. Stateless.</summary>
public interface IRepublishStore
{
    /// <summary>Adds a request.</summary>
    ValueTask QueueAsync(CaptureScope scope, RepublishRequest request);

    /// <summary>The oldest requests of some contracts, locked until the transaction ends; those that another transaction holds are passed over. The others' are other sources'.</summary>
    ValueTask<IReadOnlyList<RepublishTask>> NextAsync(CaptureScope scope, IReadOnlyCollection<string> contracts, int limit);

    /// <summary>Notes how far a request got.</summary>
    ValueTask AdvanceAsync(CaptureScope scope, long id, string cursor);

    /// <summary>Removes a finished request.</summary>
    ValueTask CompleteAsync(CaptureScope scope, long id);

    /// <summary>How many heads at or above revision 1 come after a key within a bucket range, in the order of <see cref="ICaptureStore.WalkAsync"/>.</summary>
    ValueTask<long> CountHeadsAsync(CaptureScope scope, string contract, string? after, int firstBucket, int lastBucket);

    /// <summary>What was published last time.</summary>
    IPublishedStore Published { get; }
}

/// <summary>A queued request.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Request">What was asked.</param>
/// <param name="Cursor">How far it got; null at its start.</param>
public sealed record RepublishTask(long Id, RepublishRequest Request, string? Cursor);
