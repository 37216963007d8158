using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.Conformance.Transport;
using Statecast.Hosting;
using Statecast.Outbox;
using Statecast.Tests.Hosting.Faults;
using Xunit;

namespace Statecast.Tests.Hosting;

/// <summary>A source that stops with sends under way.</summary>
public sealed class DrainTests
{
    [Fact]
    public async Task Sends_under_way_are_waited_for_and_the_lease_is_given_back()
    {
        var options = FaultyOptions.Calm(retained: true, conditionalAppend: true) with { FailedSend = 0.5, UnknownSend = 0.3 };
        await using var source = new Running(options);
        for (var id = 0; id < 200; id++)
            source.Rows.Save([new(id, new NoteState(id, "x"))]);
        await TargetHost.Until(() => source.Status is { Counters.Seen: > 0 });
        await source.Host.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal((RelayPhase.Stopped, 0L), (source.Status!.Phase, source.Status.InHand));
        var sums = source.Status.Counters;
        Assert.Equal(sums.Seen, sums.Sent + sums.Coalesced + sums.Superseded);
        Assert.Empty(source.Log.Of(2042).Concat(source.Log.Of(1005)));
        // Given back, so that the next need not wait for it to run out.
        Assert.Single(source.Log.Of(2004));
    }

    [Fact]
    public async Task Send_that_never_returns_is_left_behind_and_told()
    {
        var options = FaultyOptions.Calm(retained: true, conditionalAppend: true) with { HungSend = 0.999_999 };
        await using var source = new Running(options);
        source.Rows.Save([new(1, new NoteState(1, "x"))]);
        await TargetHost.Until(() => source.Transport.Faults.ContainsKey("hung send"));
        await source
            .Host.StopAsync(TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Contains("1 events are left to the next holder", Assert.Single(source.Log.Of(2042)));
        // The log asks the guard: whatever that send still does, the next holder need not wait for the lease to run out.
        Assert.Single(source.Log.Of(2004));
        Assert.Equal((RelayPhase.Stopped, 0L), (source.Status!.Phase, source.Status.InHand));
    }

    [Fact]
    public async Task Disposal_without_a_stop_waits_for_the_loops()
    {
        var options = FaultyOptions.Calm(retained: true, conditionalAppend: true) with { FailedSend = 0.5, UnknownSend = 0.3 };
        await using var source = new Running(options);
        for (var id = 0; id < 200; id++)
            source.Rows.Save([new(id, new NoteState(id, "x"))]);
        await TargetHost.Until(() => source.Status is { Counters.Seen: > 0 });
        var relay = source.Relay;
        source.Host.Dispose();
        Assert.Equal((RelayPhase.Stopped, 0L), (relay.Status!.Phase, relay.Status.InHand));
        Assert.Single(source.Log.Of(1003));
        Assert.Single(source.Log.Of(2004));
    }

    private sealed class Running : IAsyncDisposable
    {
        private readonly RunningClock _clock = new();

        public Running(FaultyOptions options)
        {
            Transport = new(options, 1);
            Rows = new(_clock.Time);
            var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
            builder.Logging.ClearProviders().AddProvider(Log);
            builder.Services.AddSingleton<TimeProvider>(_clock.Time);
            builder.Services.AddStatecast(
                "notes",
                s =>
                    s.AddTransport(Transport.Carrier, _ => Transport)
                        .AddSource(_ => Rows)
                        .Configure(FaultyWorld.Quick)
                        // A send that hangs outlasts the relay's drain.
                        .Configure(o =>
                            (o.Relay.DeliveryTimeout, o.Relay.LeaseDuration) = (TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2))
                        )
            );
            Host = builder.Build();
            Host.Start();
        }

        public IHost Host { get; }

        public FaultyTransport Transport { get; }

        public MemorySource Rows { get; }

        public CapturedLogger Log { get; } = new();

        public RelayRunner Relay =>
            Host.Services.GetRequiredService<StatecastRuntime>().Loops.Select(l => l.Loop).OfType<RelayRunner>().Single();

        public RelayStatus? Status => Relay.Status;

        public async ValueTask DisposeAsync()
        {
            Host.Dispose();
            await _clock.DisposeAsync();
        }
    }
}
