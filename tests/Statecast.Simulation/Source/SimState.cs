using Statecast.Contracts;

namespace Statecast.Simulation.Source;

/// <summary>The simulated contract where states are handed along as objects; the same destination as <see cref="SimContent"/>'s.</summary>
[StateContract(SimContent.Contract)]
internal sealed partial record SimState([StateKey] string Key, int Content);
