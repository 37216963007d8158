using System.ComponentModel;
using Statecast.Serialization;

namespace Statecast.Contracts;

/// <summary>
/// Makes a contract's state of an older major's: <c>public static OrderState Upcast(OrderStateV1 old)</c> on the record, found by the generator. Chained: what the
/// older record can be made of, the newer one can.
/// </summary>
/// <typeparam name="TState">The newer record.</typeparam>
public abstract class Upcaster<TState>
    where TState : class
{
    private protected Upcaster() { }

    /// <summary>The older contract.</summary>
    public abstract StateContract From { get; }

    /// <summary>Adds the contracts that this can begin with: the older one, and those that its own upcasters take.</summary>
    /// <param name="olders">The contracts by major.</param>
    /// <param name="newer">The contracts on the way here, newest first.</param>
    /// <exception cref="InvalidOperationException">The upcasters make a circle.</exception>
    internal abstract void Reach(IDictionary<int, StateContract> olders, IReadOnlyList<StateContract> newer);

    /// <summary>Reads a body of that major and upcasts it.</summary>
    /// <exception cref="StateFormatException">The body is no state of it, or an upcaster threw.</exception>
    internal abstract TState Decode(int major, IStateCodec codec, Fingerprint schema, ReadOnlyMemory<byte> body);

    /// <summary>Upcasts an object of one of the older records; null for any other.</summary>
    /// <exception cref="StateFormatException">An upcaster threw.</exception>
    internal abstract TState? Upcast(object state);
}

/// <summary>An upcaster whose older type is known. Made by generated code.</summary>
/// <param name="from">The older contract.</param>
/// <param name="upcast">The record's method.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class Upcaster<TOlder, TState>(StateContract<TOlder> from, Func<TOlder, TState> upcast) : Upcaster<TState>
    where TOlder : class
    where TState : class
{
    private readonly Lazy<UpcastChain<TOlder>> _chain = new(() => UpcastChain<TOlder>.Of(from));

    /// <inheritdoc/>
    public override StateContract From => from;

    internal override void Reach(IDictionary<int, StateContract> olders, IReadOnlyList<StateContract> newer) =>
        UpcastChain<TOlder>.Reach(from, olders, newer);

    internal override TState Decode(int major, IStateCodec codec, Fingerprint schema, ReadOnlyMemory<byte> body) =>
        Run(major == from.Major ? codec.Decode(from, schema, body) : _chain.Value.Decode(major, codec, schema, body));

    internal override TState? Upcast(object state) => (state as TOlder ?? _chain.Value.Upcast(state)) is { } older ? Run(older) : null;

    private TState Run(TOlder older)
    {
        try
        {
            return upcast(older)
                ?? throw new StateFormatException("$", -1, $"{typeof(TState).Name}.Upcast({typeof(TOlder).Name}) returned null.");
        }
        // The method is the user's: whatever it throws delays this key only.
        catch (Exception e) when (e is not (StateFormatException or OutOfMemoryException))
        {
            throw new StateFormatException(
                "$",
                -1,
                $"{typeof(TState).Name}.Upcast({typeof(TOlder).Name}) threw {e.GetType().Name}: {e.Message}",
                e
            );
        }
    }
}
