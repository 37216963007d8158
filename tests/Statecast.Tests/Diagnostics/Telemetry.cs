using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Statecast.Tests.Diagnostics;

/// <summary>Listens to everything under the product's names. Other tests of this process are heard too: filter by a carrier or service of one's own.</summary>
internal sealed class Telemetry : IDisposable
{
    private readonly MeterListener _meters = new();
    private readonly ActivityListener _activities;

    public Telemetry()
    {
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name != "Statecast")
                return;
            Declared[instrument.Name] = instrument.Unit;
            listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<long>((i, value, tags, _) => Measured.Enqueue(new(i.Name, value, TagsOf(tags))));
        _meters.SetMeasurementEventCallback<double>((i, value, tags, _) => Measured.Enqueue(new(i.Name, value, TagsOf(tags))));
        _meters.Start();
        _activities = new()
        {
            ShouldListenTo = s => s.Name == "Statecast",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = Spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_activities);
    }

    /// <summary>Instruments and their units.</summary>
    public ConcurrentDictionary<string, string?> Declared { get; } = [];

    public ConcurrentQueue<Measured> Measured { get; } = [];

    public ConcurrentQueue<Activity> Spans { get; } = [];

    /// <summary>Asks the gauges.</summary>
    public void Observe() => _meters.RecordObservableInstruments();

    /// <summary>What was counted under a name and these tags.</summary>
    public double Sum(string name, params (string Key, object Value)[] tags) => Of(name, tags).Sum(m => m.Value);

    /// <summary>The newest value of a gauge, asked for now; null if it has none.</summary>
    public double? Gauge(string name, params (string Key, object Value)[] tags)
    {
        Observe();
        return Of(name, tags).LastOrDefault()?.Value;
    }

    public IEnumerable<Measured> Of(string name, params (string Key, object Value)[] tags) =>
        Measured.Where(m => m.Name == name && tags.All(t => Equals(m.Tags.GetValueOrDefault(t.Key), t.Value)));

    public void Dispose()
    {
        _meters.Dispose();
        _activities.Dispose();
    }

    private static Dictionary<string, object?> TagsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var all = new Dictionary<string, object?>();
        foreach (var (key, value) in tags)
            all.Add(key, value);
        return all;
    }
}

/// <summary>One measurement.</summary>
internal sealed record Measured(string Name, double Value, IReadOnlyDictionary<string, object?> Tags);
