namespace Statecast.Publishing;

/// <summary>What a head keeps for a publication with patches: the state that the next one is made from, and how long ago a full state was sent.</summary>
/// <param name="Body">The state of the head's revision, in Avro, in the head's schema.</param>
/// <param name="Patches">How many patches went out since the last full state.</param>
/// <param name="FullAt">When that was captured, UTC, in microseconds.</param>
public sealed record PatchBase(ReadOnlyMemory<byte> Body, int Patches, DateTimeOffset FullAt);
