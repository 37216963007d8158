using Statecast.Serialization.Avro.Schemas;
using Statecast.Serialization.Json.Schema;

namespace Statecast.Contracts.Locks;

/// <summary>One version of a contract's shape, in both its schemas. They are parsed when a difference has to be judged, which is rare.</summary>
/// <param name="version">The version; of the contract as it is in code, the one of its newest lock or 0.</param>
/// <param name="avro">The Avro schema, minified.</param>
/// <param name="json">The JSON Schema, minified; null where a lock lacks it, which is an error before anything is compared.</param>
internal sealed class LockedSchemas(ContractVersion version, string avro, string? json)
{
    private AvroSchema? _avro;
    private JsonStateSchema? _json;

    public ContractVersion Version { get; } = version;

    public string AvroText { get; } = avro;

    public string? JsonText { get; } = json;

    public AvroSchema Avro => _avro ??= AvroSchema.Parse(AvroText);

    public JsonStateSchema? Json => _json ??= JsonText is null ? null : JsonStateSchema.Parse(JsonText);

    public bool IsSame(LockedSchemas other) => AvroText == other.AvroText && JsonText == other.JsonText;
}
