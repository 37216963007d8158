using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Statecast.Consuming;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Replicas.InMemory;
using Statecast.Serialization;
using Xunit;
using static Statecast.Tests.Hosting.ScriptedTransport;

namespace Statecast.Tests.Hosting;

/// <summary>A handler after a break of shape: what it last finished with cannot be read any more.</summary>
public sealed class LostShapeTests
{
    private readonly ScriptedTransport _transport = new();

    [Fact]
    public async Task Handler_gets_no_previous_where_its_shape_is_lost_told_once()
    {
        var calls = new ConcurrentQueue<StateChange<NoteState>>();
        var log = new CapturedLogger();
        var store = await StoreOfAnOldShape("1", "2", "3");
        await using var host = await new TargetHost(
            _transport,
            r => r.In(_ => store).On<Recorder>(),
            s => s.AddSingleton(calls).AddSingleton<ILoggerProvider>(log)
        ).StartAsync();
        _transport.Deliver();
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        var delete = Event(new(3, ""), 2) with { Operation = StateOperation.Delete, Body = default, Content = null };
        _transport.Deliver(Event(new(1, "a"), 2), Event(new(2, "b"), 2), delete);
        await TargetHost.Until(() => calls.Count == 3);
        Assert.All(calls, c => Assert.Null(c.Previous));
        Assert.Equal(["", "a", "b"], calls.Select(c => c.Current?.Text ?? "").Order());
        Assert.Equal(StateOperation.Delete, calls.Single(c => c.Key == "3").Operation);
        Assert.Contains("'Recorder'", Assert.Single(log.Of(3008)));

        // From there on it is as before.
        _transport.Deliver(Event(new(1, "again"), 3));
        await TargetHost.Until(() => calls.Count == 4);
        Assert.Equal(("a", "again"), (calls.Last().Previous?.Text, calls.Last().Current?.Text));
        Assert.Empty(await host.Statecast.Parked.StalledAsync("test.note.v1").ToListAsync());
    }

    private static async Task<MemoryReplicaStore> StoreOfAnOldShape(params string[] keys)
    {
        var store = new MemoryReplicaStore();
        await store.OpenAsync(new("test.note.v1", [], [nameof(Recorder)], default, true), default);
        await using var unit = await store.BeginAsync(keys, default);
        var plan = new ReplicaPlan { LayoutHash = Fingerprint.Of("old"u8) };
        plan.Rows.AddRange(
            keys.Select(key => new ReplicaRow
            {
                Key = key,
                Revision = new(1, 1),
                Deleted = false,
                Operation = StateOperation.Upsert,
                Codec = "json",
                Schema = Fingerprint.Of("old"u8),
                Content = Fingerprint.Of("old"u8),
                Body = System.Text.Encoding.UTF8.GetBytes($"{{\"id\":{key},\"old\":\"x\"}}"),
                CapturedAt = DateTimeOffset.UnixEpoch,
                Seen = 1,
            })
        );
        await unit.CommitAsync(plan, default);
        return store;
    }

    private sealed class Recorder(ConcurrentQueue<StateChange<NoteState>> calls) : IStateHandler<NoteState>
    {
        public Task HandleAsync(StateChange<NoteState> change, CancellationToken ct)
        {
            calls.Enqueue(change);
            return Task.CompletedTask;
        }
    }
}
