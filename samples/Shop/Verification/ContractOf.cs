using Statecast.Contracts;

namespace Shop.Verification;

/// <summary>A contract's description by its record.</summary>
internal static class ContractOf<TState>
    where TState : class, IStateContract<TState>
{
    public static StateContract<TState> Value => TState.Contract;
}
