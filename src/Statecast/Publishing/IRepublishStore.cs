using Statecast.Outbox;
using Statecast.Serialization;

namespace Statecast.Publishing;

/// <summary>The republisher's queue, as plain SQL inside a transaction. Stateless.</summary>
public interface IRepublishStore
{
    /// <summary>Adds requests.</summary>
    /// <param name="scope">The transaction.</param>
    /// <param name="requests">The requests.</param>
    /// <param name="cursor">Where they begin: null, or <see cref="RepublishTask.Withheld"/>.</param>
    ValueTask QueueAsync(CaptureScope scope, IReadOnlyList<RepublishRequest> requests, string? cursor = null);

    /// <summary>The oldest requests of some contracts, locked until the transaction ends; those that another transaction holds are passed over. The others' are other sources'.</summary>
    /// <param name="scope">The transaction.</param>
    /// <param name="contracts">The contracts.</param>
    /// <param name="limit">The most requests.</param>
    /// <param name="withheldAfter">Null for what is to be done; else of what is withheld (<see cref="RepublishTask.Withheld"/>) that after this id.</param>
    ValueTask<IReadOnlyList<RepublishTask>> NextAsync(
        CaptureScope scope,
        IReadOnlyCollection<string> contracts,
        int limit,
        long? withheldAfter = null
    );

    /// <summary>What is queued for some contracts.</summary>
    ValueTask<RepublishBacklog> ReadBacklogAsync(CaptureScope scope, IReadOnlyCollection<string> contracts);

    /// <summary>Notes how far a request got; null for a finished one, which is removed.</summary>
    ValueTask AdvanceAsync(CaptureScope scope, long id, string? cursor);

    /// <summary>How many heads at or above revision 1 come after a key within a bucket range, in the order of <see cref="ICaptureStore.WalkAsync"/>.</summary>
    ValueTask<long> CountHeadsAsync(CaptureScope scope, string contract, string? after, int firstBucket, int lastBucket);

    /// <summary>The heads of a contract whose last word was a patch, those longest without a full state first.</summary>
    /// <param name="scope">The transaction.</param>
    /// <param name="contract">The contract.</param>
    /// <param name="after">Null for the first page, else the last of the page before.</param>
    /// <param name="fullBefore">Only those whose last full state was captured before.</param>
    /// <param name="limit">The most heads.</param>
    ValueTask<IReadOnlyList<PatchedHead>> ReadPatchedAsync(
        CaptureScope scope,
        string contract,
        PatchedHead? after,
        DateTimeOffset fullBefore,
        int limit
    );

    /// <summary>What was published last time.</summary>
    IPublishedStore Published { get; }
}

/// <summary>A head with patches since its last full state.</summary>
/// <param name="FullAt">When the full state was captured, UTC, in microseconds.</param>
/// <param name="Key">The text form of the key.</param>
public readonly record struct PatchedHead(DateTimeOffset FullAt, string Key);

/// <summary>What is queued: single keys may come in crowds, ranges are few.</summary>
/// <param name="Keys">How many requests of single keys, without what is withheld.</param>
/// <param name="Withheld">How many keys are withheld.</param>
/// <param name="Ranges">The requests of ranges, the oldest first.</param>
public sealed record RepublishBacklog(long Keys, long Withheld, IReadOnlyList<RepublishTask> Ranges);

/// <summary>A queued request.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Request">What was asked.</param>
/// <param name="Cursor">How far it got; null at its start.</param>
public sealed record RepublishTask(long Id, RepublishRequest Request, string? Cursor)
{
    /// <summary>The cursor of a key whose state cannot be published: it is kept, and tried again from time to time.</summary>
    public const string Withheld = "w";
}
