using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Statecast.Benchmarks.Log;

/// <summary>A host that says what is wrong, on standard error: standard output is the parent's.</summary>
internal static class BenchmarkHost
{
    public static HostApplicationBuilder CreateBuilder()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Warning);
        return builder;
    }
}
