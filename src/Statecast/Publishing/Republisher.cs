using Statecast.Contracts;
using Statecast.Outbox;

namespace Statecast.Publishing;

/// <summary>What a chunk did.</summary>
/// <param name="Keys">The keys looked at; none for a step that only moved the queue on.</param>
/// <param name="Worked">Whether there was anything queued.</param>
/// <param name="PassedOver">Keys whose state cannot be published, each with its reason.</param>
public sealed record RepublishChunk(int Keys, bool Worked, IReadOnlyList<CaptureException> PassedOver)
{
    /// <summary>Nothing was queued.</summary>
    public static RepublishChunk None { get; } = new(0, false, []);

    /// <summary>Whether there is work that goes on as soon as the relay has sent what is there: it is worth looking again at once.</summary>
    public bool Waits { get; init; }
}

/// <summary>
/// Works off the republish queue, a chunk a transaction. A range walks the <b>heads</b> first, so that rows which are gone or match no more become
/// Delete, then the rows that have no head yet (protocol section 1). Resumable: the cursor moves in the chunk's own transaction.
/// A key whose state cannot be published is <b>withheld</b>: kept in the queue, tried again from time to time, and counted. No first republish ends
/// before it, so that no replica takes its absence for known.
/// </summary>
/// <param name="capture">Capture.</param>
/// <param name="store">The database's SQL.</param>
public sealed class Republisher(StateCapture capture, ICaptureStore store)
{
    // A cursor is a phase and where it stands in it; null is the start of the heads.
    private const char Heads = 'h';
    private const char Rows = 'r';

    // So many requests are looked at for one that may go on, however few keys a chunk has: what waits must not hide what does not.
    private const int TasksLookedAt = 1_000;

    private static readonly TimeSpan RetryWithheld = TimeSpan.FromSeconds(30);

    private readonly SnapshotRepublisher _snapshots = new(capture, store);
    private readonly OverdueStates _overdue = new(store.Republish, capture.Clock);
    private DateTimeOffset _retryAt = capture.Clock.GetUtcNow();
    private long _retriedTo;
    private bool _snapshotsNext = true;

    /// <summary>Does the next chunk. What answers one target is read before the transaction begins: whoever saves meanwhile waits for the writing alone.</summary>
    /// <param name="database">Where.</param>
    /// <param name="maxKeys">The most keys that are read under their locks; of what was read before it, twice as many are written.</param>
    /// <param name="ct">Ends it.</param>
    public async ValueTask<RepublishChunk> NextAsync(IRepublishDatabase database, int maxKeys, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxKeys, 1);
        var ahead = await database.ReadAsync(session => ReadAheadAsync(session, maxKeys), ct).ConfigureAwait(false);
        return await database.WriteAsync(session => ChunkAsync(session, maxKeys, ahead), ct).ConfigureAwait(false);
    }

    /// <summary>Does the next chunk inside the session's transaction, which the caller commits, and reads everything there.</summary>
    public ValueTask<RepublishChunk> ChunkAsync(IRepublishSession session, int maxKeys)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxKeys, 1);
        return ChunkAsync(session, maxKeys, null);
    }

    private async ValueTask<AnswersAhead?> ReadAheadAsync(IRepublishSession session, int maxKeys)
    {
        var tasks = await store.Republish.NextAsync(session.Scope, ContractsOf(session), TasksLookedAt).ConfigureAwait(false);
        var runs = RunsOf(tasks);
        return runs.Count > 0 && (_snapshotsNext || runs.Count == tasks.Count)
            ? await _snapshots.ReadAheadAsync(session, runs, maxKeys).ConfigureAwait(false)
            : null;
    }

    private async ValueTask<RepublishChunk> ChunkAsync(IRepublishSession session, int maxKeys, AnswersAhead? ahead)
    {
        // What others ask for is theirs: several sources may share a database.
        var tasks = await store.Republish.NextAsync(session.Scope, ContractsOf(session), TasksLookedAt).ConfigureAwait(false);
        var runs = RunsOf(tasks);
        if (runs.Count > 0)
            tasks = [.. tasks.Except(runs)];
        var answer = RepublishChunk.None;
        // In turns with what is said to all: neither holds up the other.
        if (runs.Count > 0 && (_snapshotsNext || tasks.Count == 0))
        {
            answer = await _snapshots.ChunkAsync(session, runs, maxKeys, ahead).ConfigureAwait(false) ?? answer;
            _snapshotsNext = !answer.Worked;
            if (answer.Worked)
                return answer;
        }
        _snapshotsNext = true;
        if (tasks.Count == 0)
        {
            var last = await RetryAsync(session, maxKeys).ConfigureAwait(false);
            if (!last.Worked)
                last = await SayOverdueAsync(session, maxKeys).ConfigureAwait(false);
            return last.Worked ? last : answer;
        }
        var first = tasks[0];
        var publication = session.Publications.First(p => p.Contract.Name == first.Request.Contract);
        if (first.Request.Key is not null)
            return await KeysAsync(session, publication, tasks, maxKeys).ConfigureAwait(false);
        return first.Cursor is [Rows, ..]
            ? await RowsAsync(session, publication, first, maxKeys).ConfigureAwait(false)
            : await HeadsAsync(session, publication, first, maxKeys).ConfigureAwait(false);
    }

    /// <summary>Counts what is queued; about, as writes go on.</summary>
    public async ValueTask<RepublishQueue> CountAsync(IRepublishSession session)
    {
        var backlog = await store.Republish.ReadBacklogAsync(session.Scope, ContractsOf(session)).ConfigureAwait(false);
        long? keys = backlog.Keys;
        foreach (var range in backlog.Ranges)
        {
            var publication = session.Publications.First(p => p.Contract.Name == range.Request.Contract);
            keys += await CountRangeAsync(session, publication, range).ConfigureAwait(false);
        }
        return new(backlog.Keys + backlog.Ranges.Count, keys, backlog.Withheld);
    }

    private static List<RepublishTask> RunsOf(IEnumerable<RepublishTask> tasks) =>
        [.. tasks.Where(t => SnapshotRun.TryParse(t.Request.Destination) is not null)];

    private static string[] ContractsOf(IRepublishSession session) => [.. session.Publications.Select(p => p.Contract.Name)];

    private async ValueTask<long?> CountRangeAsync(IRepublishSession session, Publication publication, RepublishTask task)
    {
        var (request, place) = (task.Request, task.Cursor is { Length: > 1 } cursor ? cursor[1..] : null);
        if (SnapshotRun.TryParse(request.Destination) is not null)
            return await store
                .Republish.CountHeadsAsync(
                    session.Scope,
                    request.Contract,
                    SnapshotCursor.Parse(task.Cursor)?.After,
                    request.FirstBucket,
                    request.LastBucket
                )
                .ConfigureAwait(false);
        if (task.Cursor is [Rows, ..])
            return await session.CountRowsAsync(publication, place).ConfigureAwait(false);
        var heads = await store
            .Republish.CountHeadsAsync(session.Scope, request.Contract, place, request.FirstBucket, request.LastBucket)
            .ConfigureAwait(false);
        return heads + await session.CountRowsAsync(publication, null).ConfigureAwait(false);
    }

    // Requests of single keys come in crowds (a log that is mended): those of one contract and destination go together.
    private async ValueTask<RepublishChunk> KeysAsync(
        IRepublishSession session,
        Publication publication,
        IReadOnlyList<RepublishTask> tasks,
        int maxKeys
    )
    {
        var first = tasks[0].Request;
        var together = tasks
            .TakeWhile(t => t.Request.Key is not null && t.Request.Contract == first.Contract && t.Request.Destination == first.Destination)
            .Take(maxKeys)
            .ToList();
        var keys = Sorted(together.Select(t => t.Request.Key!));
        // A key for one destination is one whose record there is to be mended; who asks for keys asks for all destinations.
        var passedOver = await CaptureAsync(session, publication, keys, first.Destination, isInLog: first.Destination is not null)
            .ConfigureAwait(false);
        // Not kept: the state was published before, or whoever asked is told.
        foreach (var task in together)
            await store.Republish.AdvanceAsync(session.Scope, task.Id, null).ConfigureAwait(false);
        return new(keys.Count, true, passedOver);
    }

    /// <summary>Tries again what is withheld, a chunk after the other, then rests.</summary>
    private async ValueTask<RepublishChunk> RetryAsync(IRepublishSession session, int maxKeys)
    {
        var now = capture.Clock.GetUtcNow();
        if (now < _retryAt)
            return RepublishChunk.None;
        var tasks = await store.Republish.NextAsync(session.Scope, ContractsOf(session), maxKeys, _retriedTo).ConfigureAwait(false);
        if (tasks.Count == 0)
        {
            (_retriedTo, _retryAt) = (0, now + RetryWithheld);
            return RepublishChunk.None;
        }
        _retriedTo = tasks[^1].Id;
        var mended = 0;
        foreach (var group in tasks.GroupBy(t => (t.Request.Contract, t.Request.Destination)))
            mended += await RetryAsync(session, [.. group]).ConfigureAwait(false);
        // What is still withheld was told when it was met first.
        return new(mended, true, []);
    }

    private async ValueTask<int> RetryAsync(IRepublishSession session, IReadOnlyList<RepublishTask> withheld)
    {
        var request = withheld[0].Request;
        var publication = session.Publications.First(p => p.Contract.Name == request.Contract);
        var keys = Sorted(withheld.Select(t => t.Request.Key!));
        var passedOver = await CaptureAsync(session, publication, keys, request.Destination).ConfigureAwait(false);
        var still = passedOver.Select(p => p.Key).ToHashSet(StringComparer.Ordinal);
        var mended = withheld.Where(t => !still.Contains(t.Request.Key!)).ToList();
        foreach (var task in mended)
            await store.Republish.AdvanceAsync(session.Scope, task.Id, null).ConfigureAwait(false);
        await SettleAsync(session, request).ConfigureAwait(false);
        return mended.Count;
    }

    private async ValueTask<RepublishChunk> SayOverdueAsync(IRepublishSession session, int maxKeys)
    {
        if (await _overdue.NextAsync(session, maxKeys).ConfigureAwait(false) is not var (publication, keys))
            return RepublishChunk.None;
        var passedOver = await CaptureAsync(session, publication, Sorted(keys), null).ConfigureAwait(false);
        return new(keys.Count, true, passedOver);
    }

    private async ValueTask<RepublishChunk> HeadsAsync(IRepublishSession session, Publication publication, RepublishTask task, int maxKeys)
    {
        var request = task.Request;
        var walked = await store
            .WalkAsync(session.Scope, request.Contract, task.Cursor?[1..], request.FirstBucket, request.LastBucket, maxKeys)
            .ConfigureAwait(false);
        var passedOver = await CaptureAsync(session, publication, Sorted(walked.Select(h => h.Key)), request.Destination)
            .ConfigureAwait(false);
        await WithholdAsync(session, request, passedOver).ConfigureAwait(false);
        var next = walked.Count < maxKeys ? $"{Rows}" : $"{Heads}{walked[^1].Key}";
        await store.Republish.AdvanceAsync(session.Scope, task.Id, next).ConfigureAwait(false);
        return new(walked.Count, true, passedOver);
    }

    private async ValueTask<RepublishChunk> RowsAsync(IRepublishSession session, Publication publication, RepublishTask task, int maxKeys)
    {
        var request = task.Request;
        var after = task.Cursor!.Length > 1 ? task.Cursor[1..] : null;
        var page = await session.ReadRowsAsync(publication, after, maxKeys).ConfigureAwait(false);
        var keys = Sorted(page.Keys.Where(k => KeyText.Bucket(k) is var b && b >= request.FirstBucket && b <= request.LastBucket));
        var unpublished = new List<string>();
        if (keys.Count > 0)
        {
            var locked = await store.LockAsync(session.Scope, [new(request.Contract, keys)]).ConfigureAwait(false);
            for (var i = 0; i < keys.Count; i++)
                if (locked.Heads[i].Revision == 0)
                    unpublished.Add(keys[i]);
        }
        var passedOver = await CaptureAsync(session, publication, unpublished, request.Destination).ConfigureAwait(false);
        await WithholdAsync(session, request, passedOver).ConfigureAwait(false);
        if (page.Next is not null)
            await store.Republish.AdvanceAsync(session.Scope, task.Id, $"{Rows}{page.Next}").ConfigureAwait(false);
        else
            await EndAsync(session, task).ConfigureAwait(false);
        return new(page.Keys.Count, true, passedOver);
    }

    private async ValueTask EndAsync(IRepublishSession session, RepublishTask task)
    {
        await store.Republish.AdvanceAsync(session.Scope, task.Id, null).ConfigureAwait(false);
        if (task.Request.IsOfAll)
            await SettleAsync(session, task.Request).ConfigureAwait(false);
    }

    private async ValueTask WithholdAsync(IRepublishSession session, RepublishRequest range, IReadOnlyList<CaptureException> passedOver)
    {
        if (passedOver.Count == 0)
            return;
        var requests = passedOver.Select(p => RepublishRequest.Of(range.Contract, p.Key, range.Destination, range.Reason));
        await store.Republish.QueueAsync(session.Scope, [.. requests], RepublishTask.Withheld).ConfigureAwait(false);
    }

    // A destination's first republish has ended when nothing is left of it: no later range, which says that more is missing than this one knew, and
    // no key that could not be published.
    private async ValueTask SettleAsync(IRepublishSession session, RepublishRequest request)
    {
        if (request.Destination is null)
            return;
        var left = await store.Republish.ReadBacklogAsync(session.Scope, [request.Contract]).ConfigureAwait(false);
        if (left.Withheld > 0 || left.Ranges.Any(t => t.Request.Destination == request.Destination))
            return;
        foreach (var published in await store.Republish.Published.ReadAsync(session.Scope).ConfigureAwait(false))
            if (published.Destination == request.Destination && !published.FirstRepublishEnded)
                await store
                    .Republish.Published.WriteAsync(session.Scope, published with { FirstRepublishEnded = true })
                    .ConfigureAwait(false);
    }

    private async ValueTask<IReadOnlyList<CaptureException>> CaptureAsync(
        IRepublishSession session,
        Publication publication,
        IReadOnlyList<string> keys,
        string? destination,
        bool isInLog = false
    ) =>
        keys.Count == 0
            ? []
            : await capture
                .RepublishAsync(store, session.Scope, session.Select(publication, keys), destination, isInLog)
                .ConfigureAwait(false);

    private static List<string> Sorted(IEnumerable<string> keys)
    {
        var sorted = keys.Distinct(StringComparer.Ordinal).ToList();
        sorted.Sort(StringComparer.Ordinal);
        return sorted;
    }
}
