namespace Statecast.Contracts;

/// <summary>The text form of a key whose type is not known at compile time.</summary>
public static class KeyObjects
{
    /// <summary>The text form of a key.</summary>
    /// <exception cref="ArgumentException">The key is not of the contract's key type.</exception>
    public static string FormatKeyObject(this StateContract contract, object key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return contract.Accept(new Formatter(key));
    }

    /// <summary>Checks that a text is the text form of a key.</summary>
    /// <exception cref="FormatException">It is not; the message says why.</exception>
    internal static void RequireKeyText(this StateContract contract, string text) => contract.Accept(new Parser(text));

    private sealed class Parser(string text) : IContractVisitor<bool>
    {
        public bool Visit<TKey, TState>(StateContract<TKey, TState> contract)
            where TKey : notnull
            where TState : class
        {
            contract.ParseKey(text);
            return true;
        }
    }

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
