using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace Statecast.Contracts.Locks;

/// <summary>Finds the contracts of an assembly.</summary>
[RequiresUnreferencedCode("Looks for types that implement IStateContract."), RequiresDynamicCode("Closes a generic method over them.")]
internal static class ContractLockAssembly
{
    private static readonly MethodInfo Of = typeof(StateContract).GetMethod(nameof(StateContract.Of))!;

    public static StateContract[] ContractsOf(Assembly assembly) =>
        [
            .. assembly
                .GetTypes()
                .Where(t => t is { IsClass: true, IsAbstract: false } && t.GetInterfaces().Any(IsContract))
                .Select(t => (StateContract)Of.MakeGenericMethod(t).Invoke(null, null)!),
        ];

    private static bool IsContract(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IStateContract<>);
}
