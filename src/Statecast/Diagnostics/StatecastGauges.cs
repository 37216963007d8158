using System.Diagnostics.Metrics;
using Statecast.Hosting;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Replicas;

namespace Statecast.Diagnostics;

/// <summary>
/// What a service's relays and replicas say of themselves when they are asked: backlog, lag, staleness, parked keys, and promise 6's terms.
/// A meter of its own, so that it ends with its service; the same name, so that <c>AddMeter("Statecast")</c> finds it.
/// </summary>
internal sealed class StatecastGauges : IDisposable
{
    private readonly Meter _meter = new(StatecastMeter.Name);
    private readonly Func<IEnumerable<RelayRunner>> _relays;
    private readonly Func<IEnumerable<RepublishLoop>> _republishers;
    private readonly IReadOnlyList<ReplicaStatus> _replicas;
    private readonly string _service;
    private readonly TimeProvider _clock;

    public StatecastGauges(
        string service,
        Func<IEnumerable<RelayRunner>> relays,
        Func<IEnumerable<RepublishLoop>> republishers,
        IReadOnlyList<ReplicaStatus> replicas,
        TimeProvider clock
    )
    {
        (_service, _relays, _republishers, _replicas, _clock) = (service, relays, republishers, replicas, clock);
        _meter.CreateObservableGauge(
            "statecast.outbox.pending",
            () => Relays(s => s.Backlog.Count),
            "{event}",
            "Captured events that are not confirmed yet."
        );
        _meter.CreateObservableGauge("statecast.outbox.oldest_age", OldestAges, "s", "Age of the oldest of them.");
        Counter("statecast.relay.seen", c => c.Seen, "Captured events that a relay took in hand.");
        Counter("statecast.relay.sent", c => c.Sent, "Of these, confirmed.");
        Counter("statecast.relay.coalesced", c => c.Coalesced, "Of these, dropped for a later one of their key.");
        Counter("statecast.relay.superseded", c => c.Superseded, "Of these, refused by a log that has a newer one.");
        _meter.CreateObservableGauge("statecast.relay.in_hand", () => Relays(s => s.InHand), "{event}", "Of these, not confirmed yet.");
        _meter.CreateObservableCounter("statecast.republish.looked", LookedAt, "{key}", "Keys that the republisher looked at.");
        _meter.CreateObservableGauge(
            "statecast.republish.remaining",
            Remaining,
            "{key}",
            "About how many keys it still has to look at; absent where that cannot be told."
        );
        _meter.CreateObservableGauge(
            "statecast.republish.withheld",
            () => _republishers().Select(r => new Measurement<long>(r.Progress.Withheld, Tags(r))),
            "{key}",
            "Keys whose rows cannot be published as they are."
        );
        _meter.CreateObservableGauge(
            "statecast.replica.lag.messages",
            () => Replicas(r => r.Backlog.Remaining),
            "{position}",
            "Positions still to read."
        );
        _meter.CreateObservableGauge(
            "statecast.replica.lag.time",
            Lags,
            "s",
            "How far what is applied trails the source's newest word, both by the source's clock; absent before a word is covered."
        );
        _meter.CreateObservableGauge(
            "statecast.replica.staleness",
            Staleness,
            "s",
            "Bound of a replica's staleness; absent while unknown."
        );
        _meter.CreateObservableGauge("statecast.replica.keys", () => Replicas(r => r.Keys), "{key}", "Keys that are not deleted.");
        _meter.CreateObservableGauge(
            "statecast.apply.in_flight",
            () => Replicas(r => r.BytesInFlight),
            "By",
            "Bytes of bodies that are received and not committed."
        );
        _meter.CreateObservableGauge(
            "statecast.apply.in_flight.peak",
            () => Replicas(r => r.PeakBytesInFlight),
            "By",
            "The most of them ever."
        );
        _meter.CreateObservableGauge("statecast.parked.keys", () => Replicas(r => r.Parked), "{key}", "Keys with a parked event.");
        _meter.CreateObservableGauge(
            "statecast.stalled.changes",
            () => Replicas(r => r.Stalled),
            "{change}",
            "Changes that handlers gave up, and that wait for a person or a newer state."
        );
        _meter.CreateObservableGauge(
            "statecast.waiting.patches",
            () => Replicas(r => r.Waiting.Count),
            "{event}",
            "Partial updates that wait for the state that they were made from."
        );
    }

    public void Dispose() => _meter.Dispose();

    private void Counter(string name, Func<RelayCounters, long> value, string description) =>
        _meter.CreateObservableCounter(name, () => Relays(s => value(s.Counters)), "{event}", description);

    private IEnumerable<Measurement<long>> Relays(Func<RelayStatus, long> value)
    {
        foreach (var relay in _relays())
            if (relay.Status is { } status)
                yield return new(value(status), Tags(relay));
    }

    private IEnumerable<Measurement<double>> OldestAges()
    {
        foreach (var relay in _relays())
            if (relay.Status is { Backlog.OldestCapture: { } oldest })
                yield return new(Math.Max(0, (_clock.GetUtcNow() - oldest).TotalSeconds), Tags(relay));
    }

    // Two sources may use one carrier: without the source's name they would be one series.
    private static KeyValuePair<string, object?>[] Tags(RelayRunner relay) =>
        [new("messaging.system", relay.Carrier), new("statecast.source", relay.Source)];

    private IEnumerable<Measurement<long>> LookedAt() => _republishers().Select(r => new Measurement<long>(r.Total, Tags(r)));

    private IEnumerable<Measurement<long>> Remaining()
    {
        foreach (var republisher in _republishers())
            if (republisher.Progress.Remaining is { } keys)
                yield return new(keys, Tags(republisher));
    }

    private static KeyValuePair<string, object?> Tags(RepublishLoop republisher) => new("statecast.source", republisher.Progress.Source);

    private IEnumerable<Measurement<double>> Lags()
    {
        foreach (var replica in _replicas)
            if (replica.Lag is { } lag)
                yield return new(lag.TotalSeconds, Tags(replica));
    }

    private IEnumerable<Measurement<long>> Replicas(Func<ReplicaStatus, long> value) =>
        _replicas.Select(r => new Measurement<long>(value(r), Tags(r)));

    // As with relays: two services of one process may hold the same contract.
    private KeyValuePair<string, object?>[] Tags(ReplicaStatus replica) =>
        [new("messaging.destination.name", replica.Name), new("messaging.consumer.group.name", _service)];

    private IEnumerable<Measurement<double>> Staleness()
    {
        foreach (var replica in _replicas)
            if (replica.Freshness.Staleness(_clock.GetUtcNow()) is { } staleness)
                yield return new(staleness.TotalSeconds, Tags(replica));
    }
}
