namespace Statecast.Replicas;

/// <summary>Where a replica stands: one state machine on every carrier.</summary>
public enum ReplicaState
{
    /// <summary>Nothing is known: no lane of the contract was found yet.</summary>
    Empty,

    /// <summary>Reading all there is; was never complete. Reads throw unless the caller accepts partial data.</summary>
    Bootstrapping,

    /// <summary>Was Live once and reads what it missed. Reads answer.</summary>
    CatchingUp,

    /// <summary>Complete, and follows its source.</summary>
    Live,
}
