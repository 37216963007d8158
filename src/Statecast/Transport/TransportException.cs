namespace Statecast.Transport;

/// <summary>A carrier failed or is not as it must be. The message says what, where and which setting or step mends it.</summary>
public class TransportException : Exception
{
    /// <summary>A failure with its explanation.</summary>
    public TransportException(string message)
        : base(message) { }

    /// <summary>A failure with its explanation and what caused it.</summary>
    public TransportException(string message, Exception inner)
        : base(message, inner) { }
}
