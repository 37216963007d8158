namespace Statecast.Serialization.Compatibility;

/// <summary>Who must be able to read what, while one schema follows another.</summary>
public enum CompatibilityMode
{
    /// <summary>The new schema reads what the last one wrote: targets go first.</summary>
    Backward,

    /// <summary>The last schema reads what the new one writes: the source goes first.</summary>
    Forward,

    /// <summary>Both: either goes first.</summary>
    Full,

    /// <summary>The new schema reads what any earlier one wrote, as a retained log demands.</summary>
    BackwardTransitive,

    /// <summary>Any earlier schema reads what the new one writes.</summary>
    ForwardTransitive,

    /// <summary>Both, with any earlier schema.</summary>
    FullTransitive,
}

/// <summary>What a mode asks for.</summary>
internal static class CompatibilityModes
{
    /// <summary>The project's property, and the assembly's metadata that says the same after the build.</summary>
    public const string Property = "StatecastCompatibility";

    /// <summary>The mode that a project's property names. What names none the package's targets refuse.</summary>
    public static CompatibilityMode OfProject(string? given) =>
        System.Enum.TryParse<CompatibilityMode>(given, ignoreCase: true, out var mode) ? mode : CompatibilityMode.BackwardTransitive;

    public static bool IsBackward(this CompatibilityMode mode) =>
        mode is not (CompatibilityMode.Forward or CompatibilityMode.ForwardTransitive);

    public static bool IsForward(this CompatibilityMode mode) =>
        mode is not (CompatibilityMode.Backward or CompatibilityMode.BackwardTransitive);

    public static bool IsTransitive(this CompatibilityMode mode) => mode >= CompatibilityMode.BackwardTransitive;
}
