namespace Statecast.Publishing;

/// <summary>A source is not as it must be. The message says what, where and which setting or step mends it.</summary>
public class SourceException : Exception
{
    /// <summary>A failure with its explanation.</summary>
    public SourceException(string message)
        : base(message) { }

    /// <summary>A failure with its explanation and what caused it.</summary>
    public SourceException(string message, Exception inner)
        : base(message, inner) { }
}
