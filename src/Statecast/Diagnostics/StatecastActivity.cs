using System.Diagnostics;
using Statecast.Consuming;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Transport;

namespace Statecast.Diagnostics;

/// <summary>The activity source, after OpenTelemetry's messaging conventions v1.44 (status Development). Polling and heartbeats make no spans.</summary>
public static class StatecastActivity
{
    /// <summary>The source's name: literally this, so that <c>AddSource("Statecast")</c> finds it.</summary>
    public const string Name = "Statecast";

    private static readonly ActivitySource Source = new(Name);

    /// <summary>A batch being sent: linked to the captures' traces, as many traces meet in it.</summary>
    internal static Activity? Send(string carrier, IReadOnlyList<StateEvent> events)
    {
        if (events.Count == 0 || !Source.HasListeners())
            return null;
        // A batch of several destinations has no name but the operation's.
        var destination = events[0].Lane.Destination;
        if (events.Any(e => e.Lane.Destination != destination))
            destination = null;
        var activity = Source.StartActivity(
            destination is null ? "send" : $"send {destination}",
            ActivityKind.Client,
            default(ActivityContext),
            links: Links(events.Select(e => e.TraceParent))
        );
        Tag(activity, carrier, "send", destination, events.Count);
        return activity;
    }

    /// <summary>A delivery being applied.</summary>
    internal static Activity? Process(Subscription subscription, Delivery delivery)
    {
        if (delivery.Batches.Count == 0 || !Source.HasListeners())
            return null;
        var count = delivery.Batches.Sum(b => b.Events.Count);
        if (count == 0)
            return null;
        var traces = delivery.Batches.SelectMany(b => b.Events).Select(e => e.Event?.TraceParent);
        var activity = Source.StartActivity(
            $"process {subscription.Layout.Name}",
            ActivityKind.Consumer,
            default(ActivityContext),
            links: Links(traces)
        );
        Tag(activity, subscription.Transport.Carrier, "process", subscription.Layout.Name, count);
        activity?.SetTag("messaging.consumer.group.name", subscription.Target);
        return activity;
    }

    /// <summary>A handler's call: child of the capture that it acts on.</summary>
    internal static Activity? Handle(Subscription subscription, PendingChange change)
    {
        if (!Source.HasListeners())
            return null;
        ActivityContext.TryParse(change.TraceParent, null, isRemote: true, out var parent);
        var activity = Source.StartActivity($"handle {subscription.Layout.Name}", ActivityKind.Internal, parent);
        activity?.SetTag("statecast.handler", change.Handler);
        return activity;
    }

    /// <summary>Notes how an operation failed; nothing where it did not.</summary>
    internal static void Failed(Activity? activity, string? error)
    {
        if (error is null)
            return;
        activity?.SetTag("error.type", error);
        activity?.SetStatus(ActivityStatusCode.Error);
    }

    private static void Tag(Activity? activity, string system, string operation, string? destination, int count)
    {
        activity?.SetTag("messaging.system", system);
        activity?.SetTag("messaging.operation.name", operation);
        activity?.SetTag("messaging.operation.type", operation);
        activity?.SetTag("messaging.destination.name", destination);
        activity?.SetTag("messaging.batch.message_count", count);
    }

    private static IEnumerable<ActivityLink> Links(IEnumerable<string?> traceParents)
    {
        var links = new List<ActivityLink>();
        foreach (var each in traceParents.Distinct().Take(128))
            if (each is not null && ActivityContext.TryParse(each, null, isRemote: true, out var context))
                links.Add(new(context));
        return links;
    }
}
