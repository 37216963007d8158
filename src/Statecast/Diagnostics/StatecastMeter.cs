using System.Diagnostics;
using System.Diagnostics.Metrics;
using Statecast.Consuming;
using Statecast.Consuming.Queues;
using Statecast.Events;
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
        "Events handed to a carrier; with error.type where it did not take them."
    );
    private static readonly Counter<long> UnroutedMessages = Meter.CreateCounter<long>(
        "statecast.relay.unrouted",
        "{event}",
        "Events sent while no target was there to take them: they count as sent too."
    );
    private static readonly Counter<long> ConsumedMessages = Meter.CreateCounter<long>(
        "messaging.client.consumed.messages",
        "{message}",
        "Events received."
    );
    private static readonly Histogram<double> ProcessDuration = Meter.CreateHistogram(
        "messaging.process.duration",
        "s",
        "Time to apply a delivery; with error.type where it failed and is tried again.",
        null,
        Durations
    );
    private static readonly Histogram<double> OperationDuration = Meter.CreateHistogram(
        "messaging.client.operation.duration",
        "s",
        "Time to send a batch; with error.type where not all of it was taken.",
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
    private static readonly Counter<long> DroppedEvents = Meter.CreateCounter<long>(
        "statecast.apply.dropped",
        "{event}",
        "Parked events that an operator dropped."
    );
    private static readonly Counter<long> RejectedEvents = Meter.CreateCounter<long>(
        "statecast.schema.rejected",
        "{event}",
        "Events and stored rows that the replica's contract cannot read: another contract or major, or a shape that does not fit. They are parked."
    );
    private static readonly Counter<long> BootstrapRows = Meter.CreateCounter<long>(
        "statecast.bootstrap.rows",
        "{row}",
        "Rows written before the replica was complete for the first time."
    );
    private static readonly Counter<long> MisfitPatches = Meter.CreateCounter<long>(
        "statecast.patches.misfit",
        "{event}",
        "Partial updates that did not fit the state that is their base: the row was left alone."
    );
    private static readonly Counter<long> AskedKeys = Meter.CreateCounter<long>(
        "statecast.patches.asked",
        "{key}",
        "Keys whose full state was asked for, because a partial update waits."
    );
    private static readonly Counter<long> AskedRanges = Meter.CreateCounter<long>(
        "statecast.bootstrap.ranges.asked",
        "{range}",
        "Ranges of states that a queue's target asked for; those asked for again are counted apart as well."
    );
    private static readonly Counter<long> RepeatedRanges = Meter.CreateCounter<long>(
        "statecast.bootstrap.ranges.repeated",
        "{range}",
        "Ranges of states that were asked for again, because no answer came for a while."
    );
    private static readonly Counter<long> EndedRanges = Meter.CreateCounter<long>(
        "statecast.bootstrap.ranges.ended",
        "{range}",
        "Ranges of states that are here as a whole."
    );
    private static readonly Counter<long> RemovedOrphans = Meter.CreateCounter<long>(
        "statecast.bootstrap.orphans",
        "{row}",
        "Rows removed because a run over all states did not name them."
    );
    private static readonly Counter<long> WentBackKeys = Meter.CreateCounter<long>(
        "statecast.replica.went_back",
        "{key}",
        "Keys whose source lost what the replica had: its database went back."
    );
    private static readonly Counter<long> StalledChanges = Meter.CreateCounter<long>(
        "statecast.handler.stalled",
        "{change}",
        "Handler changes given up until a person or a newer state revives them."
    );
    private static readonly Counter<long> CapturedEvents = Meter.CreateCounter<long>(
        "statecast.capture.captured",
        "{event}",
        "Events written to an outbox, counted before the commit."
    );

    /// <summary>Counts captured events; called by capture adapters, inside the transaction.</summary>
    public static void Captured(string contract, int count) =>
        CapturedEvents.Add(count, new KeyValuePair<string, object?>("messaging.destination.name", contract));

    /// <summary>Counts the events of a batch, by destination and by how each ended.</summary>
    internal static void Sent(string carrier, IReadOnlyList<StateEvent> events, Func<int, string?> errorOf)
    {
        // Neighbours mostly share both: one addition per run of equals.
        for (var from = 0; from < events.Count; )
        {
            var (destination, error) = (events[from].Lane.Destination, errorOf(from));
            var to = from + 1;
            while (to < events.Count && events[to].Lane.Destination == destination && errorOf(to) == error)
                to++;
            var tags = new TagList
            {
                { "messaging.system", carrier },
                { "messaging.operation.name", "send" },
                // A target's own queue is no destination of its own in a metric: there may be any number.
                { "messaging.destination.name", SnapshotLane.LiveOf(events[from].Lane).Destination },
            };
            if (error is not null)
                tags.Add("error.type", error);
            SentMessages.Add(to - from, tags);
            from = to;
        }
    }

    /// <summary>Counts what nobody was there to take.</summary>
    internal static void Unrouted(string carrier, IReadOnlyList<StateEvent> events, IReadOnlyList<SendOutcome> outcomes)
    {
        for (var i = 0; i < outcomes.Count; i++)
            if (outcomes[i].IsUnrouted)
                UnroutedMessages.Add(
                    1,
                    new TagList { { "messaging.system", carrier }, { "messaging.destination.name", events[i].Lane.Destination } }
                );
    }

    internal static void SendEnded(string carrier, TimeSpan took, string? error)
    {
        var tags = new TagList { { "messaging.system", carrier }, { "messaging.operation.name", "send" } };
        if (error is not null)
            tags.Add("error.type", error);
        OperationDuration.Record(took.TotalSeconds, tags);
    }

    /// <summary>A try to apply a delivery ended. What failed is tried again: its events count once, when they are in.</summary>
    internal static void Processed(Subscription subscription, Delivery delivery, TimeSpan took, string? error)
    {
        var count = 0;
        foreach (var batch in delivery.Batches)
            count += batch.Events.Count;
        if (count == 0)
            return;
        var tags = Tags(subscription);
        if (error is null)
            ConsumedMessages.Add(count, tags);
        else
            tags.Add("error.type", error);
        ProcessDuration.Record(took.TotalSeconds, tags);
    }

    /// <summary>Counts what a commit wrote.</summary>
    /// <param name="subscription">The replica.</param>
    /// <param name="plan">What was written.</param>
    /// <param name="bootstrap">Whether the replica was not complete yet.</param>
    internal static void Applied(Subscription subscription, ReplicaPlan plan, bool bootstrap)
    {
        var tags = Tags(subscription);
        Add(AppliedEvents, plan.Counters.Applied);
        Add(SupersededEvents, plan.Counters.Superseded);
        Add(DroppedEvents, plan.Counters.Dropped);
        Add(ParkedEvents, plan.Park.Count);
        Add(RejectedEvents, plan.Rejected);
        Add(BootstrapRows, bootstrap ? plan.Rows.Count : 0);
        Add(WentBackKeys, plan.WentBack.Count);
        Add(MisfitPatches, plan.Misfits.Count);

        void Add(Counter<long> counter, long count)
        {
            if (count > 0)
                counter.Add(count, tags);
        }
    }

    internal static void Asked(Subscription subscription, int keys) => AskedKeys.Add(keys, Tags(subscription));

    internal static void Asked(Subscription subscription, RunQuestion question)
    {
        AskedRanges.Add(question.Ranges.Count, Tags(subscription));
        if (question.Repeated)
            RepeatedRanges.Add(question.Ranges.Count, Tags(subscription));
    }

    internal static void RangesEnded(Subscription subscription, long count)
    {
        if (count > 0)
            EndedRanges.Add(count, Tags(subscription));
    }

    internal static void OrphansRemoved(Subscription subscription, long count)
    {
        if (count > 0)
            RemovedOrphans.Add(count, Tags(subscription));
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
