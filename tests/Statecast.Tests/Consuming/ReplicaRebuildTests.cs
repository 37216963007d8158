using Microsoft.Extensions.Logging.Abstractions;
using Statecast.Consuming;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Serialization;
using Statecast.Tests.Hosting;
using Xunit;
using static Statecast.Tests.Consuming.PlannerWorld;

namespace Statecast.Tests.Consuming;

/// <summary>Rows that a new shape cannot read, beside events that are parked already.</summary>
public sealed class ReplicaRebuildTests
{
    private readonly PlannerWorld _world = new();

    [Fact]
    public async Task Newer_parked_event_is_kept_and_applied_by_the_new_shape()
    {
        await _world.Apply(Event("k", 1, "old one"));
        await _world.Apply(Event("k", 2, "bad in the old shape"));
        await Rebuild(readable: "bad");
        Assert.Equal(2, (await Parked("k"))?.Event?.Revision.Number);
        Assert.Equal((new ReplicaCounters(2, 1, 0, 0), 1), await _world.Sums());

        await Retry(readable: "bad");
        Assert.Equal("bad in the old shape", await _world.StateOf("k"));
        Assert.Equal((new ReplicaCounters(2, 2, 0, 0), 0), await _world.Sums());
    }

    [Fact]
    public async Task Parked_snapshot_of_the_rows_revision_is_kept()
    {
        await _world.Apply(Event("k", 1, "old one"));
        await _world.Apply(Event("k", 1, "bad in the old shape", StateOperation.Snapshot));
        await Rebuild(readable: "bad");
        Assert.Equal("bad in the old shape", (await Parked("k"))?.Reason);
    }

    [Fact]
    public async Task Row_counts_once_however_often_its_shape_changes()
    {
        await _world.Apply(Event("k", 1, "old one"), Event("l", 1, "old two"));
        await Rebuild(readable: "second");
        Assert.Equal((new ReplicaCounters(4, 2, 0, 0), 2), await _world.Sums());
        await Rebuild(readable: "third");
        Assert.Equal((new ReplicaCounters(4, 2, 0, 0), 2), await _world.Sums());
        await Retry(readable: "old");
        Assert.Equal((new ReplicaCounters(4, 4, 0, 0), 0), await _world.Sums());
    }

    [Fact]
    public async Task Event_without_envelope_came_later_and_is_kept()
    {
        await _world.Apply(Event("k", 1, "old one"));
        await Park(
            new()
            {
                Key = "k",
                Reason = "no envelope",
                ParkedAt = Now,
            }
        );
        await Rebuild(readable: "second");
        Assert.Equal("no envelope", (await Parked("k"))?.Reason);
        Assert.Equal((new ReplicaCounters(2, 1, 0, 0), 1), await _world.Sums());
    }

    [Fact]
    public async Task Older_parked_event_is_superseded_by_the_row()
    {
        await _world.Apply(Event("k", 2, "old two"));
        await Park(
            new()
            {
                Key = "k",
                Reason = "older",
                Event = Event("k", 1, "bad"),
                ParkedAt = Now,
            }
        );
        await Rebuild(readable: "second");
        Assert.Equal(2, (await Parked("k"))?.Event?.Revision.Number);
        Assert.Equal((new ReplicaCounters(3, 1, 1, 0), 1), await _world.Sums());
    }

    [Fact]
    public async Task Long_rebuild_shows_that_it_goes_on()
    {
        for (var from = 0; from < 2500; from += 500)
            await _world.Apply([.. Enumerable.Range(from, 500).Select(i => Event($"k{i}", 1, "old"))]);
        var beats = 0;
        await Rebuild(readable: "old", () => beats++);
        Assert.Equal(2, beats);
    }

    private async Task Park(ParkedEvent parked)
    {
        await using var unit = await _world.Store.BeginAsync([parked.Key], default);
        var plan = new ReplicaPlan { Counters = new(1, 0, 0, 0) };
        plan.Park.Add(parked);
        await unit.CommitAsync(plan, default);
    }

    private async Task<ParkedEvent?> Parked(string key)
    {
        await using var unit = await _world.Store.BeginAsync([key], default);
        return unit.FindParked(key);
    }

    private async Task Rebuild(string readable, Action? beat = null)
    {
        var contents = await _world.Store.OpenAsync(_world.Layout, default);
        var subscription = new Subscription
        {
            Target = "tests",
            Instance = null,
            Reads = ScriptedTransport.ContractOf<NoteState>(),
            Contract = ScriptedTransport.ContractOf<NoteState>(),
            Transport = new ScriptedTransport(),
            Store = _world.Store,
            Layout = _world.Layout,
            Reader = new ShapeReader(readable),
            Planner = _world.Planner,
            Rules = ApplyRules.Default,
            Status = new(_world.Layout.Name, TimeProvider.System),
            Limits = new(100, 100, 1 << 20, 1 << 10, 2 << 20),
            Beat = TimeSpan.FromSeconds(1),
        };
        await ReplicaRebuild.RunAsync(
            _world.Store,
            subscription,
            contents,
            NullLogger.Instance,
            TimeProvider.System,
            beat ?? (() => { }),
            default
        );
    }

    private async Task Retry(string readable)
    {
        var planner = new ApplyPlanner(_world.Layout, new ShapeReader(readable), ApplyRules.Default);
        var parked = await _world.Store.Inbox.ParkedAsync(default).ToListAsync(TestContext.Current.CancellationToken);
        await using var unit = await _world.Store.BeginAsync([.. parked.Select(p => p.Key)], default);
        await unit.CommitAsync(planner.Retry(parked, unit, true, 0, Now), default);
    }

    /// <summary>A shape that reads the texts that begin with its word.</summary>
    private sealed class ShapeReader(string readable) : IStateReader
    {
        public StateInspection Inspect(StateEvent stateEvent) =>
            System.Text.Encoding.UTF8.GetString(stateEvent.Body.Span).StartsWith(readable, StringComparison.Ordinal)
                ? StateInspection.Readable([])
                : StateInspection.Unreadable($"is not '{readable}'");

        public PatchedState Patch(StoredBody before, StateEvent patch) => throw new NotSupportedException();

        public Fingerprint? OwnFingerprint(StoredBody body) => Fingerprint.Of(body.Body.Span);
    }
}
