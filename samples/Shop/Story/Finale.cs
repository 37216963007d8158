using Shop.Contracts;
using Shop.Running;
using Shop.Services;
using Shop.Upgrade;
using Shop.Verification;

namespace Shop.Story;

/// <summary>The end: everything comes to rest, the services stop, and their closed files are compared.</summary>
internal static class Finale
{
    private static readonly Role[] Targets = [Role.Shipping, Role.Payments, Role.Notifications];

    public static async Task<(IReadOnlyList<ReplicaVerdict> Verdicts, IReadOnlyList<ServiceStatus> Statuses)> PlayAsync(
        Stage stage,
        UpgradeEvidence? upgrade,
        CancellationToken ct
    )
    {
        stage.Display.Act("Everything comes to rest, and the closed files are compared row by row");
        await stage.Client.WhenIdleAsync(Role.Orders, ct);
        foreach (var target in Targets)
            await stage.Client.WhenIdleAsync(target, ct);
        var statuses = new List<ServiceStatus>();
        foreach (var target in Targets)
            statuses.Add(await stage.Client.StatusAsync(target, ct));
        await stage.Fleet.StopAllAsync(ct);

        var comparison = new Comparison(
            new SourceFile(FileOf(stage, Role.Orders)),
            stage.Load.Tokens,
            stage.Options.Restore || stage.HeldBefore,
            upgrade,
            saidAgain: stage.Options.Carrier.RabbitMQ is not null || stage.Options.Carrier.Kafka is not null
        );
        var verdicts = new List<ReplicaVerdict>();
        foreach (var status in statuses)
        foreach (var replica in status.Replicas)
            verdicts.Add(await CompareAsync(comparison, stage, status.Service, replica, ct));
        return (verdicts, statuses);
    }

    private static Task<ReplicaVerdict> CompareAsync(
        Comparison comparison,
        Stage stage,
        string service,
        ReplicaView replica,
        CancellationToken ct
    )
    {
        var path = Path.Combine(stage.Directory, $"{service}.db");
        if (replica.Name == ContractOf<CustomerState>.Value.Destination)
            return comparison.CompareAsync<CustomerState>(service, path, replica.Staleness, ct);
        return replica.Name == ContractOf<OrderStateV2>.Value.Destination
            ? comparison.CompareAsync<OrderStateV2>(service, path, replica.Staleness, ct)
            : comparison.CompareAsync<OrderState>(service, path, replica.Staleness, ct);
    }

    private static string FileOf(Stage stage, Role role) => Path.Combine(stage.Directory, $"{RoleHost.NameOf(role)}.db");
}
