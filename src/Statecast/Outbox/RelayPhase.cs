namespace Statecast.Outbox;

/// <summary>Where a relay stands.</summary>
internal enum RelayPhase
{
    /// <summary>Before <see cref="RelayInput.Started"/>.</summary>
    New,

    /// <summary>Tries to take the lease, or stands by while another holds it.</summary>
    Acquiring,

    /// <summary>Looks at what the carrier remembers of the source; nothing is claimed or sent before.</summary>
    Looking,

    /// <summary>Reads what an earlier holder, or itself, claimed and did not see confirmed.</summary>
    Recovering,

    /// <summary>Claims, sends, deletes, says heartbeats.</summary>
    Active,

    /// <summary>The lease is lost or to be given back; what is under way is waited for.</summary>
    Leaving,

    /// <summary>Ended.</summary>
    Stopped,
}
