using System.Text.Json;
using Microsoft.Data.Sqlite;
using Shop.Upgrade;
using Shop.Verification;
using Statecast.Events;
using Statecast.Integration.Tests.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.Samples;

[Collection(SamplesCollection.Name)]
public sealed class ShopTests(FinishedShop shop)
{
    private static readonly string[] Replicas =
    [
        "notifications/shop.customer.v1",
        "notifications/shop.order.v1",
        "payments/shop.order.v1",
        "shipping/shop.order.v1",
    ];

    [Fact]
    public void Every_replica_equals_its_source_in_one_process() => RequireEqual(shop.Report);

    [Fact]
    public void Late_target_acts_only_on_what_came_after_it_joined()
    {
        var effects = shop.Report.GetProperty("effects");
        var orders = effects.GetProperty("notifications").GetProperty("orders written about").GetInt64();
        var shipments = effects.GetProperty("shipping").GetProperty("shipments prepared").GetInt64();
        // Most orders were over before it joined; shipping was there for nearly all.
        Assert.InRange(orders, 1, shipments - 1);
    }

    [Fact]
    public async Task Source_and_targets_killed_mid_flight_lose_and_repeat_nothing()
    {
        const int rounds = 10;
        var run = await SampleProcess.RunAsync(
            "Shop",
            SampleProcess.Patience,
            ["--orders", "1500", "--processes", "--rounds", $"{rounds}", "--json"]
        );
        run.RequireSuccess();
        var report = run.Json();
        RequireEqual(report);
        var kills = report.GetProperty("kills").EnumerateArray().ToList();
        Assert.Equal(rounds, kills.Count);
        Assert.All(kills, kill => Assert.True(kill.GetProperty("inFlight").GetBoolean(), kill.ToString()));
        Assert.All(kills, kill => Assert.True(kill.GetProperty("unsent").GetInt32() > 0, kill.ToString()));
        Assert.Equal(["payments", "shipping"], kills.Select(kill => kill.GetProperty("target").GetString()!).Distinct().Order());
    }

    [Fact]
    public async Task Serving_shop_answers_until_it_is_asked_to_stop_and_ends_with_its_verdict()
    {
        await using var shop = ServedSample.Start("Shop", "--serve", "--orders", "60");
        var pay = (await shop.FindAsync(@"curl -X POST (\S+/payment)", SampleProcess.Patience)).Groups[1].Value;
        var read = (await shop.FindAsync(@"curl '(\S+\?after=)TOKEN'", TimeSpan.FromMinutes(1))).Groups[1].Value;
        using var client = new HttpClient();
        using var paid = await client.PostAsync(pay, null, TestContext.Current.CancellationToken);
        using var answer = JsonDocument.Parse(await paid.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var token = answer.RootElement.GetProperty("token").GetString()!;
        // Read at shipping, by the token that orders answered with.
        var order = await client.GetStringAsync(read + Uri.EscapeDataString(token), TestContext.Current.CancellationToken);
        Assert.Contains("Paid", order, StringComparison.Ordinal);
        var run = await shop.InterruptAsync(SampleProcess.Patience);
        run.RequireSuccess();
        Assert.Contains("all replicas equal their source", run.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Restored_source_is_followed_back_and_every_lost_key_is_told(bool processes)
    {
        string[] how = processes ? ["--processes"] : [];
        var run = await SampleProcess.RunAsync("Shop", SampleProcess.Patience, ["--orders", "400", "--restore", "--json", .. how]);
        run.RequireSuccess();
        var report = run.Json();
        RequireEqual(report);
        var restore = report.GetProperty("restore");
        Assert.True(restore.GetProperty("epochAfter").GetInt64() > restore.GetProperty("epochBefore").GetInt64());
        Assert.True(restore.GetProperty("requestsLost").GetInt64() > 0);
        var replicas = restore.GetProperty("wentBack").EnumerateObject().ToList();
        Assert.Equal(Replicas, replicas.Select(r => r.Name).Order(StringComparer.Ordinal));
        Assert.All(replicas, r => Assert.Equal(Sum(r.Value, "lost"), Sum(r.Value, "reported")));
        Assert.All(replicas.Where(r => r.Name.EndsWith("order.v1", StringComparison.Ordinal)), r => Assert.True(Sum(r.Value, "lost") > 0));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Source_and_targets_roll_to_a_second_major_while_orders_flow(bool processes)
    {
        string[] how = processes ? ["--processes"] : [];
        using var directory = new TempDirectory();
        var data = directory.File("shop");
        var run = await SampleProcess.RunAsync(
            "Shop",
            SampleProcess.Patience,
            ["--orders", "300", "--upgrade", "--json", "--data", data, .. how]
        );
        run.RequireSuccess();
        var report = run.Json();
        RequireEqual(report, [.. Replicas.Select(name => name.Replace("order.v1", "order.v2", StringComparison.Ordinal))]);
        var upgrade = report.GetProperty("upgrade");
        Assert.True(Sum(upgrade, "changed") > 0);
        var moves = upgrade.GetProperty("moves").EnumerateArray().ToList();
        Assert.Equal(
            ["shipping between", "orders between", "payments second", "shipping second", "notifications second", "orders second"],
            moves.Select(move => $"{move.GetProperty("service").GetString()} {move.GetProperty("to").GetString()}")
        );
        Assert.All(moves, move => Assert.True(Sum(move, "requests") > 0, move.ToString()));
        // What the replicas had of the first major was kept, and said again in the second at the revision it had.
        Assert.All(
            report.GetProperty("replicas").EnumerateArray(),
            replica => Assert.Equal(IsOfOrders(replica), Sum(replica, "replacedByMove") > 0)
        );
        // Each move is a stop in the midst of work; only the one that was killed may have done something again.
        Assert.All(
            report
                .GetProperty("replicas")
                .EnumerateArray()
                .Where(r => IsOfOrders(r) && !r.GetProperty("name").ValueEquals("payments/shop.order.v2")),
            replica => Assert.Equal(0, Sum(replica, "repeatedByKills"))
        );
        await RequireVerdictThatCanFailAsync(data);
    }

    [Theory]
    [InlineData("--nonsense")]
    [InlineData("--orders")]
    [InlineData("--orders", "many")]
    [InlineData("--orders", "0")]
    [InlineData("--seed", "-1")]
    [InlineData("--role", "bakery", "--data", "x")]
    [InlineData("--role", "orders")]
    [InlineData("--role", "orders", "--data", "x", "--generation", "third")]
    public async Task Command_line_that_makes_no_sense_is_answered_with_usage(params string[] arguments)
    {
        var run = await SampleProcess.RunAsync("Shop", TimeSpan.FromMinutes(1), arguments);
        Assert.Equal(2, run.Code);
        Assert.Contains("Usage: Shop", run.Errors);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task Directory_that_is_not_empty_is_refused_and_left_alone()
    {
        using var copy = shop.Copy();
        var before = Directory.GetFiles(copy.Path).Length;
        var run = await SampleProcess.RunAsync("Shop", TimeSpan.FromMinutes(1), "--data", copy.Path, "--json");
        Assert.Equal(1, run.Code);
        Assert.Contains("is not empty", run.Errors);
        Assert.False(run.Json().GetProperty("equal").GetBoolean());
        Assert.Equal(before, Directory.GetFiles(copy.Path).Length);
    }

    // By the sample's own record. What a kill cut off comes again: at most what was being handled at once, four by default.
    private static void RequireEffectsOnce(JsonElement replica, int kills)
    {
        if (replica.GetProperty("name").GetString() == "notifications/shop.customer.v1")
        {
            Assert.Equal(JsonValueKind.Null, replica.GetProperty("handled").ValueKind);
            return;
        }
        Assert.True(Sum(replica, "handled") > 0);
        Assert.Equal(0, Sum(replica, "handledTwice"));
        Assert.InRange(Sum(replica, "repeatedByKills"), 0, 4 * kills);
    }

    private static async Task RequireVerdictThatCanFailAsync(string data)
    {
        var payments = Path.Combine(data, "payments.db");
        var newest = (await new ReplicaFile(payments, "shop.order.v2").NewestHandledAsync(TestContext.Current.CancellationToken)).First();
        var next = new StateRevision(newest.Value.Epoch, newest.Value.Number + 1);
        Assert.True((await CompareAsync(newest.Value)).Equal);
        // A change that no handler heard of, and more replacements than there are rows.
        Assert.False((await CompareAsync(next)).Equal);
        await using (var connection = new SqliteConnection($"Data Source={payments};Pooling=False"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "UPDATE statecast_replica SET applied = applied + keys + 1000, received = received + keys + 1000";
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        Assert.False((await CompareAsync(newest.Value)).Equal);

        Task<ReplicaVerdict> CompareAsync(StateRevision answered) =>
            new Comparison(
                new SourceFile(Path.Combine(data, "orders.db")),
                new Dictionary<Guid, string>(),
                upgrade: new([], new Dictionary<string, StateRevision> { [newest.Key] = answered })
            ).CompareAsync<OrderStateV2>("payments", payments, null, TestContext.Current.CancellationToken);
    }

    private static bool IsOfOrders(JsonElement replica) =>
        replica.GetProperty("name").GetString()!.Contains("shop.order", StringComparison.Ordinal);

    private static long Sum(JsonElement replica, string name) => replica.GetProperty(name).GetInt64();

    private static void RequireEqual(JsonElement report) => RequireEqual(report, Replicas);

    private static void RequireEqual(JsonElement report, string[] names)
    {
        var kills = report.GetProperty("kills").GetArrayLength();
        Assert.True(report.GetProperty("equal").GetBoolean(), report.ToString());
        Assert.True(report.GetProperty("seconds").GetDouble() > 0);
        var replicas = report.GetProperty("replicas").EnumerateArray().ToList();
        Assert.Equal(names, replicas.Select(r => r.GetProperty("name").GetString()!).Order(StringComparer.Ordinal));
        Assert.All(
            replicas,
            replica =>
            {
                Assert.True(replica.GetProperty("equal").GetBoolean(), replica.ToString());
                Assert.True(replica.GetProperty("keys").GetInt64() > 0);
                Assert.True(replica.GetProperty("applied").GetInt64() >= replica.GetProperty("keys").GetInt64());
                Assert.Equal(0, replica.GetProperty("parked").GetInt64());
                Assert.Equal(0, replica.GetProperty("waiting").GetInt64());
                Assert.Equal(0, replica.GetProperty("appliedTwice").GetInt64());
                Assert.Equal(
                    Sum(replica, "received"),
                    Sum(replica, "applied") + Sum(replica, "superseded") + Sum(replica, "parked") + Sum(replica, "dropped")
                );
                RequireEffectsOnce(replica, kills);
                Assert.InRange(replica.GetProperty("staleness").GetDouble(), 0, 60);
            }
        );
    }
}
