using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Update;

namespace Statecast.EntityFrameworkCore.Shape;

/// <summary>
/// The primary key of a row, comparable: the value itself, or a <see cref="CompositeRowKey"/> of several, or of one that only the model can compare,
/// such as an array of bytes.
/// </summary>
internal static class RowKey
{
    /// <summary>Makes a key of values of some properties; null if one of them is null.</summary>
    public static object? Of(object?[] values, IReadOnlyList<IProperty> properties)
    {
        foreach (var value in values)
            if (value is null)
                return null;
        return values is [{ } single] && ComparesItself(properties[0]) ? single : new CompositeRowKey(values!, properties);
    }

    /// <summary>The values of some properties of an entry, as they are now or as they were read.</summary>
    public static object? Of(IUpdateEntry entry, IReadOnlyList<IProperty> properties, bool original)
    {
        if (properties.Count == 1 && ComparesItself(properties[0]))
            return Value(entry, properties[0], original);
        var values = new object?[properties.Count];
        for (var i = 0; i < values.Length; i++)
            if ((values[i] = Value(entry, properties[i], original)) is null)
                return null;
        return new CompositeRowKey(values!, properties);
    }

    public static object?[] Values(object key) => key is CompositeRowKey composite ? composite.Values : [key];

    /// <summary>The value of a key of one property.</summary>
    public static object Single(object key) => key is CompositeRowKey composite ? composite.Values[0] : key;

    /// <summary>Whether two values of a key property are the same key, as the model compares them.</summary>
    public static bool Same(IProperty property, object? one, object? other) =>
        ComparesItself(property) ? Equals(one, other) : property.GetKeyValueComparer().Equals(one, other);

    /// <summary>The hash that belongs to <see cref="Same"/>.</summary>
    public static int Hash(IProperty property, object value) =>
        ComparesItself(property) ? value.GetHashCode() : property.GetKeyValueComparer().GetHashCode(value);

    // Of the types that are keys most often it is certain; every other one may be an array, or hold one.
    private static bool ComparesItself(IProperty property)
    {
        var type = Nullable.GetUnderlyingType(property.ClrType) ?? property.ClrType;
        return type.IsPrimitive || type.IsEnum || type == typeof(Guid) || type == typeof(string);
    }

    private static object? Value(IUpdateEntry entry, IProperty property, bool original) =>
        original ? entry.GetOriginalValue(property) : entry.GetCurrentValue(property);
}

/// <summary>Values of key properties, equal as the model compares them.</summary>
internal sealed class CompositeRowKey(object[] values, IReadOnlyList<IProperty> properties) : IEquatable<CompositeRowKey>
{
    private readonly IReadOnlyList<IProperty> _properties = properties;

    public object[] Values { get; } = values;

    public bool Equals(CompositeRowKey? other)
    {
        if (other is null || other.Values.Length != Values.Length)
            return false;
        for (var i = 0; i < Values.Length; i++)
            if (!RowKey.Same(_properties[i], Values[i], other.Values[i]))
                return false;
        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as CompositeRowKey);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        for (var i = 0; i < Values.Length; i++)
            hash.Add(RowKey.Hash(_properties[i], Values[i]));
        return hash.ToHashCode();
    }
}
