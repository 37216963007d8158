using Statecast.Events;

namespace Statecast.Replicas;

/// <summary>Patches that wait for their base.</summary>
/// <param name="Count">How many.</param>
/// <param name="Bytes">The bytes of their bodies.</param>
public readonly record struct WaitingPatches(long Count, long Bytes)
{
    // What an event is in memory beside its body, about.
    private const int Envelope = 512;

    /// <summary>About what they take up: many small ones would else be many times what their bodies are.</summary>
    internal long Taken => Bytes + (Envelope * Count);

    /// <summary>Both together.</summary>
    public static WaitingPatches operator +(WaitingPatches left, WaitingPatches right) =>
        new(left.Count + right.Count, left.Bytes + right.Bytes);

    /// <summary>What is left.</summary>
    public static WaitingPatches operator -(WaitingPatches left, WaitingPatches right) =>
        new(left.Count - right.Count, left.Bytes - right.Bytes);

    /// <summary>What these are.</summary>
    internal static WaitingPatches Of(IReadOnlyList<StateEvent> patches)
    {
        long bytes = 0;
        foreach (var patch in patches)
            bytes += patch.Body.Length;
        return new(patches.Count, bytes);
    }
}

/// <summary>A key whose patches wait.</summary>
/// <param name="Key">The text form of the key.</param>
/// <param name="Patches">How many, and how large.</param>
public readonly record struct WaitingKey(string Key, WaitingPatches Patches);

/// <summary>All patches of a key that wait from now on, in the place of those that waited before.</summary>
/// <param name="Key">The text form of the key.</param>
/// <param name="Patches">By revision; empty for none. One that is kept without its body can only be superseded.</param>
public sealed record WaitingChange(string Key, IReadOnlyList<StateEvent> Patches)
{
    /// <summary>Whether a full state of the key came with it: the answer, if one was asked for.</summary>
    internal bool Answered { get; init; }
}
