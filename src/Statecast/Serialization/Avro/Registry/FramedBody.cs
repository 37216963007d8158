namespace Statecast.Serialization.Avro.Registry;

/// <summary>A received value, taken apart: what a <see cref="Events.StateEvent"/> needs of it.</summary>
/// <param name="Body">The bare body, a part of what was received.</param>
/// <param name="Schema">
/// The fingerprint of the writer's schema; or, if no registry has it, what stands in for it: the event is then parked with the reason, and applied by itself once
/// the schema is known.
/// </param>
public readonly record struct FramedBody(ReadOnlyMemory<byte> Body, Fingerprint Schema);
