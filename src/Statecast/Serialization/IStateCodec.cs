using System.Buffers;
using Statecast.Contracts;

namespace Statecast.Serialization;

/// <summary>Turns states into bodies and back. Stateless and safe for any number of threads.</summary>
public interface IStateCodec
{
    /// <summary>The name that travels with a body, for example <c>json</c>.</summary>
    string Name { get; }

    /// <summary>The media type of a body (RFC 6838).</summary>
    string ContentType { get; }

    /// <summary>Appends the body of a state, without framing.</summary>
    /// <exception cref="StateValueException">A property holds a value outside the value domain.</exception>
    void Encode<TState>(StateContract<TState> contract, TState state, IBufferWriter<byte> destination)
        where TState : class;

    /// <summary>Reads a body that was written in the schema with this fingerprint.</summary>
    /// <exception cref="StateFormatException">The body is no state of the contract.</exception>
    TState Decode<TState>(StateContract<TState> contract, Fingerprint schema, ReadOnlyMemory<byte> body)
        where TState : class;
}
