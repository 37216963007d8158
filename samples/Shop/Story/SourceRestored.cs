using Microsoft.Data.Sqlite;
using Shop.Contracts;
using Shop.Running;
using Shop.Services;
using Shop.Verification;

namespace Shop.Story;

/// <summary>
/// Act 5, if asked for: a copy of the orders database is taken while the service runs, customers go on, and then the copy is put in the database's place.
/// The orders service finds out by itself, and the targets follow it back and say which keys they had newer.
/// </summary>
internal static class SourceRestored
{
    private static readonly Role[] Targets = [Role.Shipping, Role.Payments, Role.Notifications];

    public static async Task<RestoreEvidence> PlayAsync(Stage stage, CancellationToken ct)
    {
        stage.Display.Act("The orders database is restored from an earlier copy");
        var (live, copy, lost) = (FileOf(stage, "orders"), FileOf(stage, "orders.copy"), FileOf(stage, "orders.lost"));
        // What stands in the copy's outbox is sent again under the new epoch, and the same revision once more with everything: a replacement, not an
        // application, which the figures of the finale do not tell apart.
        await stage.Client.WhenIdleAsync(Role.Orders, ct);
        var tokens = stage.Load.Tokens.ToDictionary();
        var before = stage.Load.Done;
        Copy(live, copy);
        await stage.Load.RunAsync(1, ct);
        await stage.Client.WhenIdleAsync(Role.Orders, ct);
        foreach (var target in Targets)
            await stage.Client.WhenIdleAsync(target, ct);
        var requests = stage.Load.Done - before;
        stage.Display.Say($"A copy was taken while the service ran; {requests:N0} requests were answered and shared after it.");

        await stage.Fleet.StopAsync(Role.Orders, ct);
        // Pooled connections of a host in this process would keep the file open.
        SqliteConnection.ClearAllPools();
        foreach (var suffix in (string[])["", "-wal", "-shm"])
            if (File.Exists(live + suffix))
                File.Move(live + suffix, lost + suffix);
        File.Copy(copy, live);
        stage.Load.ForgetTokens(tokens);
        await stage.Fleet.StartAsync(Role.Orders, ct);

        var said = new List<WentBackView>();
        foreach (var target in Targets)
            said.AddRange(await FollowAsync(stage, target, new(lost), copy, ct));
        var evidence = new RestoreEvidence(
            await new SourceFile(copy).EpochAsync(ct),
            await new SourceFile(live).EpochAsync(ct),
            requests,
            said
        );
        if (evidence.EpochAfter <= evidence.EpochBefore)
            throw new InvalidOperationException($"The restored database kept its epoch {evidence.EpochBefore}.");
        stage.Display.Say($"The orders service found out, took epoch {evidence.EpochAfter} and said everything again.");
        foreach (var replica in said)
            stage.Display.Say($"{replica.Replica} followed: {replica.Reported:N0} keys have an older state or none, as many as were lost.");
        return evidence;
    }

    private static async Task<List<WentBackView>> FollowAsync(Stage stage, Role target, SourceFile lost, string copy, CancellationToken ct)
    {
        var expected = new Dictionary<string, long>
        {
            [ContractOf<OrderState>.Value.Name] = await lost.NewerThanAsync(copy, ContractOf<OrderState>.Value.Name, ct),
            [ContractOf<CustomerState>.Value.Name] = await lost.NewerThanAsync(copy, ContractOf<CustomerState>.Value.Name, ct),
        };
        var status = await stage.WaitForAsync(
            target,
            "back where its source is",
            s => s.Replicas.All(r => r is { State: "Live", Behind: 0 } && r.WentBack >= expected[NameOf(r)]),
            ct
        );
        var views = status.Replicas.Select(r => new WentBackView($"{status.Service}/{r.Name}", expected[NameOf(r)], r.WentBack)).ToList();
        if (views.Find(v => v.Lost != v.Reported) is { } wrong)
            throw new InvalidOperationException($"{wrong.Replica} says that {wrong.Reported} keys went back; {wrong.Lost} did.");
        return views;
    }

    // A replica is named by its destination, which is the contract's name and major.
    private static string NameOf(ReplicaView replica) => replica.Name[..replica.Name.LastIndexOf('.')];

    // By SQLite's own backup, beside the running service.
    private static void Copy(string from, string to)
    {
        using var source = Open(from);
        using var target = Open(to);
        source.BackupDatabase(target);
    }

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        return connection;
    }

    private static string FileOf(Stage stage, string name) => Path.Combine(stage.Directory, $"{name}.db");
}
