using Statecast.Transport;

namespace Statecast.Outbox;

/// <summary>A relay's settings. One relay works per source database and carrier.</summary>
public sealed class RelayOptions
{
    /// <summary>How long a lease holds without renewal. Default 20 s; more than <see cref="DeliveryTimeout"/>. Every commit renews it.</summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// After this a send without an answer counts as unknown and is sent again. Default 10 s.
    /// On a carrier without conditional append a new holder waits this long before it sends, and a holder whose lease ends sooner sends nothing.
    /// </summary>
    public TimeSpan DeliveryTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The time between two heartbeats; also how late a new row is found at worst when a wake-up is lost. Default 1 s.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The most rows of one read of the outbox. Default 1,000; fewer are read while <see cref="MaxPageBytes"/> would be exceeded.</summary>
    public int MaxPageRows { get; set; } = 1_000;

    /// <summary>The bytes of bodies that one read should stay below. Default 8 MiB; large events can exceed it once, then pages shrink.</summary>
    public int MaxPageBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>The most events that are claimed and not yet confirmed. Default null: what the carrier asks for, 2,000, or 10,000 on Kafka.</summary>
    public int? MaxInFlightEvents { get; set; }

    /// <summary>The most bytes of bodies that are claimed and not yet confirmed; a single larger event still goes alone. Default 16 MiB.</summary>
    public long MaxInFlightBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>The most events of one send. Default 1,000.</summary>
    public int MaxBatchEvents { get; set; } = 1_000;

    /// <summary>The most bytes of one send; a single larger event still goes alone. Default 4 MiB.</summary>
    public long MaxBatchBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>The most sends under way at once. Default 16.</summary>
    public int MaxBatches { get; set; } = 16;

    /// <summary>The most positions of one read-back on a log without conditional append. Default 5,000.</summary>
    public int MaxReadBack { get; set; } = 5_000;

    /// <summary>The first retry waits up to this long, at random; every further one up to twice as long. Default 100 ms.</summary>
    public TimeSpan BackoffBase { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>No retry waits longer. Default 30 s.</summary>
    public TimeSpan BackoffCap { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// An event that the carrier refused this often no longer holds back its lane, only its key: a lane-wide fault shows in the lane's other events.
    /// Default 3.
    /// </summary>
    public int SuspectAfter { get; set; } = 3;

    /// <summary>
    /// How long a stopping relay waits for sends under way. Default 5 s; at most the service's own drain time-out, of which it is a part.
    /// What is left is sent again by the next holder.
    /// </summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How old the oldest unsent event may be, by the database's clock, before the service's readiness is degraded; 1 minute by default.</summary>
    public TimeSpan MaxUnsentAge { get; set; } = TimeSpan.FromMinutes(1);

    internal int InFlightEventsOn(TransportAbilities abilities) => MaxInFlightEvents ?? abilities.InFlightEvents;

    /// <summary>What is wrong with these settings, each naming its setting; empty if nothing is.</summary>
    public IReadOnlyList<string> Validate()
    {
        var findings = new List<string>();
        if (HeartbeatInterval <= TimeSpan.Zero)
            findings.Add($"{nameof(HeartbeatInterval)} must be positive; it is {HeartbeatInterval}.");
        if (DeliveryTimeout <= TimeSpan.Zero)
            findings.Add($"{nameof(DeliveryTimeout)} must be positive; it is {DeliveryTimeout}.");
        if (LeaseDuration < DeliveryTimeout * 1.5)
            findings.Add(
                $"{nameof(LeaseDuration)} must be at least one and a half times {nameof(DeliveryTimeout)}; it is {LeaseDuration} against {DeliveryTimeout}, so the relay could not send."
            );
        if (BackoffBase <= TimeSpan.Zero || BackoffCap < BackoffBase)
            findings.Add(
                $"{nameof(BackoffBase)} must be positive and at most {nameof(BackoffCap)}; they are {BackoffBase} and {BackoffCap}."
            );
        if (MaxUnsentAge <= TimeSpan.Zero)
            findings.Add($"{nameof(MaxUnsentAge)} must be positive; it is {MaxUnsentAge}.");
        if (DrainTimeout < TimeSpan.Zero)
            findings.Add($"{nameof(DrainTimeout)} must not be negative; it is {DrainTimeout}.");
        AtLeastOne(nameof(MaxPageRows), MaxPageRows);
        AtLeastOne(nameof(MaxPageBytes), MaxPageBytes);
        AtLeastOne(nameof(MaxInFlightEvents), MaxInFlightEvents ?? 1);
        AtLeastOne(nameof(MaxInFlightBytes), MaxInFlightBytes);
        AtLeastOne(nameof(MaxBatchEvents), MaxBatchEvents);
        AtLeastOne(nameof(MaxBatchBytes), MaxBatchBytes);
        AtLeastOne(nameof(MaxBatches), MaxBatches);
        AtLeastOne(nameof(MaxReadBack), MaxReadBack);
        AtLeastOne(nameof(SuspectAfter), SuspectAfter);
        return findings;

        void AtLeastOne(string name, long value)
        {
            if (value < 1)
                findings.Add($"{name} must be at least 1; it is {value}.");
        }
    }
}
