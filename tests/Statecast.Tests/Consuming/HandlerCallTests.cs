using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Statecast.Consuming;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Tests.Hosting;
using Xunit;

namespace Statecast.Tests.Consuming;

/// <summary>The call of a handler that is there already.</summary>
public sealed class HandlerCallTests
{
    private static readonly StateChange<NoteState> Change = new()
    {
        Key = "1",
        Operation = StateOperation.Upsert,
        Revision = new(1, 1),
        CapturedAt = DateTimeOffset.UnixEpoch,
    };

    [Theory, InlineData(1), InlineData(3)]
    public void Call_allocates_nothing(int handlers)
    {
        var counters = Enumerable.Range(0, handlers).Select(_ => new Counter()).ToArray();
        var calls = counters.Select(c => Registration().CallOf(c)).ToArray();
        Run(1_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(1_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.All(counters, c => Assert.Equal(2_000, c.Count));

        void Run(int times)
        {
            for (var i = 0; i < times; i++)
                foreach (var call in calls)
                    _ = call(Change, default);
        }
    }

    [Fact]
    public void Call_is_bound_once_to_a_singleton_and_anew_to_another_instance()
    {
        var registration = Registration();
        var (one, other) = (new Counter(), new Counter());
        var call = registration.CallOf(one);
        Assert.Same(call, registration.CallOf(one));
        _ = registration.CallOf(other)(Change, default);
        Assert.Equal((0, 1), (one.Count, other.Count));
    }

    [Fact]
    public async Task Scoped_handler_and_what_it_uses_are_not_kept_after_their_call()
    {
        await using var services = new ServiceCollection().AddScoped<Dependency>().AddScoped<Dependent>().BuildServiceProvider();
        var registration = new HandlerRegistration<NoteState, Dependent>(
            "dependent",
            replay: false,
            bestEffort: false,
            _ => throw new NotSupportedException(),
            NullLogger.Instance
        );
        var used = Call(services, registration);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.False(used.IsAlive);
        GC.KeepAlive(registration);
    }

    // A method of its own, whose locals are gone when it has returned.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Call(IServiceProvider services, HandlerRegistration<NoteState, Dependent> registration)
    {
        var pending = new PendingChange
        {
            Handler = "dependent",
            Key = "1",
            Operation = StateOperation.Delete,
            Revision = new(1, 1),
            CapturedAt = DateTimeOffset.UnixEpoch,
        };
        WeakReference? used = null;
        Dependent.Called = dependency => used = new(dependency);
        Assert.True(registration.CallAsync(services, pending, default).IsCompletedSuccessfully);
        Dependent.Called = null;
        return used!;
    }

    private static HandlerRegistration<NoteState, Counter> Registration() =>
        new("counter", replay: false, bestEffort: false, _ => throw new NotSupportedException(), NullLogger.Instance);

    private sealed class Counter : IStateHandler<NoteState>
    {
        public int Count { get; private set; }

        public Task HandleAsync(StateChange<NoteState> change, CancellationToken ct)
        {
            Count++;
            return Task.CompletedTask;
        }
    }

    /// <summary>As a DbContext is.</summary>
    private sealed class Dependency;

    private sealed class Dependent(Dependency dependency) : IStateHandler<NoteState>
    {
        public static Action<Dependency>? Called { get; set; }

        public Task HandleAsync(StateChange<NoteState> change, CancellationToken ct)
        {
            Called?.Invoke(dependency);
            return Task.CompletedTask;
        }
    }
}
