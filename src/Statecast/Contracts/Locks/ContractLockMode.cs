using System.Reflection;
using Statecast.Serialization.Compatibility;

namespace Statecast.Contracts.Locks;

/// <summary>The mode that a contract's own build compares it in, so that nobody has to give it twice.</summary>
internal static class ContractLockMode
{
    /// <summary>What the package's targets left in the assembly; the default where they left nothing.</summary>
    public static CompatibilityMode Of(Assembly assembly) =>
        CompatibilityModes.OfProject(
            assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(m => m.Key == CompatibilityModes.Property)?.Value
        );
}
