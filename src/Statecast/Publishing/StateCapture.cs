using Statecast.Diagnostics;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Outbox;

namespace Statecast.Publishing;

/// <summary>
/// Capture, once for every source, inside the application's own transaction: lock the heads of the touched keys in (contract, key) order,
/// read the states, and where (deleted, schema, content) changed, raise the head and add one outbox row per route.
/// </summary>
/// <param name="clock">Stamps the capture time and the epoch of a new database.</param>
/// <param name="entropy">Draws the operation ids.</param>
public sealed class StateCapture(TimeProvider clock, IEntropy entropy)
{
    /// <summary>The clock that stamps captures.</summary>
    public TimeProvider Clock { get; } = clock;

    /// <summary>Captures what a save touched. A key whose content did not change publishes nothing.</summary>
    /// <returns>The token of every key that was ever published, valid once the transaction committed.</returns>
    /// <exception cref="CaptureException">A state cannot be published, for example because it is too large.</exception>
    /// <exception cref="Contracts.StateValueException">A state holds a value that cannot travel.</exception>
    public async ValueTask<IReadOnlyList<StateToken>> SaveAsync(ICaptureStore store, CaptureScope scope, IReadOnlyList<ICaptureSet> sets)
    {
        var writes = NewWrites(republish: false, null);
        await RunAsync(store, scope, sets, writes).ConfigureAwait(false);
        return writes.Tokens;
    }

    /// <summary>Captures keys again, changed or not (see <see cref="CaptureRule.Republish"/>).</summary>
    /// <param name="store">The database's SQL.</param>
    /// <param name="scope">The transaction.</param>
    /// <param name="set">The keys.</param>
    /// <param name="destination">Where unchanged states go; null for everywhere. What changed always goes everywhere.</param>
    /// <param name="isInLog">Whether the keys stand in a log under records that their source did not send.</param>
    /// <returns>Keys that were passed over, each with its reason: one bad state must not hold up the others.</returns>
    public async ValueTask<IReadOnlyList<CaptureException>> RepublishAsync(
        ICaptureStore store,
        CaptureScope scope,
        ICaptureSet set,
        string? destination,
        bool isInLog = false
    )
    {
        var writes = NewWrites(republish: true, destination, isInLog);
        await RunAsync(store, scope, [set], writes).ConfigureAwait(false);
        return writes.PassedOver;
    }

    /// <summary>Says keys to one target alone, in its run; what changed goes to everybody as well.</summary>
    /// <returns>Keys that were passed over, each with its reason.</returns>
    internal async ValueTask<IReadOnlyList<CaptureException>> AnswerAsync(
        ICaptureStore store,
        CaptureScope scope,
        ICaptureSet set,
        SnapshotRun run
    )
    {
        var writes = NewWrites(republish: true, null);
        writes.Answers = run;
        await RunAsync(store, scope, [set], writes).ConfigureAwait(false);
        return writes.PassedOver;
    }

    /// <summary>
    /// Makes what <see cref="AnswerAsync(ICaptureStore, CaptureScope, ICaptureSet, SnapshotRun)"/> would write, before any lock is taken: reading and encoding are most
    /// of the work, and nobody who saves need wait for it. Only of keys whose state is the one that their head speaks of.
    /// </summary>
    /// <returns>By key.</returns>
    internal async ValueTask<Dictionary<string, AnswerAhead>> AnswerAheadAsync(
        IRepublishSession session,
        Publication publication,
        IReadOnlyList<WalkedHead> heads,
        SnapshotRun run
    )
    {
        RequireRoutes(publication);
        var set = session.Select(publication, [.. heads.Select(h => h.Key)]);
        var states = await set.ReadAsync(session.Scope).ConfigureAwait(false);
        var writes = NewWrites(republish: true, null);
        (writes.Answers, writes.Ahead) = (run, true);
        var answers = new Dictionary<string, AnswerAhead>(set.Keys.Count, StringComparer.Ordinal);
        for (var i = 0; i < states.Count; i++)
        {
            var before = writes.Rows.Count;
            var (key, head) = heads[i];
            writes.Add(set, key, head, states[i]);
            if (writes.Rows.Count > before)
                answers.Add(key, new(head, writes.Rows.GetRange(before, writes.Rows.Count - before)));
        }
        return answers;
    }

    /// <summary>Answers one target, from what was made ahead where the head is still the one it was made of, else from what is read now.</summary>
    /// <param name="store">The database's SQL.</param>
    /// <param name="session">The transaction.</param>
    /// <param name="publication">The publication.</param>
    /// <param name="heads">The heads, locked, in the order of their keys.</param>
    /// <param name="run">Who is answered.</param>
    /// <param name="ahead">What was made ahead.</param>
    internal async ValueTask<IReadOnlyList<CaptureException>> AnswerAsync(
        ICaptureStore store,
        IRepublishSession session,
        Publication publication,
        IReadOnlyList<WalkedHead> heads,
        SnapshotRun run,
        IReadOnlyDictionary<string, AnswerAhead> ahead
    )
    {
        var rows = new List<OutboxRow>(heads.Count);
        var moved = new List<string>();
        foreach (var (key, head) in heads)
            if (ahead.TryGetValue(key, out var answer) && answer.Head == head)
                rows.AddRange(answer.Rows);
            else
                moved.Add(key);
        if (rows.Count > 0)
        {
            await store.WriteAsync(session.Scope, [], rows).ConfigureAwait(false);
            StatecastMeter.Captured(run.Live.Destination, rows.Count);
        }
        return moved.Count == 0
            ? []
            : await AnswerAsync(store, session.Scope, session.Select(publication, moved), run).ConfigureAwait(false);
    }

    private CaptureWrites NewWrites(bool republish, string? destination, bool isInLog = false) =>
        new(Clock.GetUtcNow(), entropy.NextGuid(), republish, destination, isInLog);

    private async ValueTask RunAsync(ICaptureStore store, CaptureScope scope, IReadOnlyList<ICaptureSet> sets, CaptureWrites writes)
    {
        var ordered = InContractOrder(sets);
        if (ordered.Count == 0)
            return;
        var wanted = new HeadKeys[ordered.Count];
        for (var i = 0; i < wanted.Length; i++)
        {
            RequireRoutes(ordered[i].Publication);
            wanted[i] = new(ordered[i].Publication.Contract.Name, ordered[i].Keys)
            {
                WithBases = ordered[i].Publication.Options.Patches is not null,
            };
        }
        // All locks before the first read: what is read cannot be changed any more by another capture.
        var locked = await store.LockAsync(scope, wanted).ConfigureAwait(false);
        writes.Epoch = locked.Epoch;
        if (writes.Epoch == 0)
            writes.Epoch = await store.EnsureEpochAsync(scope, writes.Now.ToUnixTimeMilliseconds()).ConfigureAwait(false);
        var head = 0;
        for (var i = 0; i < ordered.Count; i++)
        {
            var states = await ordered[i].ReadAsync(scope).ConfigureAwait(false);
            for (var k = 0; k < states.Count; k++)
                writes.Add(ordered[i], ordered[i].Keys[k], locked.Heads[head++], states[k]);
        }
        if (writes.Heads.Count > 0 || writes.Rows.Count > 0)
            await store.WriteAsync(scope, writes.Heads, writes.Rows).ConfigureAwait(false);
        foreach (var row in writes.Rows)
            StatecastMeter.Captured(SnapshotLane.LiveOf(row.Lane).Destination, 1);
    }

    private static IReadOnlyList<ICaptureSet> InContractOrder(IReadOnlyList<ICaptureSet> sets) =>
        sets.Count < 2 ? sets : [.. sets.OrderBy(s => s.Publication.Contract.Name, StringComparer.Ordinal)];

    private static void RequireRoutes(Publication publication)
    {
        // Raising a head without an outbox row would lose the change for good.
        if (publication.Routes.Count == 0)
            throw new SourceException(
                $"{publication.Contract.Name} is captured before its carriers are known. Build the context from the host's services, where AddStatecast names a carrier, or start the host first."
            );
    }
}
