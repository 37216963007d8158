namespace Statecast.Serialization;

/// <summary>Received bytes are no state of the contract. The event is parked with this message; other keys go on.</summary>
/// <param name="path">Where in the state, for example <c>lines[3].price</c>; <c>$</c> for the whole.</param>
/// <param name="offset">The byte offset in the body, or -1 if unknown.</param>
/// <param name="reason">What is wrong.</param>
/// <param name="inner">What caused it, if anything did.</param>
public sealed class StateFormatException(string path, long offset, string reason, Exception? inner = null)
    : FormatException(offset < 0 ? $"{path}: {reason}" : $"{path} (byte {offset}): {reason}", inner)
{
    /// <summary>Where in the state.</summary>
    public string Path { get; } = path;

    /// <summary>What is wrong, without the place.</summary>
    public string Reason { get; } = reason;

    /// <summary>The byte offset in the body, or -1 if unknown.</summary>
    public long Offset { get; } = offset;
}
