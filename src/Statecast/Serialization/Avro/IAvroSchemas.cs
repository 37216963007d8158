using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Serialization.Avro;

/// <summary>Where the schemas are found in which others wrote. Safe for any number of threads.</summary>
public interface IAvroSchemas
{
    /// <summary>The schema of a fingerprint (SHA-256 over its text, cut to 128 bits); null if it is not known.</summary>
    AvroSchema? Find(Fingerprint schema);

    /// <summary>Why a schema is not known, and what will become of it, as a sentence; null if there is no more to say.</summary>
    string? WhyUnknown(Fingerprint schema) => null;
}
