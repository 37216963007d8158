using System.Globalization;
using Statecast.Simulation.Checks;
using Statecast.Simulation.Engine;
using Xunit;

namespace Statecast.Simulation;

/// <summary>
/// STATECAST_SEEDS sets how many seeds run (default 1,000), STATECAST_SEED replays one with its whole trace; either under a planted bug with STATECAST_BUG.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private static readonly int Seeds = int.Parse(
        Environment.GetEnvironmentVariable("STATECAST_SEEDS") ?? "1000",
        CultureInfo.InvariantCulture
    );

    public static TheoryData<string> Bugs => [.. PlantedBug.All.Select(b => b.Name)];

    [Fact]
    public void Every_seed_keeps_every_promise_and_every_fault_happens()
    {
        var bug = Environment.GetEnvironmentVariable("STATECAST_BUG");
        var rules = bug is null ? SimRules.Protocol : PlantedBug.All.Single(b => b.Name == bug).Rules;
        if (Environment.GetEnvironmentVariable("STATECAST_SEED") is { } one)
        {
            var replayed = new SimWorld(ulong.Parse(one, CultureInfo.InvariantCulture), rules, Console.Out);
            Console.WriteLine($"seed {one}: {replayed.Described}");
            replayed.Run();
            return;
        }
        var failures = new List<(ulong Seed, string What)>();
        var coverage = new Coverage();
        Parallel.For(
            1,
            Seeds + 1,
            n =>
            {
                var (violation, world) = Run((ulong)n, rules);
                lock (failures)
                {
                    coverage.Add(world.Coverage);
                    if (violation is not null)
                        failures.Add(((ulong)n, Describe((ulong)n, violation, world, bug)));
                }
            }
        );
        output.WriteLine(coverage.ToString());
        Assert.True(failures.Count == 0, Describe(failures));
        if (Seeds < 1000)
            return;
        var never = Enum.GetValues<Event>().Where(e => coverage[e] == 0);
        Assert.Empty(never);
    }

    [Theory, MemberData(nameof(Bugs))]
    public void Planted_bug_trips_its_checker(string name)
    {
        var bug = PlantedBug.All.Single(b => b.Name == name);
        var others = new List<string>();
        for (var seed = 1UL; seed <= 1000; seed++)
        {
            var (found, world) = Run(seed, bug.Rules);
            if (found is not { } violation)
                continue;
            if (bug.Checkers.Contains((violation as Violation)?.Checker))
            {
                output.WriteLine(Describe(seed, violation, world, name));
                return;
            }
            others.Add(Describe(seed, violation, world, name));
        }
        Assert.Fail($"no seed trips {string.Join(" or ", bug.Checkers)}; tripped otherwise: {string.Join('\n', others.Take(5))}");
    }

    [Fact]
    public void Every_checker_has_a_planted_bug()
    {
        var checkers = typeof(Checker).GetFields().Select(f => (string)f.GetRawConstantValue()!);
        Assert.Equal(checkers.Order(), PlantedBug.All.SelectMany(b => b.Checkers).Distinct().Order());
    }

    [Fact]
    public void Same_seed_gives_the_same_trace()
    {
        for (var seed = 1UL; seed <= 20; seed++)
        {
            var first = Run(seed, SimRules.Protocol).World.Trace.Hash;
            var second = Run(seed, SimRules.Protocol).World.Trace.Hash;
            Assert.True(first == second, $"seed {seed} gave two traces");
        }
    }

    private static (Exception? Violation, SimWorld World) Run(ulong seed, SimRules rules)
    {
        var world = new SimWorld(seed, rules);
        try
        {
            world.Run();
            return (null, world);
        }
        // A defect that shows as an exception of the code under test is a finding like any other.
        catch (Exception e)
        {
            return (e, world);
        }
    }

    private static string Describe(List<(ulong Seed, string What)> failures) =>
        string.Join('\n', failures.OrderBy(f => f.Seed).Take(10).Select(f => f.What)) + $"\n{failures.Count} seeds failed";

    /// <summary>What happened, what the seed had decided, and the command that shows it again with its whole trace.</summary>
    private static string Describe(ulong seed, Exception violation, SimWorld world, string? bug = null)
    {
        var what = violation is Violation ? violation.Message : violation.ToString();
        var planted = bug is null ? "" : $" STATECAST_BUG='{bug}'";
        return $"seed {seed}: {what}\n    options: {world.Described}\n    replay: STATECAST_SEED={seed}{planted} dotnet run --project tests/Statecast.Simulation -c Release -- -method '*Every_seed*'";
    }
}
