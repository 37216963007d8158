using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Update;

namespace Statecast.EntityFrameworkCore.Shape;

/// <summary>The primary key of a row, comparable: the value itself, or a <see cref="CompositeRowKey"/> of several.</summary>
internal static class RowKey
{
    /// <summary>Makes a key of values; null if one of them is null.</summary>
    public static object? Of(object?[] values)
    {
        foreach (var value in values)
            if (value is null)
                return null;
        return values is [{ } single] ? single : new CompositeRowKey(values!);
    }

    /// <summary>The values of some properties of an entry, as they are now or as they were read.</summary>
    public static object? Of(IUpdateEntry entry, IReadOnlyList<IProperty> properties, bool original)
    {
        if (properties.Count == 1)
            return Value(entry, properties[0], original);
        var values = new object?[properties.Count];
        for (var i = 0; i < values.Length; i++)
            if ((values[i] = Value(entry, properties[i], original)) is null)
                return null;
        return new CompositeRowKey(values!);
    }

    public static object?[] Values(object key) => key is CompositeRowKey composite ? composite.Values : [key];

    private static object? Value(IUpdateEntry entry, IProperty property, bool original) =>
        original ? entry.GetOriginalValue(property) : entry.GetCurrentValue(property);
}

/// <summary>Several values, equal by value.</summary>
internal sealed class CompositeRowKey(object[] values) : IEquatable<CompositeRowKey>
{
    public object[] Values { get; } = values;

    public bool Equals(CompositeRowKey? other) => other is not null && Values.AsSpan().SequenceEqual(other.Values);

    public override bool Equals(object? obj) => Equals(obj as CompositeRowKey);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var value in Values)
            hash.Add(value);
        return hash.ToHashCode();
    }
}
