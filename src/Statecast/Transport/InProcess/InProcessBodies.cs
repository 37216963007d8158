using Statecast.Contracts;
using Statecast.Events;
using Statecast.Serialization;

namespace Statecast.Transport.InProcess;

/// <summary>Encodes what was handed along as an object, for a target that keeps bytes: the same bytes that capture would have written.</summary>
internal sealed class InProcessBodies(StateContract contract, IReadOnlyDictionary<string, IStateCodec> codecs)
{
    /// <summary>Encodes a batch up to the event that takes the last of the room: of what was never encoded before, the length shows only here.</summary>
    public LaneBatch Fill(LaneBatch batch, ReadRoom room)
    {
        var events = new List<ReceivedEvent>(batch.Events.Count);
        foreach (var received in batch.Events)
        {
            if (!room.HasRoom)
                return batch with { Events = events, Next = received.Position, AtTail = false };
            var filled = Fill(received.Event!);
            room.Take(filled.Body.Length);
            events.Add(received with { Event = filled });
        }
        return batch with { Events = events };
    }

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
