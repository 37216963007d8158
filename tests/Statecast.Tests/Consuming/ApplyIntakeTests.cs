using Microsoft.Extensions.Time.Testing;
using Statecast.Consuming;
using Statecast.Events;
using Statecast.Replicas.InMemory;
using Statecast.Serialization;
using Statecast.Tests.Hosting;
using Statecast.Transport;
using Xunit;

namespace Statecast.Tests.Consuming;

/// <summary>The end of an intake, while its receiver still waits.</summary>
public sealed class ApplyIntakeTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Receive_that_waits_is_ended_and_awaited_before_the_receiver_may_go()
    {
        var receiver = new SlowToEnd();
        var intake = new ApplyIntake(Subscription(), receiver, TimeProvider.System, Ct);
        var coming = intake.Coming();
        await receiver.Waiting.Task.WaitAsync(Ct);

        var disposal = intake.DisposeAsync().AsTask();
        await receiver.Cancelled.Task.WaitAsync(TimeSpan.FromSeconds(10), Ct);
        // It was told to end, and has not yet: whoever disposes the receiver now would do it under its feet.
        Assert.False(disposal.IsCompleted);
        receiver.MayEnd.SetResult();
        await disposal.WaitAsync(TimeSpan.FromSeconds(10), Ct);

        Assert.True(coming.IsCanceled);
    }

    [Fact]
    public async Task What_comes_in_drops_is_left_to_gather_until_the_replica_is_complete()
    {
        var clock = new WaitedFor();
        var receiver = new Drops();
        await using var intake = new ApplyIntake(Subscription(inMemory: false), receiver, clock, Ct);

        intake.Done(await intake.TakeAsync());
        var second = intake.Coming();
        // It is asked for on another thread.
        await clock.Waiting.Task.WaitAsync(TimeSpan.FromSeconds(10), Ct);
        clock.Advance(ApplyIntake.Gather - TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, receiver.Asked);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        await second.WaitAsync(TimeSpan.FromSeconds(10), Ct);
        Assert.Equal(2, receiver.Asked);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 100)]
    [InlineData(false, 0)]
    public async Task Nothing_is_left_to_gather_in_memory_nor_where_a_delivery_was_full_or_empty(bool inMemory, int events)
    {
        var receiver = new Drops { Events = events };
        await using var intake = new ApplyIntake(Subscription(inMemory), receiver, new FakeTimeProvider(), Ct);

        // No time passes here.
        intake.Done(await intake.TakeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), Ct));
        intake.Done(await intake.TakeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), Ct));

        Assert.InRange(receiver.Asked, 2, 3);
    }

    private static Subscription Subscription(bool inMemory = true)
    {
        var world = new PlannerWorld();
        return new()
        {
            Target = "tests",
            Instance = null,
            Reads = ScriptedTransport.ContractOf<NoteState>(),
            Contract = ScriptedTransport.ContractOf<NoteState>(),
            Transport = new ScriptedTransport(),
            Store = new MemoryReplicaStore(),
            Layout = world.Layout,
            Reader = new StateReader<NoteState>(ScriptedTransport.ContractOf<NoteState>(), new Dictionary<string, IStateCodec>(), []),
            Planner = world.Planner,
            Rules = ApplyRules.Default,
            Status = new(world.Layout.Name, TimeProvider.System),
            Limits = new(100, 100, 1 << 20, 1 << 10, 2 << 20),
            Beat = TimeSpan.FromSeconds(1),
            InMemory = inMemory,
        };
    }

    /// <summary>A clock that says when somebody waits for it.</summary>
    private sealed class WaitedFor : FakeTimeProvider
    {
        public TaskCompletionSource Waiting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Waiting.TrySetResult();
            return timer;
        }
    }

    /// <summary>A receiver that has so many events at each call.</summary>
    private sealed class Drops : ITransportReceiver
    {
        private static readonly LaneId Lane = new(ScriptedTransport.ContractOf<NoteState>().Destination, 0);

        public int Events { get; init; } = 1;

        public int Asked { get; private set; }

        public ValueTask<Delivery> ReceiveAsync(int maxEvents, CancellationToken ct)
        {
            Asked++;
            var events = Enumerable.Range(0, Events).Select(i => new ReceivedEvent(null, i, $"{i}", "no envelope"));
            return new(new Delivery { Batches = [new(Lane, [.. events], Events, AtTail: false)] });
        }

        public ValueTask SeekAsync(LaneId lane, long position, CancellationToken ct) => ValueTask.CompletedTask;

        public ValueTask AcknowledgeAsync(Delivery delivery, CancellationToken ct) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>A receiver that nothing comes to, and that takes its time when it is cancelled.</summary>
    private sealed class SlowToEnd : ITransportReceiver
    {
        public TaskCompletionSource Waiting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public TaskCompletionSource MayEnd { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async ValueTask<Delivery> ReceiveAsync(int maxEvents, CancellationToken ct)
        {
            await using var registration = ct.Register(Cancelled.SetResult);
            Waiting.SetResult();
            await Cancelled.Task;
            await MayEnd.Task;
            throw new OperationCanceledException(ct);
        }

        public ValueTask SeekAsync(LaneId lane, long position, CancellationToken ct) => ValueTask.CompletedTask;

        public ValueTask AcknowledgeAsync(Delivery delivery, CancellationToken ct) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
