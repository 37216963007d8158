namespace Statecast.Benchmarks.Log;

/// <summary>The processes of this suite, by role and way.</summary>
internal static class LogRoles
{
    public const string Statecast = "statecast";
    public const string ByHand = "by-hand";

    /// <summary>Runs a role until the parent ends it.</summary>
    public static Task RunAsync(string role, string way, string directory)
    {
        switch (role)
        {
            case SourceRole.Name:
                return new SourceRole(way == Statecast ? new StatecastSource(directory) : new HandwrittenSource(directory)).RunAsync();
            case TargetRole.Name:
                var applied = new AppliedOrders();
                ITargetSide side = way == Statecast ? new StatecastTarget(directory, applied) : new HandwrittenTarget(directory, applied);
                return new TargetRole(side, applied).RunAsync();
            default:
                throw new ArgumentException($"There is no role '{role}'.", nameof(role));
        }
    }
}
