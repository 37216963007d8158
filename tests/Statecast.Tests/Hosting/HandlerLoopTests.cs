using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Statecast.Consuming;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Replicas.InMemory;
using Xunit;
using static Statecast.Tests.Hosting.ScriptedTransport;

namespace Statecast.Tests.Hosting;

/// <summary>Handlers that hang, block or take their time: what of the others' work goes on.</summary>
public sealed class HandlerLoopTests
{
    private readonly ScriptedTransport _transport = new();
    private readonly Calls _calls = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hanging_call_delays_its_own_key_only(bool blocksItsThread)
    {
        _calls.BlocksItsThread = blocksItsThread;
        await using var host = await StartAsync(concurrency: 2);
        _transport.Deliver(Event(new(1, "hang"), 1));
        await TargetHost.Until(() => _calls.Running == 1);
        // One after the other, of more keys than places, and the hanging key's newer state too.
        for (var id = 2; id <= 6; id++)
        {
            var key = $"{id}";
            _transport.Deliver(Event(new(id, "a"), 1), Event(new(1, "newer"), id));
            await TargetHost.Until(() => _calls.Done.Any(c => c.Key == key));
        }
        Assert.DoesNotContain(_calls.Done, c => c.Key == "1");
        _calls.Release();
        await TargetHost.Until(() => _calls.Done.Count(c => c.Key == "1") == 2);
        var (first, second) = (_calls.Done.First(c => c.Key == "1"), _calls.Done.Last(c => c.Key == "1"));
        Assert.Equal(("hang", "newer"), (first.Current?.Text, second.Current?.Text));
        Assert.Equal("hang", second.Previous?.Text);
        Assert.Equal(1, _calls.MostOfOneKey);
    }

    [Fact]
    public async Task Places_are_filled_again_as_calls_end_and_never_exceeded()
    {
        await using var host = await StartAsync(concurrency: 3);
        _transport.Deliver([.. Enumerable.Range(1, 3).Select(id => Event(new(id, "hang"), 1))]);
        await TargetHost.Until(() => _calls.Running == 3);
        _transport.Deliver([.. Enumerable.Range(4, 5).Select(id => Event(new(id, "hang"), 1))]);
        // One ends: its place goes to another key while the other two still hang.
        _calls.ReleaseOne();
        await TargetHost.Until(() => _calls.Done.Count == 1 && _calls.Running == 3);
        _calls.Release();
        await TargetHost.Until(() => _calls.Done.Count == 8);
        Assert.Equal((3, 1), (_calls.Most, _calls.MostOfOneKey));
        Assert.Equal(8, _calls.Done.Select(c => c.Key).Distinct().Count());
    }

    [Fact]
    public async Task Calls_in_flight_do_not_fill_the_page_of_what_is_due()
    {
        await using var host = await StartAsync(concurrency: 300);
        _transport.Deliver([.. Enumerable.Range(1, 250).Select(id => Event(new(id, "hang"), 1))]);
        await TargetHost.Until(() => _calls.Running == 250);
        _transport.Deliver(Event(new(1000, "a"), 1));
        await TargetHost.Until(() => _calls.Done.Any(c => c.Key == "1000"));
        _calls.Release();
        await TargetHost.Until(() => _calls.Done.Count == 251);
    }

    [Fact]
    public async Task Stop_cancels_a_hanging_call_and_waits_for_its_end()
    {
        var host = await StartAsync(concurrency: 2);
        _transport.Deliver(Event(new(1, "hang"), 1));
        await TargetHost.Until(() => _calls.Running == 1);
        await host.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal((0, 1), (_calls.Running, _calls.Cancelled));
    }

    [Fact]
    public async Task Store_that_fails_a_completion_leaves_calls_in_flight_alone()
    {
        var store = new InterceptedStore(new MemoryReplicaStore()) { CompletionsToFail = 2 };
        await using var host = await StartAsync(concurrency: 2, store);
        _transport.Deliver(Event(new(1, "hang"), 1));
        await TargetHost.Until(() => _calls.Running == 1);
        _transport.Deliver(Event(new(2, "a"), 1));
        // Twice the loop fails and is started again; the change is told again each time, the hanging one is not called a second time.
        await TargetHost.Until(() => _calls.Done.Count(c => c.Key == "2") == 3 && store.Completed == 1);
        Assert.Equal((1, 1), (_calls.Running, _calls.MostOfOneKey));
        _calls.Release();
        await TargetHost.Until(() => store.Completed == 2);
        Assert.Single(_calls.Done, c => c.Key == "1");
    }

    [Fact]
    public async Task Idle_waits_for_a_retry_behind_many_stalled_changes()
    {
        var store = new MemoryReplicaStore();
        var contract = ContractOf<NoteState>();
        await store.OpenAsync(new(contract.Destination, [], [nameof(Slow)], default, true), TestContext.Current.CancellationToken);
        await using (var unit = await store.BeginAsync([], TestContext.Current.CancellationToken))
        {
            var plan = new ReplicaPlan();
            for (var id = 1; id <= 250; id++)
                plan.Pending.Add(Pending(Event(new(id, "stalled"), 1), null));
            plan.Pending.Add(Pending(Event(new(1000, "later"), 1), DateTimeOffset.UtcNow.AddHours(1)));
            await unit.CommitAsync(plan, TestContext.Current.CancellationToken);
        }
        await using var host = await StartAsync(concurrency: 2, store);
        var idle = host.Statecast.WhenIdleAsync(TestContext.Current.CancellationToken);
        _transport.Deliver();
        await Task.WhenAny(idle, Task.Delay(100, TestContext.Current.CancellationToken));
        Assert.False(idle.IsCompleted);
        var due = await store.Inbox.PendingAsync(DateTimeOffset.MaxValue, 10, TestContext.Current.CancellationToken);
        await store.Inbox.CompleteAsync(Assert.Single(due), TestContext.Current.CancellationToken);
        await idle.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    private async Task<TargetHost> StartAsync(int concurrency, IReplicaStore? store = null)
    {
        var host = await new TargetHost(
            _transport,
            r => r.In(_ => store ?? new MemoryReplicaStore()).On<Slow>(),
            s => s.AddSingleton(_calls).Configure<StatecastOptions>(o => o.Handlers.Concurrency = concurrency)
        ).StartAsync();
        _transport.Deliver();
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        return host;
    }

    private static PendingChange Pending(StateEvent said, DateTimeOffset? next) =>
        new()
        {
            Handler = nameof(Slow),
            Key = said.Key,
            Revision = said.Revision,
            Operation = said.Operation,
            Current = new(said.Codec, said.Schema, said.Body),
            CapturedAt = said.CapturedAt,
            NextTry = next,
        };

    private sealed class Calls
    {
        private readonly ConcurrentDictionary<string, int> _running = new();
        private readonly SemaphoreSlim _gate = new(0);
        private readonly Lock _lock = new();
        private int _cancelled;

        public ConcurrentQueue<StateChange<NoteState>> Done { get; } = [];
        public bool BlocksItsThread { get; set; }
        public int Running => _running.Values.Sum();
        public int Cancelled => _cancelled;
        public int Most { get; private set; }
        public int MostOfOneKey { get; private set; }

        public void Release() => _gate.Release(1000);

        public void ReleaseOne() => _gate.Release();

        public async Task Handle(StateChange<NoteState> change, CancellationToken ct)
        {
            Enter(change.Key);
            try
            {
                if (change.Current?.Text == "hang" && BlocksItsThread)
                    _gate.Wait(ct);
                else if (change.Current?.Text == "hang")
                    await _gate.WaitAsync(ct);
                Done.Enqueue(change);
            }
            catch (OperationCanceledException)
            {
                await Task.Delay(50, CancellationToken.None);
                Interlocked.Increment(ref _cancelled);
                throw;
            }
            finally
            {
                _running.AddOrUpdate(change.Key, 0, (_, n) => n - 1);
            }
        }

        private void Enter(string key)
        {
            lock (_lock)
            {
                MostOfOneKey = Math.Max(MostOfOneKey, _running.AddOrUpdate(key, 1, (_, n) => n + 1));
                Most = Math.Max(Most, Running);
            }
        }
    }

    private sealed class Slow(Calls calls) : IStateHandler<NoteState>
    {
        public Task HandleAsync(StateChange<NoteState> change, CancellationToken ct) => calls.Handle(change, ct);
    }
}
