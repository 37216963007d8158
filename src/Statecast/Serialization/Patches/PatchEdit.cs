using System.ComponentModel;

namespace Statecast.Serialization.Patches;

/// <summary>A change of a value that says less than the whole value: a record's changed fields, a list's splice, a set's or a map's items.</summary>
/// <typeparam name="T">The value.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class PatchEdit<T>
{
    /// <summary>Whether the edit can be longer than the whole value, so that it is worth measuring both.</summary>
    internal virtual bool IsMeasured => false;

    /// <summary>Whether one of these values can be had from the other by an edit.</summary>
    public virtual bool Fits(T before, T after) => true;

    /// <summary>Writes what makes the one value of the other.</summary>
    public abstract void Write(ref PatchWriter writer, T before, T after);

    /// <summary>Reads an edit and applies it.</summary>
    /// <exception cref="StateFormatException">It is malformed, or does not fit the value.</exception>
    public abstract T Apply(ref PatchReader reader, T before);
}
