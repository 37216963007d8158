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

    /// <summary>
    /// What was read ahead is so many chunks in one transaction: without the reading each holds the lock for less than half as long, and a transaction costs the
    /// same however little it says. Of large states one is enough, and takes less memory.
    /// </summary>
    public const int ChunksAhead = 2;

    private const long LargeChunk = 4 << 20;

    private string _last = "";
    private int _chunksAhead = 1;

    /// <summary>What the next chunk will most likely say; null where it says nothing, or only that a range begins.</summary>
    public async ValueTask<AnswersAhead?> ReadAheadAsync(IRepublishSession session, IReadOnlyList<RepublishTask> tasks, int maxKeys)
    {
        var wanted = tasks.Except(LeftOf(session, tasks)).ToList();
        if (await NextAsync(session, wanted).ConfigureAwait(false) is not ({ Cursor: { } cursor } next, _))
            return null;
        maxKeys *= _chunksAhead;
        var heads = next.Concerned(await WalkAsync(session, next, cursor, maxKeys).ConfigureAwait(false));
        if (heads.Count == 0)
            return new(next.Task, maxKeys, AnswersAhead.None);
        var answers = await capture.AnswerAheadAsync(session, next.Publication, heads, next.Run).ConfigureAwait(false);
        var bytes = answers.Values.Sum(a => a.Rows.Sum(r => (long)r.Body.Length));
        _chunksAhead = bytes < LargeChunk ? ChunksAhead : 1;
        return new(next.Task, maxKeys, answers);
    }

    /// <summary>Does the next chunk of some range that may go on.</summary>
    /// <returns>What it did; null if none may now.</returns>
    public async ValueTask<RepublishChunk?> ChunkAsync(
        IRepublishSession session,
        IReadOnlyList<RepublishTask> tasks,
        int maxKeys,
        AnswersAhead? ahead
    )
    {
        var left = LeftOf(session, tasks);
        foreach (var task in left)
            await store.Republish.AdvanceAsync(session.Scope, task.Id, null).ConfigureAwait(false);
        tasks = [.. tasks.Except(left)];
        // What was read ahead was the next one a moment ago.
        var (next, waits) =
            tasks.FirstOrDefault(t => t == ahead?.Task) is { } same && TurnOf(session, same) is { } turn
                ? (turn, false)
                : await NextAsync(session, tasks).ConfigureAwait(false);
        if (next is null)
            return waits ? RepublishChunk.None with { Waits = true } : null;
        _last = next.Run.Lane.ToString();
        return next.Cursor is { } cursor
            ? await SayAsync(session, next, cursor, maxKeys, ahead).ConfigureAwait(false)
            : await BeginAsync(session, next).ConfigureAwait(false);
    }

    // Requests that are not answered any more. A lane has one run at a time: who asks for another has left the one before, and takes nothing for an end of it (a target in
    // memory asks for a new run at each start). Of a run that was asked for last, what was asked for twice is said once. Where the contract is not published any more,
    // or never was, who asked finds nothing to wait for.
    private static HashSet<RepublishTask> LeftOf(IRepublishSession session, IReadOnlyList<RepublishTask> tasks)
    {
        var left = new HashSet<RepublishTask>();
        var newest = new Dictionary<(string Carrier, LaneId Lane), Guid>();
        var seen = new HashSet<(string?, int)>();
        for (var i = tasks.Count - 1; i >= 0; i--)
            if (
                TurnOf(session, tasks[i]) is not { Run: var run }
                || !newest.TryAdd((run.Carrier, run.Lane), run.Run) && newest[(run.Carrier, run.Lane)] != run.Run
            )
                left.Add(tasks[i]);
        foreach (var task in tasks)
            if (!seen.Add((task.Request.Destination, task.Request.FirstBucket)))
                left.Add(task);
        return left;
    }

    // Per target and lane the oldest; the one after the last that had its turn first.
    private async ValueTask<(Turn? Next, bool Waits)> NextAsync(IRepublishSession session, IReadOnlyList<RepublishTask> tasks)
    {
        var published = await store.Republish.Published.ReadAsync(session.Scope).ConfigureAwait(false);
        var oldest = new SortedDictionary<string, Turn>(StringComparer.Ordinal);
        foreach (var task in tasks)
            if (TurnOf(session, task) is { } turn)
                oldest.TryAdd(turn.Run.Lane.ToString(), turn);
        var waits = false;
        foreach (var turn in oldest.Where(IsAfterLast).Concat(oldest.Where(o => !IsAfterLast(o))).Select(o => o.Value))
        {
            var run = turn.Run;
            // Before, a key that the source has may lack its head.
            if (!published.Any(p => p.Carrier == run.Carrier && p.Destination == run.Live.Destination && p.FirstRepublishEnded))
                continue;
            var lane = await store.Republish.Published.ReadLaneAsync(session.Scope, run.Carrier, run.Lane, MaxUnsent).ConfigureAwait(false);
            if (lane.Unsent < MaxUnsent)
                return (turn, waits);
            waits = true;
        }
        return (null, waits);

        bool IsAfterLast(KeyValuePair<string, Turn> turn) => string.CompareOrdinal(turn.Key, _last) > 0;
    }

    // The counter is read, and the mark committed, before the range is: whatever comes into being later has a higher number.
    private async ValueTask<RepublishChunk> BeginAsync(IRepublishSession session, Turn turn)
    {
        var live = await store.Republish.Published.ReadLaneAsync(session.Scope, turn.Run.Carrier, turn.Run.Live, 0).ConfigureAwait(false);
        var cursor = new SnapshotCursor(live.NextNumber - 1, null);
        await MarkAsync(session, turn, StateOperation.RangeBegin, cursor).ConfigureAwait(false);
        await store.Republish.AdvanceAsync(session.Scope, turn.Task.Id, cursor.ToString()).ConfigureAwait(false);
        return new(0, true, []);
    }

    private async ValueTask<RepublishChunk> SayAsync(
        IRepublishSession session,
        Turn turn,
        SnapshotCursor cursor,
        int maxKeys,
        AnswersAhead? ahead
    )
    {
        var isAhead = ahead?.Task == turn.Task;
        if (isAhead)
            maxKeys = ahead!.MaxKeys;
        var walked = await WalkAsync(session, turn, cursor, maxKeys).ConfigureAwait(false);
        var heads = turn.Concerned(walked);
        var answers = isAhead ? ahead!.Answers : AnswersAhead.None;
        IReadOnlyList<CaptureException> passedOver =
            heads.Count == 0
                ? []
                : await capture.AnswerAsync(store, session, turn.Publication, heads, turn.Run, answers).ConfigureAwait(false);
        if (passedOver.Count > 0)
            // No end: the target must not take a key's absence for known. It asks again, until the state can be published.
            await store.Republish.AdvanceAsync(session.Scope, turn.Task.Id, null).ConfigureAwait(false);
        else if (walked.Count == maxKeys)
            await store
                .Republish.AdvanceAsync(session.Scope, turn.Task.Id, (cursor with { After = walked[^1].Key }).ToString())
                .ConfigureAwait(false);
        else
        {
            await MarkAsync(session, turn, StateOperation.RangeEnd, cursor).ConfigureAwait(false);
            await store.Republish.AdvanceAsync(session.Scope, turn.Task.Id, null).ConfigureAwait(false);
        }
        return new(walked.Count, true, passedOver);
    }

    private ValueTask<IReadOnlyList<WalkedHead>> WalkAsync(IRepublishSession session, Turn turn, SnapshotCursor cursor, int maxKeys)
    {
        var request = turn.Task.Request;
        return store.WalkAsync(session.Scope, request.Contract, cursor.After, request.FirstBucket, request.LastBucket, maxKeys);
    }

    private ValueTask MarkAsync(IRepublishSession session, Turn turn, StateOperation operation, SnapshotCursor cursor)
    {
        var request = turn.Task.Request;
        var mark = new RangeMark(turn.Run.Run, new(request.FirstBucket, request.LastBucket), cursor.Cut);
        return store.WriteAsync(
            session.Scope,
            [],
            [turn.Run.Mark(request.Contract, operation, mark, CaptureStamp.Of(capture.Clock.GetUtcNow()).At)]
        );
    }

    // Null where nothing can answer it.
    private static Turn? TurnOf(IRepublishSession session, RepublishTask task)
    {
        if (SnapshotRun.TryParse(task.Request.Destination) is not { } run)
            return null;
        var publication = session.Publications.First(p => p.Contract.Name == task.Request.Contract);
        var route = publication.Routes.FirstOrDefault(r =>
            r.Carrier == run.Carrier && r.Destination == run.Live.Destination && run.Live.Number < r.Lanes
        );
        return route is null ? null : new(task, run, publication, route);
    }

    /// <summary>A request and who answers it.</summary>
    private sealed record Turn(RepublishTask Task, SnapshotRun Run, Publication Publication, Route Route)
    {
        /// <summary>Null before its range began.</summary>
        public SnapshotCursor? Cursor { get; } = SnapshotCursor.Parse(Task.Cursor);

        /// <summary>Those heads that are the run's, in the order of locks.</summary>
        public List<WalkedHead> Concerned(IEnumerable<WalkedHead> walked) =>
            [.. walked.Where(h => Run.Concerns(h.Key, Route.Lanes)).OrderBy(h => h.Key, StringComparer.Ordinal)];
    }
}
