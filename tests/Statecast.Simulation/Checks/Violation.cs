namespace Statecast.Simulation.Checks;

/// <summary>A promise was broken. Names the checker.</summary>
internal sealed class Violation(string checker, string message) : Exception($"{checker}: {message}")
{
    public string Checker { get; } = checker;
}

/// <summary>The checkers' names: one per promise.</summary>
internal static class Checker
{
    public const string Atomic = "1 Atomic";
    public const string NeverBackwards = "2 NeverBackwards";
    public const string DeletesHold = "3 DeletesHold";
    public const string Converges = "4 Converges";
    public const string EffectsOnce = "5 EffectsOnce";
    public const string NothingSkipped = "6 NothingSkipped";
    public const string OwnKeyOnly = "7 OwnKeyOnly";
    public const string HonestFreshness = "8 HonestFreshness";
    public const string CompactionSafe = "9 CompactionSafe";

    /// <summary>Protocol section 6 beside the promises: a new epoch without a restore, or a row dropped that the source has.</summary>
    public const string GoingBack = "GoingBack";
}
