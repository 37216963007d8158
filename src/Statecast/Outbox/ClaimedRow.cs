using Statecast.Events;

namespace Statecast.Outbox;

/// <summary>A claimed row in the relay's hands: from its claim to the commit that deletes it.</summary>
internal sealed class ClaimedRow(long sequence, StateEvent @event)
{
    /// <summary>The row.</summary>
    public long Sequence { get; } = sequence;

    /// <summary>What is sent, the same at every try.</summary>
    public StateEvent Event { get; } = @event;

    /// <summary>How often the carrier said no.</summary>
    public int Failures { get; set; }

    /// <summary>Not sent again before.</summary>
    public TimeSpan NotBefore { get; set; }

    /// <summary>Whether it was handed to the carrier before.</summary>
    public bool Tried { get; set; }

    /// <summary>What was accounted for of its lane's log when it was handed over last: it cannot land below.</summary>
    public long AccountedBefore { get; set; }

    /// <summary>Whether a log refused it.</summary>
    public bool Refused { get; set; }
}
