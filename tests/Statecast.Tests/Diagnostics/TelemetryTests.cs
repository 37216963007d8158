using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Statecast.Replicas;
using Statecast.Tests.Hosting;
using Xunit;
using static Statecast.Tests.Hosting.ScriptedTransport;

namespace Statecast.Tests.Diagnostics;

/// <summary>Metrics and spans under their fixed names.</summary>
[Collection("telemetry")]
public sealed class TelemetryTests
{
    [Fact]
    public async Task Target_tells_what_it_received_applied_and_how_stale_it_is()
    {
        var sums = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == "Statecast")
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((i, value, tags, _) => Add(i, value, tags));
        listener.SetMeasurementEventCallback<double>((i, value, tags, _) => Add(i, value, tags));
        listener.Start();

        var transport = new ScriptedTransport();
        await using var host = await new TargetHost(transport).StartAsync();
        transport.Deliver(Event(new(1, "a"), 1), Event(new(1, "b"), 2));
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        listener.RecordObservableInstruments();

        Assert.True(sums["messaging.client.consumed.messages"] >= 2);
        Assert.True(sums["statecast.apply.applied"] >= 1);
        Assert.True(sums["statecast.apply.superseded"] >= 1);
        Assert.True(sums["statecast.replica.keys"] >= 1);
        Assert.Contains("statecast.replica.staleness", sums.Keys);
        Assert.Contains("statecast.parked.keys", sums.Keys);
        Assert.Contains("messaging.process.duration", sums.Keys);

        // Other tests of this process apply to replicas of the same name: sums are at least ours.
        void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            sums.AddOrUpdate(instrument.Name, value, (_, old) => old + value);
    }

    [Fact]
    public async Task Delivery_makes_one_span_linked_to_its_captures()
    {
        const string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == "Statecast",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        var transport = new ScriptedTransport();
        await using var host = await new TargetHost(transport).StartAsync();
        transport.Deliver(Event(new(1, "a"), 1) with { TraceParent = trace });
        transport.Deliver();
        await TargetHost.Until(() => spans.Any(s => s.Links.Any(l => l.Context.TraceId.ToString() == trace[3..35])));
        var span = spans.First(s => s.Links.Any());
        Assert.Equal("process test.note.v1", span.OperationName);
        Assert.Equal(ActivityKind.Consumer, span.Kind);
        Assert.Equal("scripted", span.GetTagItem("messaging.system"));
        Assert.Equal("tests", span.GetTagItem("messaging.consumer.group.name"));
        // A delivery that brings only a heartbeat is polling, and makes none.
        Assert.DoesNotContain(spans, s => (s.GetTagItem("messaging.batch.message_count") as int?) == 0);
    }
}
