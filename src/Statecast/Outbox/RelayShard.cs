using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Outbox;

/// <summary>What one relay is responsible for: every lane that one source writes on one carrier.</summary>
/// <param name="Name">The shard's name in outbox rows and leases: the carrier's name.</param>
/// <param name="Source">The owning service's name.</param>
/// <param name="Holder">Who holds the lease, for people: machine and process.</param>
/// <param name="Abilities">What the carrier can do.</param>
/// <param name="Destinations">What is sent there.</param>
internal sealed record RelayShard(
    string Name,
    string Source,
    string Holder,
    TransportAbilities Abilities,
    IReadOnlyList<RelayDestination> Destinations
)
{
    /// <summary>Whether the log must be read back: it keeps records, and appends them without asking the guard (protocol section 5).</summary>
    public bool ReadsBack => Abilities is { Retained: true, ConditionalAppend: false };

    /// <summary>Every lane, in order.</summary>
    public IEnumerable<LaneId> Lanes => Destinations.SelectMany(d => Enumerable.Range(0, d.Lanes).Select(n => new LaneId(d.Name, n)));
}

/// <summary>A destination that a relay writes.</summary>
/// <param name="Name">The destination.</param>
/// <param name="Contract">The contract whose events go there.</param>
/// <param name="Lanes">Its lane count.</param>
internal sealed record RelayDestination(string Name, string Contract, int Lanes);
