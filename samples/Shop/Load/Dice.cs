namespace Shop.Load;

/// <summary>Randomness that depends on the seed and on what it is for, never on the order in which it is drawn.</summary>
internal static class Dice
{
    public static Random For(int seed, string purpose, int index)
    {
        // FNV-1a: string hash codes differ from run to run.
        var hash = 2166136261u;
        foreach (var c in $"{seed}/{purpose}/{index}")
            hash = (hash ^ c) * 16777619u;
        return new((int)(hash & int.MaxValue));
    }

    public static Guid NextGuid(this Random random)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new(bytes, bigEndian: true);
    }

    public static bool Chance(this Random random, double probability) => random.NextDouble() < probability;

    public static T Pick<T>(this Random random, IReadOnlyList<T> values) => values[random.Next(values.Count)];
}
