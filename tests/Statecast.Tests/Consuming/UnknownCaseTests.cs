using System.Text;
using Statecast.Consuming;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Replicas.InMemory;
using Statecast.Serialization;
using Statecast.Serialization.Json;
using Statecast.Tests.Serialization;
using Statecast.Transport;
using Xunit;

namespace Statecast.Tests.Consuming;

/// <summary>A target built before the source declared one more case.</summary>
public sealed class UnknownCaseTests
{
    private static readonly StateContract<Old.Thing> Contract = StateContract.Of<Old.Thing>();
    private static readonly LaneId Lane = new(Contract.Destination, 0);

    private readonly MemoryReplicaStore _store = new();
    private readonly ReplicaLayout _layout = new(Contract.Destination, [], [], Contract.SchemaFingerprint, Retained: true);
    private readonly ApplyPlanner _planner;

    public UnknownCaseTests() =>
        _planner = new(
            _layout,
            new StateReader<Old.Thing>(Contract, new Dictionary<string, IStateCodec> { ["json"] = new JsonStateCodec() }, []),
            ApplyRules.Default,
            0
        );

    [Fact]
    public async Task Unknown_case_is_parked_with_its_reason_beside_states_that_are_read()
    {
        await Apply(Event("1", 1, "{\"$type\":\"image\",\"pixels\":\"AQ==\"}"), Event("2", 1, "{\"$type\":\"text\",\"body\":\"b\"}"));
        var parked = Assert.Single(await _store.Inbox.ParkedAsync(default).ToListAsync(TestContext.Current.CancellationToken));
        Assert.Equal("1", parked.Key);
        Assert.StartsWith("remark.$type (byte ", parked.Reason, StringComparison.Ordinal);
        Assert.Contains("'image' is no case of Note that this contract declares (text, link)", parked.Reason, StringComparison.Ordinal);
        Assert.NotNull(await _store.FindAsync("2", default));
        Assert.Null(await _store.FindAsync("1", default));
    }

    [Fact]
    public async Task Later_state_of_a_known_case_supersedes_the_parked_one()
    {
        await Apply(Event("1", 1, "{\"$type\":\"image\",\"pixels\":\"AQ==\"}"));
        await Apply(Event("1", 2, "{\"$type\":\"link\",\"target\":\"t\"}"));
        Assert.Empty(await _store.Inbox.ParkedAsync(default).ToListAsync(TestContext.Current.CancellationToken));
        Assert.NotNull(await _store.FindAsync("1", default));
    }

    private static StateEvent Event(string key, long revision, string remark) =>
        new()
        {
            Contract = Contract.Name,
            Lane = Lane,
            Key = key,
            Revision = new(1, revision),
            Operation = StateOperation.Upsert,
            Codec = "json",
            Schema = StateContract.Of<New.Thing>().SchemaFingerprint,
            Content = Fingerprint.Of(Encoding.UTF8.GetBytes(remark)),
            Body = Encoding.UTF8.GetBytes($"{{\"id\":{key},\"title\":\"t\",\"mood\":\"Calm\",\"removed\":1,\"remark\":{remark}}}"),
            CapturedAt = PlannerWorld.Now,
            Source = "things",
        };

    private async Task Apply(params StateEvent[] events)
    {
        await _store.OpenAsync(_layout, default);
        var received = events.Select((e, i) => new ReceivedEvent(e, i)).ToList();
        var delivery = new Delivery { Batches = [new(Lane, received, received.Count, AtTail: true)] };
        await using var unit = await _store.BeginAsync(ApplyPlanner.KeysOf(delivery), default);
        await unit.CommitAsync(_planner.Plan(delivery, unit, live: true, floorEpoch: 0, PlannerWorld.Now), default);
    }
}
