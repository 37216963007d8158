using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.Conformance.Transport;
using Statecast.Consuming;
using Statecast.Consuming.Queues;
using Statecast.Diagnostics;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Replicas.InMemory;
using Statecast.Serialization;
using Statecast.Tests.Hosting;
using Statecast.Tests.Hosting.Faults;
using Statecast.Tests.Repository;
using Statecast.Transport.InProcess;
using Xunit;
using static Statecast.Tests.Hosting.ScriptedTransport;

namespace Statecast.Tests.Diagnostics;

/// <summary>Every instrument there is, driven by whole hosts, and the list of them in the guide.</summary>
public sealed partial class InstrumentTests : IDisposable
{
    private readonly Telemetry _telemetry = new();

    public void Dispose() => _telemetry.Dispose();

    [Fact]
    public async Task Guide_names_every_instrument_with_its_unit_and_each_measures()
    {
        await SourceAndTarget();
        await TroubledTarget();
        await TargetOfAQueue();
        await SentToNobody();
        var documented = InstrumentRow()
            .Matches(File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "guide.md")))
            .Select(m => $"{m.Groups[1].Value} {m.Groups[2].Value}")
            // An adapter's own are measured where its broker is.
            .Where(i => !i.StartsWith("statecast.kafka.", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
        Assert.Equal(documented, _telemetry.Declared.Select(d => $"{d.Key} {d.Value}").Order(StringComparer.Ordinal));
        Assert.Empty(_telemetry.Declared.Keys.Except(_telemetry.Measured.Select(m => m.Name)));
    }

    private static async Task SentToNobody()
    {
        await using var sender = new MeteredSender(new NobodyBound(), "telemetry-nobody", TimeProvider.System);
        Assert.True((await sender.SendAsync([Event(new(1, "a"), 1)], TestContext.Current.CancellationToken))[0].IsUnrouted);
    }

    private async Task SourceAndTarget()
    {
        const string service = "telemetry-both";
        // Takes nothing until it is healed: there is a backlog to be seen.
        var options = FaultyOptions.Calm(retained: true, conditionalAppend: true) with
        {
            FailedSend = 0.999_999,
        };
        var transport = new FaultyTransport(options, 1) { Carrier = service };
        var source = new MemorySource(TimeProvider.System, [new NoteState(1, "before")]);
        using var host = HostOf(service, transport, source);
        await host.StartAsync(TestContext.Current.CancellationToken);
        await TargetHost.Until(() => source.IsPublished);
        string trace;
        using (var activity = new Activity("checkout").SetIdFormat(ActivityIdFormat.W3C).Start())
        {
            trace = activity.TraceId.ToString();
            source.Save([new(2, new NoteState(2, "a"))]);
        }
        (string, object)[] relay = [("messaging.system", service), ("statecast.source", "notes")];
        (string, object)[] replica = [("messaging.destination.name", "test.note.v1"), ("messaging.consumer.group.name", service)];
        await TargetHost.Until(() => _telemetry.Gauge("statecast.outbox.pending", relay) == 2);
        await TargetHost.Until(() => _telemetry.Gauge("statecast.relay.in_hand", relay) == 2);
        Assert.True(_telemetry.Gauge("statecast.outbox.oldest_age", relay) >= 0);
        await TargetHost.Until(() => _telemetry.Sum("messaging.client.sent.messages", relay[0], ("error.type", "failed")) >= 2);

        transport.Heal();
        await host.Services.GetRequiredService<IStatecast>().WhenIdleAsync(TestContext.Current.CancellationToken);
        await TargetHost.Until(() => _telemetry.Gauge("statecast.outbox.pending", relay) == 0);
        Assert.Equal(
            (2, 2, 0, 0, 0),
            (
                _telemetry.Gauge("statecast.relay.seen", relay),
                _telemetry.Gauge("statecast.relay.sent", relay),
                _telemetry.Gauge("statecast.relay.coalesced", relay),
                _telemetry.Gauge("statecast.relay.superseded", relay),
                _telemetry.Gauge("statecast.relay.in_hand", relay)
            )
        );
        var taken = _telemetry.Of("messaging.client.sent.messages", relay[0]).Where(m => !m.Tags.ContainsKey("error.type"));
        Assert.Equal(2, taken.Sum(m => m.Value));
        Assert.True(_telemetry.Sum("statecast.capture.captured", replica[0]) >= 2);
        Assert.Equal(
            (2, 0),
            (_telemetry.Gauge("statecast.replica.keys", replica), _telemetry.Gauge("statecast.replica.lag.messages", replica))
        );
        Assert.InRange(_telemetry.Gauge("statecast.replica.lag.time", replica)!.Value, 0, 10);
        Assert.InRange(_telemetry.Gauge("statecast.replica.staleness", replica)!.Value, 0, 10);
        // Counted when the delivery is over, a moment after it is idle.
        await TargetHost.Until(() => _telemetry.Sum("messaging.client.consumed.messages", replica) >= 2);
        Assert.Equal(
            _telemetry.Sum("messaging.client.consumed.messages", replica),
            _telemetry.Sum("statecast.apply.applied", replica) + _telemetry.Sum("statecast.apply.superseded", replica)
        );

        await host.StopAsync(TestContext.Current.CancellationToken);
        AssertSpans(service, trace);
    }

    private async Task TargetOfAQueue()
    {
        const string service = "telemetry-queue";
        await using var clock = new RunningClock();
        // Every answer is lost until it is healed: ranges are asked for again.
        var options = FaultyOptions.Calm(retained: false, conditionalAppend: false) with
        {
            Answers = true,
            Lose = 0.999_999,
        };
        var transport = new FaultyTransport(options, 1) { Carrier = service };
        var store = new MemoryReplicaStore();
        var orphan = new ReplicaPlan();
        orphan.Rows.Add(
            new()
            {
                Key = "99",
                Revision = new(1, 1),
                Deleted = false,
                Operation = StateOperation.Upsert,
                Codec = "json",
                Schema = Fingerprint.Of("orphan"u8),
                CapturedAt = clock.Time.GetUtcNow(),
            }
        );
        await using (var unit = await store.BeginAsync(["99"], default))
            await unit.CommitAsync(orphan, default);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<TimeProvider>(clock.Time);
        builder.Services.AddStatecast(
            service,
            s =>
                s.AddTransport(service, _ => transport)
                    .Configure(FaultyWorld.Quick)
                    .AddSource(_ => new MemorySource(clock.Time, [new NoteState(1, "before")]))
                    .Replica<NoteState>(r => r.In(_ => store))
        );
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        (string, object)[] replica = [("messaging.system", service), ("messaging.destination.name", "test.note.v1")];
        // A wait of the target's, by a clock that runs as fast as the machine lets it.
        var (deadline, ct) = (TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        for (var began = TimeProvider.System.GetTimestamp(); _telemetry.Sum("statecast.bootstrap.ranges.repeated", replica) == 0; )
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < deadline, "no range was asked for again");
            await Task.Delay(5, ct);
        }
        transport.Heal();
        await host.Services.GetRequiredService<IStatecast>().WhenIdleAsync(TestContext.Current.CancellationToken);
        var all = transport.Abilities.DefaultLanes * RunProgress.Parts;
        await TargetHost.Until(() => _telemetry.Sum("statecast.bootstrap.ranges.ended", replica) == all);
        Assert.Equal(
            all,
            _telemetry.Sum("statecast.bootstrap.ranges.asked", replica) - _telemetry.Sum("statecast.bootstrap.ranges.repeated", replica)
        );
        Assert.Equal(1, _telemetry.Sum("statecast.bootstrap.orphans", replica));
        Assert.Equal(["1"], await store.EnumerateAsync(default).Select(r => r.Key).ToListAsync());
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    // Links where traces meet, a child where there is but one.
    private void AssertSpans(string service, string trace)
    {
        var mine = _telemetry.Spans.Where(s => Equals(s.GetTagItem("messaging.system"), service)).ToList();
        foreach (var operation in new[] { "send test.note.v1", "process test.note.v1" })
            Assert.Contains(mine, s => s.OperationName == operation && s.Links.Any(l => l.Context.TraceId.ToString() == trace));
        var handled = _telemetry.Spans.First(s => s.OperationName == "handle test.note.v1" && s.TraceId.ToString() == trace);
        Assert.Equal(("Failing", ActivityStatusCode.Error), (handled.GetTagItem("statecast.handler"), handled.Status));
        Assert.Equal(typeof(InvalidOperationException).FullName, handled.GetTagItem("error.type"));
        // Heartbeats went out all the while.
        Assert.DoesNotContain(mine, s => (int)s.GetTagItem("messaging.batch.message_count")! == 0);
    }

    private async Task TroubledTarget()
    {
        var transport = new ScriptedTransport { Requests = new InProcessRequests() };
        var failing = false;
        await using var host = await new TargetHost(
            transport,
            r =>
                r.In(_ => new WitnessStore(
                    new Statecast.Replicas.InMemory.MemoryReplicaStore(),
                    new(),
                    moment => failing && moment == StoreMoment.BeforeRows && !(failing = false)
                ))
        ).StartAsync();
        (string, object)[] tags = [("messaging.system", "scripted"), ("messaging.consumer.group.name", "tests")];
        // Other tests have targets of these names too: ours comes on top.
        var rejected = _telemetry.Sum("statecast.schema.rejected", tags);
        transport.Deliver(
            Event(new(1, "old"), 1),
            Event(new(1, "new"), 2),
            Event(new(2, "x"), 1) with
            {
                Body = "no JSON"u8.ToArray(),
            },
            Event(new(3, "x"), 1) with
            {
                Codec = "unknown",
            },
            // Of a contract that has no patches; and one without a base.
            Event(new(1, "patch"), 3) with
            {
                Operation = StateOperation.Patch,
                Base = 2,
            },
            Event(new(5, "patch"), 3) with
            {
                Operation = StateOperation.Patch,
                Base = 2,
            }
        );
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        Assert.True(_telemetry.Sum("statecast.bootstrap.rows", tags) >= 1);
        Assert.True(_telemetry.Sum("statecast.apply.superseded", tags) >= 1);
        Assert.True(_telemetry.Sum("statecast.apply.parked", tags) >= 2);
        Assert.True(_telemetry.Sum("statecast.schema.rejected", tags) >= rejected + 1);
        Assert.True(_telemetry.Sum("statecast.patches.misfit", tags) >= 1);
        await TargetHost.Until(() => _telemetry.Sum("statecast.patches.asked", tags) >= 2);
        Assert.Equal(2, host.Statecast.Replicas.Single().Waiting.Count);
        Assert.Equal(2, await host.Statecast.Parked.DropAsync("test.note.v1"));
        Assert.True(_telemetry.Sum("statecast.apply.dropped", tags) >= 2);

        // The source's database went back: another state under the same number.
        transport.Deliver(Event(new(1, "restored"), 2) with { Revision = new(2, 2) });
        await TargetHost.Until(() => _telemetry.Sum("statecast.replica.went_back", tags) >= 1);

        failing = true;
        transport.Deliver(Event(new(4, "x"), 1));
        (string, object) error = ("error.type", typeof(ReplicaStoreException).FullName!);
        await TargetHost.Until(() => _telemetry.Of("messaging.process.duration", [.. tags, error]).Any());
        await host.Replica.WaitForAsync(new("test.note", "4", new(1, 1)), TimeSpan.FromSeconds(10));
        Assert.Contains(
            _telemetry.Spans,
            s => s.OperationName == "process test.note.v1" && Equals(s.GetTagItem("error.type"), error.Item2)
        );
    }

    private static IHost HostOf(string service, FaultyTransport transport, MemorySource source)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Services.AddStatecast(
            service,
            s =>
                s.AddTransport(service, _ => transport)
                    .AddSource(_ => source)
                    .Configure(FaultyWorld.Quick)
                    .Configure(o => o.Handlers.MaxAttempts = 1)
                    .Replica<NoteState>(r => r.InMemory().On<Failing>(replay: true, bestEffort: true))
        );
        return builder.Build();
    }

    [GeneratedRegex(@"^\| `((?:messaging|statecast)\.[\w.]+)` \| (\S+) \|", RegexOptions.Multiline)]
    private static partial Regex InstrumentRow();

    private sealed class Failing : IStateHandler<NoteState>
    {
        public Task HandleAsync(StateChange<NoteState> change, CancellationToken ct) => throw new InvalidOperationException("always");
    }
}
