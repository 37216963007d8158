using Statecast.Contracts;
using Statecast.Events;
using Statecast.Outbox;

namespace Statecast.Publishing;

/// <summary>
/// Answers targets that ask for ranges of a run (protocol section 7): begin, with the live lane's counter, in a transaction of its own; then a row per head; then end. One
/// chunk after another, from the waiting targets in turns; a target whose lane is not sent off yet waits.
/// </summary>
/// <param name="capture">Capture.</param>
/// <param name="store">The database's SQL.</param>
internal sealed class SnapshotRepublisher(StateCapture capture, ICaptureStore store)
{
    /// <summary>A target's range is not walked on while so many of its rows wait to be sent.</summary>
    public const int MaxUnsent = 1_000;

    private string _last = "";

    /// <summary>Does the next chunk of some range that may go on.</summary>
    /// <returns>What it did; null if none may now.</returns>
    public async ValueTask<RepublishChunk?> ChunkAsync(IRepublishSession session, IReadOnlyList<RepublishTask> tasks, int maxKeys)
    {
        var published = await store.Republish.Published.ReadAsync(session.Scope).ConfigureAwait(false);
        var waits = false;
        foreach (var (task, run) in await InTurnAsync(session, tasks).ConfigureAwait(false))
        {
            if (RouteOf(session, task.Request, run) is not var (publication, route))
            {
                // The contract is not published there any more, or never was: who asked finds nothing to wait for.
                await store.Republish.AdvanceAsync(session.Scope, task.Id, null).ConfigureAwait(false);
                continue;
            }
            // Before, a key that the source has may lack its head.
            if (!published.Any(p => p.Carrier == run.Carrier && p.Destination == run.Live.Destination && p.FirstRepublishEnded))
                continue;
            var lane = await store.Republish.Published.ReadLaneAsync(session.Scope, run.Carrier, run.Lane, MaxUnsent).ConfigureAwait(false);
            if (lane.Unsent >= MaxUnsent)
            {
                waits = true;
                continue;
            }
            _last = run.Lane.ToString();
            return SnapshotCursor.Parse(task.Cursor) is { } cursor
                ? await WalkAsync(session, publication, route, (task, run, cursor), maxKeys).ConfigureAwait(false)
                : await BeginAsync(session, task, run).ConfigureAwait(false);
        }
        return waits ? RepublishChunk.None with { Waits = true } : null;
    }

    // Per target and lane the oldest; the one after the last that had its turn first. What was asked for twice is said once.
    private async ValueTask<IEnumerable<(RepublishTask, SnapshotRun)>> InTurnAsync(
        IRepublishSession session,
        IReadOnlyList<RepublishTask> tasks
    )
    {
        var seen = new HashSet<(string?, int)>();
        var oldest = new SortedDictionary<string, (RepublishTask, SnapshotRun)>(StringComparer.Ordinal);
        foreach (var task in tasks)
        {
            if (!seen.Add((task.Request.Destination, task.Request.FirstBucket)))
                await store.Republish.AdvanceAsync(session.Scope, task.Id, null).ConfigureAwait(false);
            else if (SnapshotRun.TryParse(task.Request.Destination) is { } run)
                oldest.TryAdd(run.Lane.ToString(), (task, run));
        }
        return oldest
            .Where(o => string.CompareOrdinal(o.Key, _last) > 0)
            .Concat(oldest.Where(o => string.CompareOrdinal(o.Key, _last) <= 0))
            .Select(o => o.Value);
    }

    // The counter is read, and the mark committed, before the range is: whatever comes into being later has a higher number.
    private async ValueTask<RepublishChunk> BeginAsync(IRepublishSession session, RepublishTask task, SnapshotRun run)
    {
        var live = await store.Republish.Published.ReadLaneAsync(session.Scope, run.Carrier, run.Live, 0).ConfigureAwait(false);
        var cursor = new SnapshotCursor(live.NextNumber - 1, null);
        await MarkAsync(session, task.Request, run, StateOperation.RangeBegin, cursor).ConfigureAwait(false);
        await store.Republish.AdvanceAsync(session.Scope, task.Id, cursor.ToString()).ConfigureAwait(false);
        return new(0, true, []);
    }

    private async ValueTask<RepublishChunk> WalkAsync(
        IRepublishSession session,
        Publication publication,
        Route route,
        (RepublishTask Task, SnapshotRun Run, SnapshotCursor Cursor) at,
        int maxKeys
    )
    {
        var (task, run, cursor) = at;
        var request = task.Request;
        var walked = await store
            .WalkAsync(session.Scope, request.Contract, cursor.After, request.FirstBucket, request.LastBucket, maxKeys)
            .ConfigureAwait(false);
        var keys = walked.Where(k => run.Concerns(k, route.Lanes)).Order(StringComparer.Ordinal).ToList();
        IReadOnlyList<CaptureException> passedOver =
            keys.Count == 0
                ? []
                : await capture.AnswerAsync(store, session.Scope, session.Select(publication, keys), run).ConfigureAwait(false);
        if (passedOver.Count > 0)
            // No end: the target must not take a key's absence for known. It asks again, until the state can be published.
            await store.Republish.AdvanceAsync(session.Scope, task.Id, null).ConfigureAwait(false);
        else if (walked.Count == maxKeys)
            await store
                .Republish.AdvanceAsync(session.Scope, task.Id, (cursor with { After = walked[^1] }).ToString())
                .ConfigureAwait(false);
        else
        {
            await MarkAsync(session, request, run, StateOperation.RangeEnd, cursor).ConfigureAwait(false);
            await store.Republish.AdvanceAsync(session.Scope, task.Id, null).ConfigureAwait(false);
        }
        return new(walked.Count, true, passedOver);
    }

    private ValueTask MarkAsync(
        IRepublishSession session,
        RepublishRequest request,
        SnapshotRun run,
        StateOperation operation,
        SnapshotCursor cursor
    )
    {
        var mark = new RangeMark(run.Run, new(request.FirstBucket, request.LastBucket), cursor.Cut);
        return store.WriteAsync(
            session.Scope,
            [],
            [run.Mark(request.Contract, operation, mark, CaptureStamp.Of(capture.Clock.GetUtcNow()).At)]
        );
    }

    private static (Publication, Route)? RouteOf(IRepublishSession session, RepublishRequest request, SnapshotRun run)
    {
        var publication = session.Publications.First(p => p.Contract.Name == request.Contract);
        var route = publication.Routes.FirstOrDefault(r =>
            r.Carrier == run.Carrier && r.Destination == run.Live.Destination && run.Live.Number < r.Lanes
        );
        return route is null ? null : (publication, route);
    }
}
