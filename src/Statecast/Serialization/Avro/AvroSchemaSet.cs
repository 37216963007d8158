using System.Collections.Concurrent;
using System.Text;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Serialization.Avro;

/// <summary>Schemas in memory, by their fingerprints. Safe for any number of threads.</summary>
public sealed class AvroSchemaSet : IAvroSchemas
{
    private readonly ConcurrentDictionary<Fingerprint, AvroSchema> _schemas = new();

    /// <summary>Adds a schema.</summary>
    /// <param name="json">Its text, exactly as the writer has it: the fingerprint is taken over it.</param>
    /// <returns>The fingerprint.</returns>
    /// <exception cref="AvroSchemaException">The text is no schema.</exception>
    public Fingerprint Add(string json)
    {
        var fingerprint = Fingerprint.Of(Encoding.UTF8.GetBytes(json));
        _schemas[fingerprint] = AvroSchema.Parse(json);
        return fingerprint;
    }

    /// <inheritdoc/>
    public AvroSchema? Find(Fingerprint schema) => _schemas.GetValueOrDefault(schema);
}
