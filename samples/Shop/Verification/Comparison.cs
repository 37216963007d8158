using Shop.Contracts;
using Shop.Upgrade;
using Statecast.Contracts;
using Statecast.Events;

namespace Shop.Verification;

/// <summary>Compares closed files row by row: what the source would share now against what a replica holds.</summary>
/// <param name="source">The orders service's file.</param>
/// <param name="tokens">The newest states that answers named: none of them may be missing, at the source or at a replica.</param>
/// <param name="restored">Whether the source went back, restored from a copy or begun anew over what brokers hold: replicas then wrote revisions that it knows nothing of.</param>
/// <param name="upgrade">What the rolling upgrade showed, if there was one: replicas then moved from one major to the next.</param>
/// <param name="saidAgain">
/// Whether what a replica has may be said again at the revision it has: replicas of a carrier that forgets ask for everything, and a broker that appends whatever arrives
/// takes a Snapshot twice whose first answer was lost.
/// </param>
internal sealed class Comparison(
    SourceFile source,
    IReadOnlyDictionary<Guid, string> tokens,
    bool restored = false,
    UpgradeEvidence? upgrade = null,
    bool saidAgain = false
)
{
    private const int MostDifferences = 10;

    public async Task<ReplicaVerdict> CompareAsync<TState>(string service, string path, double? staleness, CancellationToken ct)
        where TState : class, IStateContract<TState>
    {
        var contract = TState.Contract;
        var ofOrders = contract.Name == ContractOf<OrderState>.Value.Name;
        var wanted = await WantedAsync(contract.StateType, ct);
        var revisions = await source.RevisionsAsync(contract.Name, ct);
        var file = new ReplicaFile(path, contract.Destination);
        var figures = await file.FiguresAsync(ct);
        var rows = await file.RowsAsync(ct);

        var differences = new Differences();
        differences.If(wanted.Count == 0, "the source has nothing to share: an empty comparison proves nothing.");
        CompareRows<TState>(rows, wanted, revisions, differences);
        CompareTokens(rows, contract.Name, differences);
        var moved = ofOrders && contract.Major > ContractOf<OrderState>.Value.Major;
        var (appliedTwice, replaced) = CompareFigures(
            rows,
            figures,
            saidAgain ? long.MaxValue
                : moved ? rows.Count
                : 0,
            differences
        );
        var handled = ofOrders ? await file.HandledAsync(ct) : null;
        if (handled is not null)
            CompareEffects(handled, differences);
        if (ofOrders && upgrade is not null)
            CompareMoves(await file.NewestHandledAsync(ct), upgrade, differences);
        return new($"{service}/{contract.Destination}", figures, staleness, appliedTwice, replaced, handled, differences.Lines);
    }

    private Task<Dictionary<string, string>> WantedAsync(Type state, CancellationToken ct) =>
        state == typeof(OrderState) ? source.OrdersAsync(order => order.ToState(), ct)
        : state == typeof(OrderStateV2) ? source.OrdersAsync(order => order.ToStateV2(), ct)
        : source.CustomersAsync(ct);

    private void CompareRows<TState>(
        List<ReplicaFileRow> rows,
        Dictionary<string, string> wanted,
        Dictionary<string, long> revisions,
        Differences differences
    )
        where TState : class, IStateContract<TState>
    {
        var missing = new HashSet<string>(wanted.Keys);
        foreach (var row in rows)
        {
            missing.Remove(row.Key);
            // A key that was made and removed again after the copy: its tombstone stays, and nobody else remembers it.
            if (restored && row.Deleted && !revisions.ContainsKey(row.Key))
                continue;
            differences.If(
                revisions.GetValueOrDefault(row.Key) != row.Revision,
                $"{row.Key}: the source's newest revision is {revisions.GetValueOrDefault(row.Key)}, the replica has {row.Revision}."
            );
            differences.If(!restored && row.Writes > row.Revision, $"{row.Key}: written {row.Writes} times for {row.Revision} revisions.");
            if (row.Deleted)
                differences.If(wanted.ContainsKey(row.Key), $"{row.Key}: deleted in the replica, there at the source.");
            else if (!wanted.TryGetValue(row.Key, out var state))
                differences.If(true, $"{row.Key}: there in the replica, not at the source.");
            else
                differences.IfDifferent(row.Key, state, row.Body is { } body ? StateText.OfBody<TState>(row.Codec, body) : "no body");
        }
        foreach (var key in missing)
            differences.If(true, $"{key}: at the source, not in the replica.");
    }

    private void CompareTokens(List<ReplicaFileRow> rows, string contract, Differences differences)
    {
        var held = rows.ToDictionary(row => row.Key, row => new StateRevision(row.Epoch, row.Revision));
        foreach (var text in tokens.Values)
            if (StateToken.ParseOrNone(text) is not { } token)
                differences.If(true, $"'{text}' was answered as a token and is none.");
            else if (token.Contract == contract)
                differences.If(
                    !held.TryGetValue(token.Key, out var revision) || revision < token.Revision,
                    $"{token.Key}: revision {token.Revision} was answered to a customer, the replica has {revision}."
                );
    }

    private static (long AppliedTwice, long Replaced) CompareFigures(
        List<ReplicaFileRow> rows,
        ReplicaFigures figures,
        long mostSaidAgain,
        Differences differences
    )
    {
        var live = rows.Count(row => !row.Deleted);
        differences.If(live == 0, "the replica is empty.");
        differences.If(live != figures.Keys, $"{live} keys are there, the replica counted {figures.Keys}.");
        differences.If(figures.Parked != 0, $"{figures.Parked} events are parked.");
        differences.If(figures.Waiting != 0, $"{figures.Waiting} events were received and are nowhere.");
        differences.If(figures.Unfinished != 0, $"{figures.Unfinished} changes are not finished by their handlers.");
        // Both majors share a key's revisions. A replica that moved meets in the newer one what it had of the older: it replaces the row, at the same revision, which is
        // an application and no second write: once for each row at most, and for no row of a replica that did not move. Where
        // things are said again for other reasons there is no such bound: then only rows' own counts (written no more often than there are revisions) and the handlers' notes tell what happened twice.
        var beyondWrites = figures.Applied - rows.Sum(row => row.Writes);
        var replaced = Math.Clamp(beyondWrites, 0, mostSaidAgain);
        var appliedTwice = beyondWrites - replaced;
        differences.If(
            appliedTwice != 0,
            $"{figures.Applied} events were applied, for {figures.Applied - appliedTwice} revisions: some were applied twice."
        );
        return (appliedTwice, replaced);
    }

    private static void CompareMoves(Dictionary<string, StateRevision> handled, UpgradeEvidence upgrade, Differences differences)
    {
        differences.If(upgrade.Changed.Count == 0, "no order changed while services moved: that they miss nothing is not shown.");
        foreach (var (key, revision) in upgrade.Changed)
            differences.If(
                !handled.TryGetValue(key, out var newest) || newest < revision,
                $"{key}: changed to revision {revision} while services moved, and no handler heard of it (the newest it heard of: {newest})."
            );
    }

    private static void CompareEffects(HandledFigures handled, Differences differences)
    {
        differences.If(handled.Twice != 0, $"{handled.Twice} revisions took effect again although nothing was killed in between.");
        differences.If(handled.Ahead != 0, $"{handled.Ahead} revisions took effect that the replica is not at any more.");
    }

    /// <summary>Collects what differs, and stops where it is enough to see.</summary>
    private sealed class Differences
    {
        private readonly List<string> _lines = [];
        private int _more;

        public IReadOnlyList<string> Lines => _more == 0 ? _lines : [.. _lines, $"and {_more} more."];

        public void If(bool differs, string line)
        {
            if (!differs)
                return;
            if (_lines.Count < MostDifferences)
                _lines.Add(line);
            else
                _more++;
        }

        public void IfDifferent(string key, string source, string replica) =>
            If(source != replica, $"{key}: the source has {source}, the replica {replica}.");
    }
}
