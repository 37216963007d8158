namespace Statecast.Conformance.Transport;

/// <summary>What a <see cref="FaultyTransport"/> is and how often it does what it may. Every chance lies between 0 and below 1.</summary>
public sealed record FaultyOptions
{
    /// <summary>A log; otherwise a queue per target.</summary>
    public bool Retained { get; init; } = true;

    /// <summary>Whether the log appends by the guard.</summary>
    public bool ConditionalAppend { get; init; } = true;

    /// <summary>
    /// A queue's targets may ask by message, and are answered alone: a target then need not have been bound before anything was sent. Without, every queue counts as
    /// bound from the start.
    /// </summary>
    public bool Answers { get; init; }

    /// <summary>A queue loses a message that it confirmed.</summary>
    public double Lose { get; init; }

    /// <summary>A send ends unknown: it landed, never did, or will later, after newer ones.</summary>
    public double UnknownSend { get; init; }

    /// <summary>
    /// A send never returns, whatever its token says, as a client may after its broker went away; what became of its events is as with any other send.
    /// No part of <see cref="Worst"/>: who calls without a deadline would wait for ever.
    /// </summary>
    public double HungSend { get; init; }

    /// <summary>A send is refused by the carrier: it did not land.</summary>
    public double FailedSend { get; init; }

    /// <summary>An event lands twice (a queue, a log without condition), a heartbeat is told again.</summary>
    public double Duplicate { get; init; }

    /// <summary>A queue hands a later message over first.</summary>
    public double Reorder { get; init; }

    /// <summary>A queue loses an acknowledgement and hands the messages over again.</summary>
    public double Redeliver { get; init; }

    /// <summary>A lane is taken away between two deliveries or while one is being applied, and given back in the same breath or later.</summary>
    public double Revoke { get; init; }

    /// <summary>Heartbeats wait, and may be overtaken by the next.</summary>
    public double DelayHeartbeat { get; init; }

    /// <summary>A read stops early, and does not know that it found the tail.</summary>
    public double ShortRead { get; init; }

    /// <summary>A log without condition drops superseded records, so that positions have holes.</summary>
    public double Compact { get; init; }

    /// <summary>Does nothing but its duty.</summary>
    public static FaultyOptions Calm(bool retained, bool conditionalAppend) =>
        new() { Retained = retained, ConditionalAppend = conditionalAppend };

    /// <summary>Does the worst that it may, often.</summary>
    public static FaultyOptions Worst(bool retained, bool conditionalAppend) =>
        new()
        {
            Retained = retained,
            ConditionalAppend = conditionalAppend,
            UnknownSend = 0.2,
            FailedSend = 0.1,
            Duplicate = 0.2,
            Reorder = 0.5,
            Redeliver = 0.2,
            Revoke = 0.15,
            DelayHeartbeat = 0.5,
            ShortRead = 0.4,
            Compact = 0.1,
        };
}
