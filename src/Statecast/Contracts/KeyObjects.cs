namespace Statecast.Contracts;

/// <summary>The text form of a key whose type is not known at compile time.</summary>
public static class KeyObjects
{
    /// <summary>The text form of a key.</summary>
    /// <exception cref="ArgumentException">The key is not of the contract's key type.</exception>
    public static string FormatKeyObject(this StateContract contract, object key) => contract.Accept(new Formatter(key));

    private sealed class Formatter(object key) : IContractVisitor<string>
    {
        public string Visit<TKey, TState>(StateContract<TKey, TState> contract)
            where TKey : notnull
            where TState : class =>
            key is TKey typed
                ? contract.FormatKey(typed)
                : throw new ArgumentException(
                    $"A key of {contract.Name} is a {typeof(TKey).Name}, but {key} is a {key.GetType().Name}.",
                    nameof(key)
                );
    }
}
