namespace Statecast.Serialization.Avro.Registry;

/// <summary>A registry of Avro schemas: over HTTP, or in files. Safe for any number of threads. Callers cache; a registry does not.</summary>
/// <remarks>Every member throws <see cref="SchemaRegistryException"/>, whose fault says whether asking again can help.</remarks>
public interface ISchemaRegistry
{
    /// <summary>Where it is, for messages; without secrets.</summary>
    string Name { get; }

    /// <summary>The schema of an id; null if the registry says that there is none.</summary>
    ValueTask<RegisteredSchema?> FindAsync(SchemaId id, CancellationToken ct);

    /// <summary>A schema under a subject, with its id; null if it is not registered there.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="schema">The schema's JSON.</param>
    /// <param name="ct">Ends the wait.</param>
    ValueTask<RegisteredSchema?> FindAsync(string subject, string schema, CancellationToken ct);

    /// <summary>Every schema of a subject, oldest first; empty if there is no such subject.</summary>
    ValueTask<IReadOnlyList<RegisteredSchema>> HistoryAsync(string subject, CancellationToken ct);

    /// <summary>Why the registry would not take a schema under a subject, in its words; null if it would. Changes nothing.</summary>
    ValueTask<string?> FindObjectionAsync(string subject, string schema, CancellationToken ct);

    /// <summary>Registers a schema under a subject. What is registered already keeps its id.</summary>
    /// <exception cref="SchemaRegistryException">Among others <see cref="SchemaRegistryFault.Incompatible"/>: an earlier schema forbids it.</exception>
    ValueTask<RegisteredSchema> RegisterAsync(string subject, string schema, CancellationToken ct);
}
