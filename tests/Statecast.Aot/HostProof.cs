using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Serialization;
using static Statecast.Aot.Proof;

namespace Statecast.Aot;

/// <summary>
/// A source and two targets in real hosts: republish, capture, relay, SQLite log, replicas in memory and in a file, index, handler, options from a file,
/// health, an ordered stop and a start over the same files.
/// </summary>
internal static class HostProof
{
    private static readonly Crate Old = new("north", 1, "rope", 12.5m, ["wet"]);
    private static readonly Crate Nails = new("north", 2, "nails", 3.250m, ["heavy", "small"]);
    private static readonly Crate Glass = new("south/east", 7, "glass", 0.125m, ["fragile", "small"]);
    private static readonly Crate.Key OldKey = new("north", 1);
    private static readonly Crate.Key NailsKey = new("north", 2);
    private static readonly Crate.Key GlassKey = new("south/east", 7);

    public static async Task RunAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        using var services = new Services();
        services.MakeDatabase(Old, Glass with { Number = 8 }, Glass with { Number = 9 });
        await RefuseAsync(services);
        var position = await FirstRunAsync(services, deadline.Token);
        await SecondRunAsync(services, position, deadline.Token);
        Expect("", string.Join('\n', services.Complaints));
    }

    private static async Task RefuseAsync(Services services)
    {
        try
        {
            // Wanted, so it is not to be logged as a failure.
            (await services.StartDepotAsync("--Statecast:Republish:ChunkSize=0", "--Logging:LogLevel:Default=None")).Dispose();
        }
        catch (OptionsValidationException refused)
        {
            Expect("Statecast:Republish:ChunkSize is 0; allowed is 1 to 10000.", refused.Message);
            return;
        }
        throw new InvalidOperationException("A setting that is out of range was not refused.");
    }

    private static async Task<string> FirstRunAsync(Services services, CancellationToken ct)
    {
        using var depot = await services.StartDepotAsync();
        using var shop = await services.StartShopAsync();
        using var ledger = await services.StartLedgerAsync();
        ExpectOptions(depot.Services.GetRequiredService<IOptions<StatecastOptions>>().Value);
        // What was there before is published by itself, and is no news to handlers.
        await IdleAsync(ct, depot, shop, ledger);
        Expect(3, (await AllAsync(ledger, ct)).Count);

        var source = depot.Services.GetRequiredService<Crates>();
        await source.SaveAsync(Nails with { Content = "screws" }, "Packed");
        await source.SaveAsync(Glass, "Packed");
        var token = await source.SaveAsync(Nails, "Corrected");
        await source.DeleteAsync(OldKey, "Shipped");
        Expect($"aot.crate~north/2~{token.Revision.Epoch}~2", token.ToString());
        Expect(Nails.Content, (await ReplicaOf(shop).GetAsync(NailsKey, StateToken.ParseOrNone(token.ToString()), ct: ct))?.Content);

        await IdleAsync(ct, depot, shop, ledger);
        await ExpectStatesAsync(shop, ct);
        await ExpectStatesAsync(ledger, ct);
        ExpectHandled(services.Seen);
        await ExpectHealthyAsync(ct, depot, shop, ledger);
        await StopAsync(ct, depot, shop, ledger);
        return Stored(services);
    }

    private static async Task SecondRunAsync(Services services, string before, CancellationToken ct)
    {
        // The source is away: the file alone answers, and nothing in the log is applied again.
        using (var alone = await services.StartLedgerAsync())
        {
            while (ReplicaOf(alone).State != ReplicaState.Live)
                await Task.Delay(TimeSpan.FromMilliseconds(5), ct);
            await ExpectStatesAsync(alone, ct);
            await StopAsync(ct, alone);
        }
        Expect(before, Stored(services));

        using var depot = await services.StartDepotAsync();
        using var shop = await services.StartShopAsync();
        using var ledger = await services.StartLedgerAsync();
        await IdleAsync(ct, depot, shop, ledger);
        await ExpectStatesAsync(shop, ct);
        await ExpectStatesAsync(ledger, ct);
        Expect(before, Stored(services));

        var token = await depot.Services.GetRequiredService<Crates>().SaveAsync(Old, "Returned");
        foreach (var target in (IHost[])[shop, ledger])
            Expect(Old.Weight, (await ReplicaOf(target).GetAsync(OldKey, token, ct: ct))?.Weight);
        await StopAsync(ct, depot, shop, ledger);
    }

    private static void ExpectOptions(StatecastOptions options)
    {
        Expect(TimeSpan.FromSeconds(7), options.DrainTimeout);
        Expect(TimeSpan.FromMilliseconds(50), options.Relay.HeartbeatInterval);
        Expect(3, options.Relay.MaxBatchEvents);
        Expect(TimeSpan.FromSeconds(20), options.Relay.LeaseDuration);
        Expect(5, options.Target.MaxBatch);
        Expect(TimeSpan.FromMilliseconds(20), options.Handlers.Poll);
        Expect(2, options.Republish.ChunkSize);
    }

    private static async Task ExpectStatesAsync(IHost target, CancellationToken ct)
    {
        var replica = ReplicaOf(target);
        Expect(null, await replica.GetAsync(OldKey, ct: ct));
        var glass = await replica.GetAsync(GlassKey, ct: ct);
        Expect(ContentOf(Glass), ContentOf(glass));
        var all = await AllAsync(target, ct);
        Expect(
            "north/2, south%2Feast/7, south%2Feast/8, south%2Feast/9",
            string.Join(", ", all.Keys.Select(Crates.Contract.FormatKey).Order())
        );
        Expect(ContentOf(Nails), ContentOf(all[NailsKey]));
        var small = new List<int>();
        await foreach (var (key, _) in replica.QueryAsync(Crate.ByLabel, "small", ct: ct))
            small.Add(key.Number);
        Expect("2, 7, 8, 9", string.Join(", ", small.Order()));
    }

    private static void ExpectHandled(SeenChanges seen)
    {
        // Unsent revisions of one key may be coalesced: the handler sees the older one of the nails or it does not.
        var handled = seen.InOrder().Replace("north/2 Upsert screws (Packed); ", "", StringComparison.Ordinal);
        Expect(
            "north/1 Delete - (Shipped); north/2 Upsert nails (Corrected); south%2Feast/7 Upsert glass (Packed)",
            handled.Replace("(Packed+Corrected)", "(Corrected)", StringComparison.Ordinal)
        );
    }

    private static async Task ExpectHealthyAsync(CancellationToken ct, params IHost[] hosts)
    {
        foreach (var host in hosts)
        {
            var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(ct);
            Expect(
                "statecast-live Healthy, statecast-ready Healthy",
                string.Join(", ", report.Entries.Select(e => $"{e.Key} {e.Value.Status}").Order())
            );
        }
    }

    private static IReplica<Crate.Key, Crate> ReplicaOf(IHost target) => target.Services.GetRequiredService<IReplica<Crate.Key, Crate>>();

    private static async Task<Dictionary<Crate.Key, Crate>> AllAsync(IHost target, CancellationToken ct)
    {
        var all = new Dictionary<Crate.Key, Crate>();
        await foreach (var (key, state) in ReplicaOf(target).EnumerateAsync(ct: ct))
            all.Add(key, state);
        return all;
    }

    private static string? ContentOf(Crate? crate) => crate is null ? null : ContentFingerprint.Of(Crates.Contract, crate).ToString();

    private static async Task IdleAsync(CancellationToken ct, params IHost[] hosts)
    {
        foreach (var host in hosts)
            await host.Services.GetRequiredService<IStatecast>().WhenIdleAsync(ct);
    }

    private static async Task StopAsync(CancellationToken ct, params IHost[] hosts)
    {
        foreach (var host in hosts)
            await host.StopAsync(ct);
    }

    /// <summary>Rows with how often each was written, positions and sums, as the replica's file holds them.</summary>
    private static string Stored(Services services)
    {
        using var connection = new SqliteConnection(services.ReplicaFile);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT 'row ' || concat_ws(' ', key, revision, deleted, writes) FROM "statecast_rows.aot.crate.v1"
            UNION ALL SELECT 'position ' || concat_ws(' ', lane, incarnation, next) FROM statecast_replica_position
            UNION ALL SELECT 'sums ' || concat_ws(' ', received, applied, superseded, dropped, keys) FROM statecast_replica
            ORDER BY 1
            """;
        using var reader = command.ExecuteReader();
        var lines = new List<string>();
        while (reader.Read())
            lines.Add(reader.GetString(0));
        Expect(true, lines.Exists(l => l.StartsWith("position ", StringComparison.Ordinal)));
        return string.Join('\n', lines);
    }
}
