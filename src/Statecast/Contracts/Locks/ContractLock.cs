using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using Statecast.Serialization.Compatibility;

namespace Statecast.Contracts.Locks;

/// <summary>
/// The history of contracts in files that go into version control: <c>&lt;directory&gt;/&lt;name&gt;/v&lt;major&gt;.&lt;minor&gt;.avsc</c>, and the JSON
/// Schema beside it as <c>.schema.json</c>. A build compares each contract with it; these methods write what has to be added.
/// </summary>
public static class ContractLock
{
    private const string NeedsReflection =
        "Looks for all contracts of an assembly by reflection. Pass the contracts themselves where code is trimmed.";

    /// <summary>Locks all contracts of the calling assembly, in the mode of its project (<c>StatecastCompatibility</c>).</summary>
    /// <param name="directory">Where the locks are; made if it is not there.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="ContractBreakException">A contract breaks with an earlier version of its major. Nothing was written.</exception>
    [RequiresUnreferencedCode(NeedsReflection), RequiresDynamicCode(NeedsReflection), MethodImpl(MethodImplOptions.NoInlining)]
    public static ContractLockUpdate Update(string directory) => Update(directory, Assembly.GetCallingAssembly());

    /// <summary>Locks all contracts of an assembly.</summary>
    /// <param name="directory">Where the locks are; made if it is not there.</param>
    /// <param name="contracts">The assembly.</param>
    /// <param name="mode">Who must read what within a major; null (the default) for what its project says by <c>StatecastCompatibility</c>.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="ContractBreakException">A contract breaks with an earlier version of its major. Nothing was written.</exception>
    [RequiresUnreferencedCode(NeedsReflection), RequiresDynamicCode(NeedsReflection)]
    public static ContractLockUpdate Update(string directory, Assembly contracts, CompatibilityMode? mode = null)
    {
        var found = ContractLockAssembly.ContractsOf(contracts);
        return found.Length > 0
            ? UpdateAll(directory, mode, found)
            : throw new ArgumentException(
                $"{contracts.GetName().Name} has no contracts. Pass the assembly that has them, or the contracts themselves: StateContract.Of<TState>().",
                nameof(contracts)
            );
    }

    /// <summary>Locks contracts, each in the mode of the project that it is from (<c>StatecastCompatibility</c>).</summary>
    /// <param name="directory">Where the locks are; made if it is not there.</param>
    /// <param name="contracts">The contracts.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="ContractBreakException">A contract breaks with an earlier version of its major. Nothing was written.</exception>
    public static ContractLockUpdate Update(string directory, params StateContract[] contracts) => UpdateAll(directory, null, contracts);

    /// <summary>Locks contracts: a changed one gets its next minor, a new major its first lock. One that is as its newest lock has it writes nothing.</summary>
    /// <param name="directory">Where the locks are; made if it is not there.</param>
    /// <param name="mode">Who must read what within a major.</param>
    /// <param name="contracts">The contracts.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="ContractBreakException">A contract breaks with an earlier version of its major. Nothing was written.</exception>
    /// <exception cref="InvalidDataException">A lock cannot be read.</exception>
    public static ContractLockUpdate Update(string directory, CompatibilityMode mode, params StateContract[] contracts) =>
        UpdateAll(directory, mode, contracts);

    private static ContractLockUpdate UpdateAll(string directory, CompatibilityMode? mode, StateContract[] contracts)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentOutOfRangeException.ThrowIfZero(contracts.Length);
        if (contracts.GroupBy(c => (c.Name, c.Major)).FirstOrDefault(g => g.Count() > 1) is { } same)
            throw new ArgumentException(
                $"The contract '{same.Key.Name}' version {same.Key.Major} is there {same.Count()} times ({string.Join(", ", same.Select(c => c.StateType))}), and has one lock. Pass the one that is meant.",
                nameof(contracts)
            );
        // All are judged before anything is written: a refused update leaves nothing half done.
        var plans = contracts
            .OrderBy(c => c.Name, StringComparer.Ordinal)
            .ThenBy(c => c.Major)
            .Select(contract => ContractLockPlan.Make(directory, contract, mode ?? ContractLockMode.Of(contract.StateType.Assembly)))
            .ToList();
        if (plans.Where(p => p.Break is not null).Select(p => p.Break!).ToList() is { Count: > 0 } breaks)
            throw new ContractBreakException(breaks);
        return new([.. plans.SelectMany(p => p.Write())]);
    }
}
