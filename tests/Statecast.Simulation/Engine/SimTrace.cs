using System.Globalization;

namespace Statecast.Simulation.Engine;

/// <summary>What happened, as a hash that must be the same whenever the seed is; as text too when a seed is replayed.</summary>
internal sealed class SimTrace(Scheduler scheduler, TextWriter? output)
{
    public ulong Hash { get; private set; } = 14695981039346656037;

    public void Add(string what, string subject, long a = 0, long b = 0)
    {
        Mix(what);
        Mix(subject);
        Mix(scheduler.Now.Ticks);
        Mix(a);
        Mix(b);
        output?.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{scheduler.Now.TotalSeconds, 10:0.0000}  {what, -22} {subject} {a} {b}")
        );
    }

    private void Mix(string text)
    {
        foreach (var c in text)
            Hash = (Hash ^ c) * 1099511628211;
    }

    private void Mix(long value)
    {
        for (var i = 0; i < 64; i += 16)
            Hash = (Hash ^ (ushort)(value >> i)) * 1099511628211;
    }
}
