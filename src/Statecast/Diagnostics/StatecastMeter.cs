using System.Diagnostics;
using System.Diagnostics.Metrics;
using Statecast.Consuming;
using Statecast.Replicas;
using Statecast.Transport;

namespace Statecast.Diagnostics;

/// <summary>The meter: OpenTelemetry's messaging conventions v1.44 (status Development) where they fit, else our own names under <c>statecast.</c>.</summary>
public static class StatecastMeter
{
    /// <summary>The meter's name: literally this, so that <c>AddMeter("Statecast")</c> finds it.</summary>
    public const string Name = "Statecast";

    internal static readonly Meter Meter = new(Name);

    private static readonly InstrumentAdvice<double> Durations = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    };

    private static readonly Counter<long> SentMessages = Meter.CreateCounter<long>(
        "messaging.client.sent.messages",
        "{message}",
        "Events confirmed by a carrier."
    );
    private static readonly Counter<long> ConsumedMessages = Meter.CreateCounter<long>(
        "messaging.client.consumed.messages",
        "{message}",
        "Events received."
    );
    private static readonly Histogram<double> ProcessDuration = Meter.CreateHistogram(
        "messaging.process.duration",
        "s",
        "Time to apply a delivery.",
        null,
        Durations
    );
    private static readonly Histogram<double> OperationDuration = Meter.CreateHistogram(
        "messaging.client.operation.duration",
        "s",
        "Time to send a batch.",
        null,
        Durations
    );
    private static readonly Counter<long> AppliedEvents = Meter.CreateCounter<long>(
        "statecast.apply.applied",
        "{event}",
        "Events whose state a row took."
    );
    private static readonly Counter<long> SupersededEvents = Meter.CreateCounter<long>(
        "statecast.apply.superseded",
        "{event}",
        "Events that a newer state made void."
    );
    private static readonly Counter<long> ParkedEvents = Meter.CreateCounter<long>(
        "statecast.apply.parked",
        "{event}",
        "Events parked with a reason."
    );
    private static readonly Counter<long> StalledChanges = Meter.CreateCounter<long>(
        "statecast.handler.stalled",
        "{change}",
        "Handler changes given up until a person or a newer state revives them."
    );
    private static readonly Counter<long> CapturedEvents = Meter.CreateCounter<long>(
        "statecast.capture.captured",
        "{event}",
        "Events captured into an outbox."
    );

    /// <summary>Counts captured events; called by capture adapters, inside the transaction.</summary>
    public static void Captured(string contract, int count) =>
        CapturedEvents.Add(count, new KeyValuePair<string, object?>("messaging.destination.name", contract));

    /// <summary>Counts how a sent batch ended.</summary>
    internal static void Sent(string carrier, int confirmed, TimeSpan took)
    {
        var tags = new TagList { { "messaging.system", carrier }, { "messaging.operation.name", "send" } };
        SentMessages.Add(confirmed, tags);
        OperationDuration.Record(took.TotalSeconds, tags);
    }

    internal static void Processed(Subscription subscription, Delivery delivery, TimeSpan took)
    {
        var count = 0;
        foreach (var batch in delivery.Batches)
            count += batch.Events.Count;
        if (count == 0)
            return;
        var tags = Tags(subscription);
        ConsumedMessages.Add(count, tags);
        ProcessDuration.Record(took.TotalSeconds, tags);
    }

    internal static void Applied(Subscription subscription, ReplicaPlan plan)
    {
        var tags = Tags(subscription);
        if (plan.Counters.Applied > 0)
            AppliedEvents.Add(plan.Counters.Applied, tags);
        if (plan.Counters.Superseded > 0)
            SupersededEvents.Add(plan.Counters.Superseded, tags);
        if (plan.Park.Count > 0)
            ParkedEvents.Add(plan.Park.Count, tags);
    }

    internal static void Stalled(Subscription subscription, string handler)
    {
        var tags = Tags(subscription);
        tags.Add("statecast.handler", handler);
        StalledChanges.Add(1, tags);
    }

    private static TagList Tags(Subscription subscription) =>
        new()
        {
            { "messaging.system", subscription.Transport.Carrier },
            { "messaging.operation.name", "process" },
            { "messaging.destination.name", subscription.Layout.Name },
            { "messaging.consumer.group.name", subscription.Target },
        };
}
