using System.Diagnostics;
using System.Globalization;

namespace Statecast.Benchmarks.Log;

/// <summary>What this process has used of the processors.</summary>
internal static class ProcessorTime
{
    public static string Micros()
    {
        using var self = Process.GetCurrentProcess();
        return ((long)self.TotalProcessorTime.TotalMicroseconds).ToString(CultureInfo.InvariantCulture);
    }
}
