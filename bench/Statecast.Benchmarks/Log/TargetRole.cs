using System.Globalization;
using Statecast.Benchmarks.Harness;

namespace Statecast.Benchmarks.Log;

/// <summary>The target's process.</summary>
internal sealed class TargetRole(ITargetSide side, AppliedOrders applied)
{
    public const string Name = "log-target";

    public async Task RunAsync()
    {
        await side.StartAsync();
        await ParentLink.ServeAsync(async command =>
            command[0] switch
            {
                "await" => (await applied.ReachedAsync(Number(command[1]))).ToString(CultureInfo.InvariantCulture),
                "stamps" => string.Join(' ', applied.Stamps(Number(command[1]), Number(command[2]))),
                "cpu" => ProcessorTime.Micros(),
                _ => throw new InvalidOperationException($"'{command[0]}' is no command of {Name}."),
            }
        );
        await side.DisposeAsync();
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
