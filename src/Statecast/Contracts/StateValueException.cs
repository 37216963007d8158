namespace Statecast.Contracts;

/// <summary>A state holds a value that cannot travel: found at capture, inside the source's transaction, where the caller can mend it.</summary>
/// <param name="path">The property, for example <c>OrderLine.Price</c>; <c>OrderState.Tags[]</c> for an item of a collection.</param>
/// <param name="reason">What is wrong and what to do.</param>
public sealed class StateValueException(string path, string reason) : Exception($"{path}: {reason}")
{
    /// <summary>The property whose value cannot travel.</summary>
    public string Path { get; } = path;
}
