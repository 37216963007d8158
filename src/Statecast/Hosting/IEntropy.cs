using System.Security.Cryptography;

namespace Statecast.Hosting;

/// <summary>Randomness, injected so that a simulation can decide it: lease and operation ids, incarnations, jitter.</summary>
public interface IEntropy
{
    /// <summary>Fills the span with random bytes.</summary>
    void Fill(Span<byte> destination);
}

/// <summary>The machine's randomness.</summary>
public sealed class SystemEntropy : IEntropy
{
    /// <summary>The one instance.</summary>
    public static SystemEntropy Instance { get; } = new();

    /// <inheritdoc/>
#pragma warning disable RS0030 // Here, and nowhere else, randomness comes from the machine.
    public void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
#pragma warning restore RS0030
}

/// <summary>What the core draws.</summary>
public static class EntropyExtensions
{
    /// <summary>A random id.</summary>
    public static Guid NextGuid(this IEntropy entropy)
    {
        Span<byte> bytes = stackalloc byte[16];
        entropy.Fill(bytes);
        return new(bytes, bigEndian: true);
    }

    /// <summary>A log's incarnation: positive, since 0 means "none" and a negative one reads badly.</summary>
    public static long NextIncarnation(this IEntropy entropy)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        entropy.Fill(bytes);
        return Math.Max(1, BitConverter.ToInt64(bytes) & long.MaxValue);
    }

    /// <summary>A number from 0 up to 1, for jitter.</summary>
    public static double NextFraction(this IEntropy entropy)
    {
        Span<byte> bytes = stackalloc byte[4];
        entropy.Fill(bytes);
        return BitConverter.ToUInt32(bytes) / (uint.MaxValue + 1.0);
    }
}
