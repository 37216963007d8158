namespace Statecast.Publishing;

/// <summary>
/// A state could not be captured. Thrown inside the application's own transaction, which is then the application's to roll back: nothing is published.
/// The message names the contract, the key and what mends it.
/// </summary>
public sealed class CaptureException : Exception
{
    /// <summary>A failure of one key.</summary>
    /// <param name="contract">The contract's name.</param>
    /// <param name="key">The text form of the key.</param>
    /// <param name="reason">What is wrong and what to do.</param>
    /// <param name="inner">What caused it, or null.</param>
    public CaptureException(string contract, string key, string reason, Exception? inner = null)
        : base($"{contract} '{key}': {reason}", inner)
    {
        Contract = contract;
        Key = key;
    }

    /// <summary>The contract's name.</summary>
    public string Contract { get; }

    /// <summary>The text form of the key.</summary>
    public string Key { get; }
}
