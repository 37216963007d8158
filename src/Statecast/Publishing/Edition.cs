using System.Buffers;
using Statecast.Contracts;
using Statecast.Serialization;

namespace Statecast.Publishing;

/// <summary>One major of a contract, as a publication writes it: the publication's own, or an older one that is kept beside it for targets that have not moved.</summary>
internal abstract class Edition(StateContract contract)
{
    public StateContract Contract { get; } = contract;

    /// <summary>The text form of a state's key.</summary>
    public abstract string KeyOf(object state);

    /// <summary>The content fingerprint: over the Avro binary body in the contract's own schema, whatever the codecs are.</summary>
    public abstract Fingerprint FingerprintOf(object state);

    /// <summary>Appends a state's body.</summary>
    public abstract void Encode(object state, IStateCodec codec, IBufferWriter<byte> destination);
}

/// <summary>An edition whose state type is known.</summary>
internal sealed class Edition<TState>(StateContract<TState> contract) : Edition(contract)
    where TState : class
{
    private readonly StateContract<TState> _contract = contract;

    public override string KeyOf(object state) => _contract.KeyTextOf((TState)state);

    public override Fingerprint FingerprintOf(object state) => ContentFingerprint.Of(_contract, (TState)state);

    public override void Encode(object state, IStateCodec codec, IBufferWriter<byte> destination) =>
        codec.Encode(_contract, (TState)state, destination);
}
