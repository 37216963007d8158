using System.Buffers;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;

namespace Statecast.Publishing;

/// <summary>One major of a contract, as a publication writes it: the publication's own, or an older one that is kept beside it for targets that have not moved.</summary>
internal abstract class Edition(StateContract contract)
{
    /// <summary>What a head's states are written in.</summary>
    protected static readonly AvroStateCodec Bases = new();

    public StateContract Contract { get; } = contract;

    /// <summary>The text form of a state's key.</summary>
    public abstract string KeyOf(object state);

    /// <summary>The content fingerprint: over the Avro binary body in the contract's own schema, whatever the codecs are.</summary>
    public Fingerprint FingerprintOf(object state) => FingerprintOf(state, out _);

    /// <summary>The same, and how long that body is.</summary>
    public abstract Fingerprint FingerprintOf(object state, out int avroLength);

    /// <summary>Appends a state's body.</summary>
    public abstract void Encode(object state, IStateCodec codec, IBufferWriter<byte> destination);

    /// <summary>A state's body as a head keeps it.</summary>
    public abstract byte[] BaseOf(object state);

    /// <summary>The state that a head keeps. Null if it cannot be read, as after a restart with lower limits: it is no base then, and a full state takes its place.</summary>
    public abstract object? ReadBase(ReadOnlyMemory<byte> body);

    /// <summary>Appends what makes the one state of the other; false if a full state is to go out.</summary>
    public abstract bool TryEncodePatch(object before, object after, IStateCodec codec, int bodyBytes, IBufferWriter<byte> destination);
}

/// <summary>An edition whose state type is known.</summary>
internal sealed class Edition<TState>(StateContract<TState> contract) : Edition(contract)
    where TState : class
{
    private readonly StateContract<TState> _contract = contract;

    public override string KeyOf(object state) => _contract.KeyTextOf((TState)state);

    public override Fingerprint FingerprintOf(object state, out int avroLength) =>
        ContentFingerprint.Of(_contract, (TState)state, out avroLength);

    public override void Encode(object state, IStateCodec codec, IBufferWriter<byte> destination) =>
        codec.Encode(_contract, (TState)state, destination);

    public override byte[] BaseOf(object state)
    {
        var buffer = PooledBuffer.Take();
        try
        {
            Bases.Encode(_contract, (TState)state, buffer);
            return buffer.Written.ToArray();
        }
        finally
        {
            buffer.Return();
        }
    }

    public override object? ReadBase(ReadOnlyMemory<byte> body)
    {
        try
        {
            return Bases.Decode(_contract, _contract.SchemaFingerprint, body);
        }
        catch (StateFormatException)
        {
            return null;
        }
    }

    public override bool TryEncodePatch(object before, object after, IStateCodec codec, int bodyBytes, IBufferWriter<byte> destination) =>
        codec.TryEncodePatch(_contract, (TState)before, (TState)after, bodyBytes, destination);
}
