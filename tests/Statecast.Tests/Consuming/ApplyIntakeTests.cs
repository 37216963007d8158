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
        var intake = new ApplyIntake(Subscription(), receiver, Ct);
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

    private static Subscription Subscription()
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
        };
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
