namespace Statecast.Serialization.Patches;

/// <summary>Where a reader is among the items of a collection's changes.</summary>
internal struct PatchItems
{
    public bool IsObject { get; init; }

    /// <summary>The items read so far, in JSON.</summary>
    public int Count;

    /// <summary>What is left of the block, in Avro.</summary>
    public int Left;
}
