namespace Statecast.Consuming;

/// <summary>How many patches may wait for their base.</summary>
/// <param name="PatchesPerKey">Of one key; the oldest give way.</param>
/// <param name="Bytes">Of all keys, the bytes of their bodies. Beyond it a key keeps its newest patch alone, without the body: the mark that its state here is old.</param>
public sealed record WaitingLimits(int PatchesPerKey, long Bytes)
{
    /// <summary>64 patches of a key, 16 MB in all.</summary>
    public static WaitingLimits Default { get; } = new(64, 16 << 20);
}
