using Statecast.Outbox;

namespace Statecast.Simulation.Source;

/// <summary>A source as the run sees it: an application over a database, or a component that publishes from memory.</summary>
internal interface ISimSource
{
    /// <summary>The source's epoch now.</summary>
    long Epoch { get; }

    /// <summary>The relay's view of it.</summary>
    ISimOutbox Outbox { get; }

    /// <summary>The run begins.</summary>
    void Begin();

    /// <summary>One unit of work of the application.</summary>
    void Write();

    /// <summary>It dies: what was open never was.</summary>
    void Crash();

    /// <summary>An operator has everything said again.</summary>
    void AskForRepublish();
}

/// <summary>The relay's view of a source, at once and in one thread.</summary>
internal interface ISimOutbox
{
    LeaseGrant? Acquire(LeaseRequest request);

    OutboxSnapshot Read(OutboxQuery query);

    bool Commit(OutboxCommit commit);

    void Release(Guid leaseId);

    /// <summary>Whether a relay really holds the lease now.</summary>
    bool Holds(Guid leaseId);
}
