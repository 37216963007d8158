using Statecast.Events;

namespace Shop.Upgrade;

/// <summary>What the rolling upgrade showed.</summary>
/// <param name="Moves">The services' moves, in order.</param>
/// <param name="Changed">The newest revision that customers were answered of every order that they changed meanwhile: each target's handler must have heard of it.</param>
internal sealed record UpgradeEvidence(IReadOnlyList<ServiceMove> Moves, IReadOnlyDictionary<string, StateRevision> Changed)
{
    public override string ToString() => $"upgraded: {string.Join("; ", Moves)}; {Changed.Count:N0} orders changed meanwhile";
}
