using Statecast.Contracts;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Serialization;

namespace Statecast.Consuming;

/// <summary>Reads bodies of one contract with the codecs that this service knows.</summary>
/// <param name="contract">The contract.</param>
/// <param name="codecs">The codecs by name.</param>
/// <param name="indexes">The replica's indexes.</param>
public sealed class StateReader<TState>(
    StateContract<TState> contract,
    IReadOnlyDictionary<string, IStateCodec> codecs,
    IReadOnlyList<StateIndex<TState>> indexes
) : IStateReader
    where TState : class
{
    /// <summary>What the envelope alone shows: for a replica without indexes and handlers, whose bodies are decoded by their first reader.</summary>
    public StateInspection Peek(StateEvent stateEvent) =>
        WrongContract(stateEvent)
        ?? (codecs.ContainsKey(stateEvent.Codec) ? StateInspection.Readable([]) : StateInspection.Misfit(UnknownCodec(stateEvent.Codec)));

    /// <inheritdoc/>
    public StateInspection Inspect(StateEvent stateEvent)
    {
        if (WrongContract(stateEvent) is { } wrong)
            return wrong;
        TState state;
        try
        {
            state = stateEvent.State as TState ?? Decode(stateEvent.Codec, stateEvent.Schema, stateEvent.Body);
            var key = contract.KeyTextOf(state);
            if (key != stateEvent.Key)
                return StateInspection.Unreadable($"the envelope names key '{stateEvent.Key}', the body is of key '{key}'.");
        }
        catch (Exception e) when (e is StateFormatException or StateValueException or NotSupportedException)
        {
            return StateInspection.Misfit(e.Message);
        }
        return Collect(state);
    }

    /// <inheritdoc/>
    public Fingerprint? OwnFingerprint(StoredBody body)
    {
        try
        {
            return ContentFingerprint.Of(contract, Decode(body));
        }
        catch (Exception e) when (e is StateFormatException or StateValueException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Reads a stored body, or takes the state itself where it is at hand.</summary>
    /// <exception cref="StateFormatException">The body is no state of the contract.</exception>
    public TState Decode(StoredBody body) => body.State as TState ?? Decode(body.Codec, body.Schema, body.Body);

    private TState Decode(string codec, Fingerprint schema, ReadOnlyMemory<byte> body) =>
        codecs.TryGetValue(codec, out var known)
            ? known.Decode(contract, schema, body)
            : throw new StateFormatException("$", -1, UnknownCodec(codec));

    private string UnknownCodec(string codec) => $"the codec '{codec}' is not known here; known are {string.Join(", ", codecs.Keys)}.";

    private StateInspection? WrongContract(StateEvent stateEvent) =>
        stateEvent.Contract == contract.Name && stateEvent.Lane.Destination == contract.Destination
            ? null
            : StateInspection.Misfit(
                $"the event is of contract '{stateEvent.Contract}' in {stateEvent.Lane.Destination}, this replica of '{contract.Name}' in {contract.Destination}: another contract, or another major version, needs a replica of its own."
            );

    private StateInspection Collect(TState state)
    {
        if (indexes.Count == 0)
            return StateInspection.Readable([]) with { State = state };
        var entries = new List<IndexEntry>(indexes.Count);
        foreach (var index in indexes)
        {
            try
            {
                index.Collect(state, entries);
            }
            // The delegate is the user's: whatever it throws delays this key only.
            catch (Exception e)
            {
                return StateInspection.Unreadable($"the index '{index.Name}' threw {e.GetType().Name}: {e.Message}");
            }
        }
        return StateInspection.Readable(entries) with { State = state };
    }
}
