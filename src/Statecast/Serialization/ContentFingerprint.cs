using Statecast.Contracts;
using Statecast.Serialization.Avro;

namespace Statecast.Serialization;

/// <summary>The fingerprint of a state: SHA-256 cut to 128 bits over its Avro body. Equal states of one schema have equal ones, on every machine and in every language.</summary>
public static class ContentFingerprint
{
    /// <summary>Computes it. Allocates nothing once the thread's buffer has grown.</summary>
    /// <exception cref="StateValueException">A property holds a value outside the value domain.</exception>
    public static Fingerprint Of<TState>(StateContract<TState> contract, TState state)
        where TState : class => Of(contract, state, out _);

    /// <summary>The same, and how long the Avro body is that it was taken over.</summary>
    internal static Fingerprint Of<TState>(StateContract<TState> contract, TState state, out int length)
        where TState : class
    {
        var buffer = PooledBuffer.Take();
        try
        {
            var writer = new AvroWriter(buffer);
            contract.WriteAvro(ref writer, state);
            length = buffer.Written.Length;
            return Fingerprint.Of(buffer.Written);
        }
        finally
        {
            buffer.Return();
        }
    }
}
