using Statecast.Transport;

namespace Statecast.Serialization.Avro.Registry;

/// <summary>A schema registry did not do what it was asked for. The message says what, where and which setting or step mends it; never a secret.</summary>
public sealed class SchemaRegistryException : TransportException
{
    /// <param name="fault">What kind of failure.</param>
    /// <param name="message">The explanation.</param>
    /// <param name="inner">What caused it, if anything did.</param>
    public SchemaRegistryException(SchemaRegistryFault fault, string message, Exception? inner = null)
        : base(message, inner!) => Fault = fault;

    /// <summary>What kind of failure.</summary>
    public SchemaRegistryFault Fault { get; }
}

/// <summary>Kinds of failure of a schema registry.</summary>
public enum SchemaRegistryFault
{
    /// <summary>It cannot be reached, is overloaded, or did not answer in time. Was tried again; may work later.</summary>
    Unavailable,

    /// <summary>It asks for other credentials or rights.</summary>
    Denied,

    /// <summary>What answers there does not speak the API of a schema registry.</summary>
    Protocol,

    /// <summary>It does not take the schema, because of an earlier one of its subject.</summary>
    Incompatible,

    /// <summary>The schema itself cannot be used: malformed, too large, of another kind than Avro, or of a subject that is not allowed.</summary>
    Unusable,

    /// <summary>A schema that must be there is not registered.</summary>
    Missing,
}
