using Statecast.Contracts;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Serialization;

namespace Statecast.Consuming;

/// <summary>Reads bodies of one contract with the codecs that this service knows.</summary>
/// <param name="contract">The contract.</param>
/// <param name="codecs">The codecs by name.</param>
/// <param name="indexes">The replica's indexes.</param>
/// <param name="reads">The contract whose destination the replica reads, if it is an older major; null for <paramref name="contract"/> itself.</param>
public sealed class StateReader<TState>(
    StateContract<TState> contract,
    IReadOnlyDictionary<string, IStateCodec> codecs,
    IReadOnlyList<StateIndex<TState>> indexes,
    StateContract? reads = null
) : IStateReader
    where TState : class
{
    private readonly StateContract _reads = reads ?? contract;
    private readonly UpcastChain<TState> _chain = UpcastChain<TState>.Of(contract);

    /// <summary>
    /// What the envelope and the indexed fields show: for a replica without handlers, whose indexes are over fields and whose bodies are decoded by their first
    /// reader.
    /// </summary>
    public StateInspection Peek(StateEvent stateEvent)
    {
        if (WrongContract(stateEvent) is { } wrong)
            return wrong;
        if (!codecs.TryGetValue(stateEvent.Codec, out var codec))
            return StateInspection.Misfit(UnknownCodec(stateEvent.Codec));
        if (indexes.Count == 0)
            return StateInspection.Readable([]);
        // An older major's fields are another record's.
        if (MajorOf(stateEvent.Lane.Destination) != contract.Major)
            return Inspect(stateEvent);
        var entries = new List<IndexEntry>(indexes.Count);
        foreach (var index in indexes)
        {
            try
            {
                index.Collect(contract, codec, stateEvent.Schema, stateEvent.Body, entries);
            }
            catch (Exception e) when (e is StateFormatException or StateValueException or NotSupportedException)
            {
                return StateInspection.Misfit(e.Message);
            }
            // The text of a value may be the user's own.
            catch (Exception e)
            {
                return Threw(index, e);
            }
        }
        return StateInspection.Readable(entries);
    }

    /// <inheritdoc/>
    public StateInspection Inspect(StateEvent stateEvent)
    {
        if (WrongContract(stateEvent) is { } wrong)
            return wrong;
        TState state;
        try
        {
            state = Decode(
                new(stateEvent.Codec, stateEvent.Schema, stateEvent.Body)
                {
                    State = stateEvent.State,
                    Major = MajorOf(stateEvent.Lane.Destination),
                }
            );
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
    public PatchedState Patch(StoredBody before, StateEvent patch)
    {
        if (WrongContract(patch) is { } wrong)
            return new(null, wrong.Defect);
        if (!codecs.TryGetValue(patch.Codec, out var codec))
            return new(null, UnknownCodec(patch.Codec));
        var own = contract.SchemaFingerprint;
        if (patch.Schema != own || before.Schema != own || (before.Major != 0 && before.Major != contract.Major))
            return new(
                null,
                $"it is of the schema {patch.Schema}, on a state of {before.Schema}; only patches of this service's own, {own}, are applied."
            );
        try
        {
            var state = codec.ApplyPatch(contract, Decode(before), patch.Schema, patch.Body);
            return ContentFingerprint.Of(contract, state) is var content && content == patch.Content
                ? new(patch with { Operation = StateOperation.Upsert, Base = 0, Body = Encode(codec, state), State = state }, null)
                : new(
                    null,
                    $"applied to the state here it makes one with the fingerprint {content}, and the source's has {patch.Content}."
                );
        }
        catch (Exception e) when (e is StateFormatException or StateValueException or NotSupportedException)
        {
            return new(null, e.Message);
        }
    }

    private byte[] Encode(IStateCodec codec, TState state)
    {
        var buffer = PooledBuffer.Take();
        try
        {
            codec.Encode(contract, state, buffer);
            return buffer.Written.ToArray();
        }
        finally
        {
            buffer.Return();
        }
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
    public TState Decode(StoredBody body)
    {
        if (body.State is { } state)
            return state as TState ?? _chain.Upcast(state) ?? throw NoState(state);
        if (!codecs.TryGetValue(body.Codec, out var codec))
            throw new StateFormatException("$", -1, UnknownCodec(body.Codec));
        var major = body.Major == 0 ? _reads.Major : body.Major;
        return major == contract.Major
            ? codec.Decode(contract, body.Schema, body.Body)
            : _chain.Decode(major, codec, body.Schema, body.Body);
    }

    private StateFormatException NoState(object state) =>
        new("$", -1, $"the carrier handed a {state.GetType().Name} along, and {contract.Destination} has {typeof(TState).Name}.");

    private string UnknownCodec(string codec) => $"the codec '{codec}' is not known here; known are {string.Join(", ", codecs.Keys)}.";

    private StateInspection? WrongContract(StateEvent stateEvent) =>
        stateEvent.Contract == contract.Name && MajorOf(stateEvent.Lane.Destination) > 0
            ? null
            : StateInspection.Misfit(
                $"the event is of contract '{stateEvent.Contract}' in {stateEvent.Lane.Destination}, this replica of '{contract.Name}' in {_reads.Destination}: another contract needs a replica of its own, an older major version an upcaster, a newer one a record that has it."
            );

    // What another major left behind is read as well: events that were parked before the replica moved on, and rows.
    private int MajorOf(string destination)
    {
        if (destination == _reads.Destination)
            return _reads.Major;
        var major = StateContract.MajorOf(destination);
        return destination.StartsWith(contract.Name, StringComparison.Ordinal) && (major == contract.Major || _chain.Reads(major))
            ? major
            : 0;
    }

    private static StateInspection Threw(StateIndex<TState> index, Exception e) =>
        StateInspection.Unreadable($"the index '{index.Name}' threw {e.GetType().Name}: {e.Message}");

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
                return Threw(index, e);
            }
        }
        return StateInspection.Readable(entries) with { State = state };
    }
}
