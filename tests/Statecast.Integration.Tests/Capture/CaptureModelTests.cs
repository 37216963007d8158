using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>Random units of work: after every commit the newest captured state of every key equals the map of the rows as a fresh context reads them.</summary>
public sealed class CaptureModelTests
{
    private const int Worlds = 10;
    private const int ScriptsPerWorld = 200;

    private static readonly string[] MustHappen =
    [
        "commit by EF Core",
        "commit by ADO.NET",
        "lost before COMMIT",
        "lost after COMMIT",
        "transaction retried",
        "rollback",
        "transaction disposed",
        "savepoint rolled back",
        "pooled context used again",
        "new context",
        "stale context",
        "failed save retried",
        "optimistic failure mended",
        "failed: Planted",
        "failed: DbUpdateException",
        "failed: DbUpdateConcurrencyException",
        "failed: OperationCanceledException",
        "Order made again under its key",
        "Ticket made again under its key",
        "RecreateOrder",
        "AddShipment",
        "ChangeDoc",
    ];

    [Fact]
    public async Task Captured_states_equal_the_rows_after_every_commit()
    {
        var replay = Environment.GetEnvironmentVariable("STATECAST_CAPTURE_SEED");
        var seeds = replay is null ? Enumerable.Range(1, Worlds).Select(i => i * 7919) : [int.Parse(replay, null)];
        var covered = new Dictionary<string, int>();
        var captured = 0;
        foreach (var seed in seeds)
        {
            using var world = await ModelWorld.CreateAsync((Registration)(seed % 3), retries: seed % 2 == 0);
            await RunAsync(world, seed);
            captured += world.Captured;
            foreach (var (what, times) in world.Covered)
                covered[what] = covered.GetValueOrDefault(what) + times;
        }
        if (replay is not null)
            return;
        // Scripts that do nothing would prove nothing.
        Assert.True(captured > Worlds * ScriptsPerWorld, $"Only {captured} events were captured.");
        var rare = MustHappen.Where(m => covered.GetValueOrDefault(m) < 10).ToList();
        Assert.True(
            rare.Count == 0,
            $"Hardly ever: {string.Join(", ", rare)}. All: {string.Join(", ", covered.OrderBy(c => c.Key).Select(c => $"{c.Key} {c.Value}"))}"
        );
    }

    private static async Task RunAsync(ModelWorld world, int seed)
    {
        for (var i = 0; i < ScriptsPerWorld; i++)
        {
            var script = new UnitOfWorkScript(HashCode(seed, i), world);
            try
            {
                await script.RunAsync();
                // What did not commit left nothing behind.
                world.AssertCapturedEqualsRows();
            }
            catch (Exception failure)
            {
                Assert.Fail(
                    $"Script {i} of seed {seed} failed; replay with STATECAST_CAPTURE_SEED={seed}.\nIt did: {script.Story}\n{failure}"
                );
            }
        }
        world.AssertHeadsEqualOutbox();
    }

    // The runtime's own HashCode differs from run to run.
    private static int HashCode(int seed, int script) => unchecked(seed * 486187739 + script);
}
