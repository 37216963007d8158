using System.Buffers.Binary;
using Statecast.Hosting;

namespace Statecast.Simulation.Engine;

/// <summary>All randomness of a run, from its seed (SplitMix64).</summary>
internal sealed class SimRandom(ulong seed) : IEntropy
{
    private ulong _state = seed * 0x9E3779B97F4A7C15 + 0x2545F4914F6CDD1D;

    public ulong NextBits()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>From 0 up to, not including, the bound.</summary>
    public int Next(int bound) => (int)(NextBits() % (ulong)bound);

    public int Between(int low, int high) => low + Next(high - low + 1);

    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    public bool Chance(double probability) => NextDouble() < probability;

    public TimeSpan Seconds(double lowSeconds, double highSeconds) =>
        TimeSpan.FromTicks((long)((lowSeconds + (NextDouble() * (highSeconds - lowSeconds))) * TimeSpan.TicksPerSecond));

    public T Pick<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    public void Fill(Span<byte> destination)
    {
        Span<byte> word = stackalloc byte[8];
        for (var i = 0; i < destination.Length; i += 8)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, NextBits());
            word[..Math.Min(8, destination.Length - i)].CopyTo(destination[i..]);
        }
    }
}
