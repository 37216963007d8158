using Statecast.Events;
using Statecast.Replicas;
using Statecast.Replicas.InMemory;
using Statecast.Serialization;
using Statecast.Transport;
using Xunit;
using static Statecast.Tests.Hosting.ScriptedTransport;

namespace Statecast.Tests.Hosting;

/// <summary>Waiting for a token while an event of its key is parked.</summary>
public sealed class WaitTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly ScriptedTransport _transport = new();

    [Fact]
    public async Task Wait_goes_on_when_an_older_event_is_parked()
    {
        await using var host = await Live();
        var before = Wait(host, 3);
        _transport.Deliver(Bad(2));
        await TargetHost.Until(() => host.Statecast.Replicas[0].Parked == 1);
        var after = Wait(host, 3);
        _transport.Deliver(Event(new(1, "good"), 3));
        await before;
        await after;
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    public async Task Wait_ends_when_its_event_or_a_newer_one_is_parked(long revision)
    {
        await using var host = await Live();
        var before = Wait(host, revision);
        _transport.Deliver(Bad(2));
        await Assert.ThrowsAsync<StateParkedException>(() => before);
        // One that begins later hears the same, and does not use up its time.
        var after = Wait(host, revision, TimeSpan.FromDays(1));
        await Assert.ThrowsAsync<StateParkedException>(() => after.WaitAsync(Patience));
    }

    [Fact]
    public async Task Wait_ends_when_an_event_without_envelope_is_parked()
    {
        await using var host = await Live();
        var before = Wait(host, 9);
        _transport.DeliverRaw(new ReceivedEvent(null, 0, "1", "no envelope"));
        await Assert.ThrowsAsync<StateParkedException>(() => before);
        await Assert.ThrowsAsync<StateParkedException>(() => Wait(host, 9, TimeSpan.FromDays(1)).WaitAsync(Patience));
    }

    [Fact]
    public async Task Late_state_behind_an_older_parked_one_is_late_not_parked()
    {
        await using var host = await Live();
        _transport.Deliver(Bad(2));
        await TargetHost.Until(() => host.Statecast.Replicas[0].Parked == 1);
        await Assert.ThrowsAsync<ReplicaBehindException>(() => Wait(host, 3, TimeSpan.FromMilliseconds(20)));
    }

    [Fact]
    public async Task Wait_that_began_before_the_store_was_open_sees_what_is_in_it()
    {
        var store = new MemoryReplicaStore();
        var contract = ContractOf<NoteState>();
        await store.OpenAsync(new(contract.Destination, [], [], default, true), default);
        await using (var unit = await store.BeginAsync([], default))
        {
            var said = Event(new(1, "here"), 2);
            var plan = new ReplicaPlan { LayoutHash = default(Fingerprint) };
            plan.Rows.Add(
                new()
                {
                    Key = "1",
                    Revision = said.Revision,
                    Deleted = false,
                    Operation = said.Operation,
                    Codec = said.Codec,
                    Schema = said.Schema,
                    Content = said.Content,
                    Body = said.Body,
                    CapturedAt = said.CapturedAt,
                }
            );
            plan.Park.Add(
                new()
                {
                    Key = "2",
                    Reason = "no envelope",
                    ParkedAt = DateTimeOffset.UnixEpoch,
                }
            );
            await unit.CommitAsync(plan, default);
        }
        await using var host = new TargetHost(_transport, r => r.In(_ => store));
        var here = Wait(host, 2);
        var parked = Wait(host, 2, key: "2");
        await host.StartAsync();
        await here;
        await Assert.ThrowsAsync<StateParkedException>(() => parked);
    }

    private async Task<TargetHost> Live()
    {
        var host = await new TargetHost(_transport).StartAsync();
        _transport.Deliver();
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        return host;
    }

    private static StateEvent Bad(long revision) => Event(new(1, "bad"), revision) with { Body = "{}"u8.ToArray() };

    private static Task Wait(TargetHost host, long revision, TimeSpan? patience = null, string key = "1") =>
        host.Replica.WaitForAsync(new("test.note", key, new(1, revision)), patience ?? Patience).AsTask();
}
