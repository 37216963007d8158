using Statecast.Contracts;
using Statecast.Events;
using Statecast.Serialization;

namespace Statecast.Transport.InProcess;

/// <summary>Encodes what was handed along as an object, for a target that keeps bytes: the same bytes that capture would have written.</summary>
internal sealed class InProcessBodies(StateContract contract, IReadOnlyDictionary<string, IStateCodec> codecs)
{
    public Delivery Fill(Delivery delivery) =>
        new()
        {
            Opened = delivery.Opened,
            Batches = [.. delivery.Batches.Select(b => b with { Events = [.. b.Events.Select(e => e with { Event = Fill(e.Event!) })] })],
            Heartbeats = delivery.Heartbeats,
        };

    private StateEvent Fill(StateEvent stateEvent) =>
        stateEvent.State is { } state && stateEvent.Body.IsEmpty
            ? stateEvent with
            {
                Body = contract.Accept(new Encoding(state, codecs[stateEvent.Codec])),
            }
            : stateEvent;

    private sealed class Encoding(object state, IStateCodec codec) : IContractVisitor<byte[]>
    {
        public byte[] Visit<TKey, TState>(StateContract<TKey, TState> contract)
            where TKey : notnull
            where TState : class
        {
            var buffer = PooledBuffer.Take();
            try
            {
                codec.Encode(contract, (TState)state, buffer);
                return buffer.Written.ToArray();
            }
            finally
            {
                buffer.Return();
            }
        }
    }
}
