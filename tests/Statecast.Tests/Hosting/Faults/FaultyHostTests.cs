using System.Globalization;
using Statecast.Events;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Tests.Hosting.Faults;

/// <summary>
/// The product's own loops, in hosts as a user builds them, against the hardest that the seams allow: lanes revoked while a batch is applied, sends without an
/// answer or that never return, redelivery without positions, logs made anew, stores that fail before and after a commit, hosts that stop in between.
/// </summary>
public sealed class FaultyHostTests
{
    private const string Destination = "test.note.v1";
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(90));

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    [InlineData(true, 3)]
    [InlineData(false, 1)]
    [InlineData(false, 2)]
    [InlineData(false, 3)]
    public async Task Replicas_on_a_log_equal_the_source_after_every_fault(bool conditional, int seed)
    {
        await using var world = new FaultyWorld(retained: true, conditional, seed);
        await world.StartAsync();
        await world.WriteAsync(60, _deadline.Token);
        await TargetHost.Until(() => world.InFile.Replica.State != ReplicaState.Empty);
        // A log that its source has not even looked at yet cannot be told from the one that takes its place.
        while (!world.HasSpoken)
            await Task.Delay(2, _deadline.Token);
        world.Transport.Recreate(Destination);
        await world.WriteAsync(60, _deadline.Token);
        await world.RestartSourceAsync();
        await world.WriteAsync(40, _deadline.Token);
        await world.StopInFileMidwayAsync(_deadline.Token);
        await world.WriteAsync(40, _deadline.Token);
        await world.InFile.StartAsync();
        await UntilHappened(world, "unknown send", "failed send", "hung send", "revoked lane", "lane revoked under way", "short read");
        world.Heal();
        await AssertEqual(world);

        // A log that is lost when all is quiet: nothing but the heartbeat can find it.
        world.Transport.Recreate(Destination);
        await AssertEqual(world);
        Assert.Equal(
            world.Source.Heads.Keys.Order(StringComparer.Ordinal),
            world.Transport.Records(Destination).Select(r => r.Key).Distinct().Order(StringComparer.Ordinal)
        );
        await AssertPromises(world);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Replicas_on_a_queue_equal_the_source_after_every_fault(int seed)
    {
        await using var world = new FaultyWorld(retained: false, conditional: false, seed);
        await world.StartAsync();
        await world.WriteAsync(80, _deadline.Token);
        await world.RestartSourceAsync();
        await world.WriteAsync(60, _deadline.Token);
        for (var times = 0; times < 4; times++)
        {
            // Nothing later says again what is in its hands then.
            await UntilSame(world, world.InFile);
            await world.StopInFileMidwayAsync(_deadline.Token);
            await world.InFile.StartAsync();
        }
        await UntilSame(world, world.InFile);
        await world.WriteAsync(60, _deadline.Token);
        await UntilHappened(
            world,
            "unknown send",
            "hung send",
            "revoked lane",
            "lane revoked under way",
            "lost acknowledgement",
            "overtaken"
        );
        world.Heal();
        await world.WhenSentAsync(_deadline.Token);
        await UntilSame(world, world.InMemory);
        await UntilSame(world, world.InFile);
        await AssertPromises(world);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Late_targets_of_a_queue_ask_until_they_equal_the_source(int seed)
    {
        await using var world = new FaultyWorld(retained: false, conditional: false, seed, answers: true);
        await world.StartSourceAsync();
        await world.WriteAsync(80, _deadline.Token);
        await world.StartTargetsAsync();
        await world.WriteAsync(40, _deadline.Token);
        await world.RestartSourceAsync();
        await world.WriteAsync(20, _deadline.Token);
        await world.StopInFileMidwayAsync(_deadline.Token);
        await world.InFile.StartAsync();
        await world.WriteAsync(20, _deadline.Token);
        await UntilHappened(world, "unknown send", "lost acknowledgement", "overtaken", "lost message");
        world.Heal();
        await world.WhenSentAsync(_deadline.Token);
        await world.InMemory.Statecast.WhenIdleAsync(_deadline.Token);
        await world.InFile.Statecast.WhenIdleAsync(_deadline.Token);
        foreach (var target in new[] { world.InMemory, world.InFile })
        {
            var (truth, states) = (world.Source.Rows, await StatesOf(target, ReadOptions.Complete));
            Assert.Equal(truth.OrderBy(r => r.Key), states.OrderBy(r => r.Key));
            Assert.True(target.Replica.Freshness.IsKnown);
        }
        await AssertPromises(world);
    }

    // A queue tells nobody when it is empty: the carrier is asked, since a Delete of what is deleted here already shows in no row.
    private async Task UntilSame(FaultyWorld world, FaultyTarget target)
    {
        while (world.Transport.Held(target.Name).Count > 0 || !Same(world.Source.Rows, await StatesOf(target, ReadOptions.Partial)))
        {
            if (_deadline.IsCancellationRequested)
                Assert.Fail(await world.DescribeAsync(target));
            await Task.Delay(5, CancellationToken.None);
        }
    }

    // Idle is a claim: what it says must hold at once, not some time later.
    private async Task AssertEqual(FaultyWorld world)
    {
        await world.WhenSentAsync(_deadline.Token);
        foreach (var target in new[] { world.InMemory, world.InFile })
        {
            await target.Statecast.WhenIdleAsync(_deadline.Token);
            var (truth, states) = (world.Source.Rows, await StatesOf(target, ReadOptions.Complete));
            Assert.Equal(truth.OrderBy(r => r.Key), states.OrderBy(r => r.Key));
            Assert.True(target.Replica.Freshness.IsKnown);
            foreach (var key in world.Source.Heads.Keys)
            {
                var told = target.Handled.GetValueOrDefault(key)?.Current;
                Assert.Equal(truth.GetValueOrDefault(int.Parse(key, CultureInfo.InvariantCulture)), told);
            }
        }
    }

    private static async Task AssertPromises(FaultyWorld world)
    {
        foreach (var target in new[] { world.InMemory, world.InFile })
        {
            Assert.Empty(target.Witness.Violations);
            foreach (var (key, head) in world.Source.Heads)
            {
                // Only a delete of a key that no target ever saw may be unknown here.
                if (await target.Store.FindAsync(key, TestContext.Current.CancellationToken) is not { } row)
                    Assert.Fail($"{key} at revision {head.Revision} is not in the replica.");
                else
                    Assert.Equal(
                        (head.Revision, head.Deleted, (long)target.Witness.RevisionsOf(key)),
                        (row.Revision.Number, row.Deleted, row.Writes)
                    );
            }
            var contents = await target.Store.OpenAsync(target.Store.Layout!, TestContext.Current.CancellationToken);
            var sums = contents.Counters;
            Assert.Equal(sums.Received, sums.Applied + sums.Superseded + contents.Parked + sums.Dropped);
            Assert.Equal((0L, 0L), (contents.Parked, sums.Dropped));
            Assert.True(sums.Applied >= contents.Keys);
            // What the running service says of itself is what is stored, also where a commit took effect without an answer.
            var status = target.Statecast.Replicas.Single();
            Assert.Equal((sums, contents.Keys), (status.Counters, status.Keys));
            Assert.Equal(world.Source.Rows.Count, contents.Keys);
        }
        Assert.True(world.StoreFailures > 0);
        await world.StopSourceAsync();
        var relay = world.Sums;
        Assert.Equal(relay.Seen, relay.Sent + relay.Coalesced + relay.Superseded);
        Assert.Equal(world.Source.Captured, relay.Seen);
        Assert.True(relay.Resent > 0);
    }

    // How often something may go wrong depends on the threads: what has not yet gets more to go wrong with.
    private async Task UntilHappened(FaultyWorld world, params string[] faults)
    {
        while (faults.Any(f => !world.Transport.Faults.ContainsKey(f)))
            await world.WriteAsync(5, _deadline.Token);
    }

    private static bool Same(IReadOnlyDictionary<int, NoteState> truth, IReadOnlyDictionary<int, NoteState> states) =>
        truth.Count == states.Count && truth.All(t => states.GetValueOrDefault(t.Key) == t.Value);

    private async Task<IReadOnlyDictionary<int, NoteState>> StatesOf(FaultyTarget target, ReadOptions options) =>
        await target
            .Replica.EnumerateAsync(options, TestContext.Current.CancellationToken)
            .ToDictionaryAsync(s => s.Key, s => s.Value, cancellationToken: TestContext.Current.CancellationToken);
}
