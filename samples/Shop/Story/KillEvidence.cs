using Shop.Running;
using Shop.Verification;

namespace Shop.Story;

/// <summary>What the files of killed services show: what was under way when they died.</summary>
/// <param name="Round">The kill's number.</param>
/// <param name="Target">The target that was killed.</param>
/// <param name="Unsent">Keys with events that were captured and not yet confirmed by the log: under way at the source. Null where only the target was killed.</param>
/// <param name="Unapplied">Keys whose newest sent state the target had not applied.</param>
/// <param name="Unhandled">Changes that the target's handlers had not finished with.</param>
internal sealed record KillEvidence(int Round, Role Target, int? Unsent, int Unapplied, long Unhandled)
{
    /// <summary>Whether every killed service was in the midst of its work.</summary>
    public bool InFlight => Unsent is not 0 && Unapplied + Unhandled > 0;

    /// <summary>Looks at the files of services that do not run.</summary>
    public static async Task<KillEvidence> ReadAsync(int round, string directory, Role target, bool sourceKilled, CancellationToken ct)
    {
        var source = new SourceFile(Path.Combine(directory, "orders.db"));
        var unsent = await source.UnsentKeysAsync(ct);
        var newest = await source.RevisionsAsync(ContractOf<Contracts.OrderState>.Value.Name, ct);
        var replica = new ReplicaFile(
            Path.Combine(directory, $"{RoleHost.NameOf(target)}.db"),
            ContractOf<Contracts.OrderState>.Value.Destination
        );
        var applied = (await replica.RowsAsync(ct)).ToDictionary(row => row.Key, row => row.Revision);
        var unapplied = newest.Count(head => !unsent.Contains(head.Key) && applied.GetValueOrDefault(head.Key) < head.Value);
        return new(round, target, sourceKilled ? unsent.Count : null, unapplied, (await replica.FiguresAsync(ct)).Unfinished);
    }

    public override string ToString() =>
        $"{(Unsent is { } unsent ? $"{unsent} keys captured and not sent, " : "")}{Unapplied} sent and not applied by {RoleHost.NameOf(Target)}, {Unhandled} applied and not handled";
}
