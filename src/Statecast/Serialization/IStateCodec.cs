using System.Buffers;
using System.Diagnostics.CodeAnalysis;
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

    /// <summary>Reads one field of such a body; false if it is null. A codec that cannot pass over the rest reads the state.</summary>
    /// <remarks>Whether what stands behind the field can be read is not looked at.</remarks>
    /// <exception cref="StateFormatException">What was looked at is no state of the contract.</exception>
    bool TryReadField<TState, TValue>(
        StateContract<TState> contract,
        StateField<TState, TValue> field,
        Fingerprint schema,
        ReadOnlyMemory<byte> body,
        [MaybeNullWhen(false)] out TValue value
    )
        where TState : class
        where TValue : notnull => field.TryGet(Decode(contract, schema, body), out value);

    /// <summary>Appends what makes the one state of the other. Appends nothing and gives false if the contract has no patches, or if that is not smaller than the full body: then a full state is sent.</summary>
    /// <param name="contract">Their contract.</param>
    /// <param name="before">The state that every reader has, as it was read from its body.</param>
    /// <param name="after">Another state of the same key.</param>
    /// <param name="bodyBytes">The length of the second state's full body.</param>
    /// <param name="destination">Receives the patch.</param>
    /// <exception cref="StateValueException">A property holds a value outside the value domain.</exception>
    /// <exception cref="ArgumentException">The states have different keys.</exception>
    bool TryEncodePatch<TState>(StateContract<TState> contract, TState before, TState after, int bodyBytes, IBufferWriter<byte> destination)
        where TState : class;

    /// <summary>Applies a patch that was written in the schema with this fingerprint.</summary>
    /// <param name="contract">The states' contract.</param>
    /// <param name="before">The state that the patch was made from, as it was read from its body.</param>
    /// <param name="schema">The writer's schema.</param>
    /// <param name="patch">The patch.</param>
    /// <exception cref="StateFormatException">It is malformed, does not fit that state, or is of another schema where the encoding needs the same.</exception>
    TState ApplyPatch<TState>(StateContract<TState> contract, TState before, Fingerprint schema, ReadOnlyMemory<byte> patch)
        where TState : class;
}
