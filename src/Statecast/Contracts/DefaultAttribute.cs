namespace Statecast.Contracts;

/// <summary>
/// What a property has when a state written in an older shape lacks it. A parameter's own default value (<c>int Quantity = 1</c>) says the same.
/// A nullable property needs none: it is null.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter, Inherited = false)]
public sealed class DefaultAttribute : Attribute
{
    /// <summary>An empty collection, or the type's zero value.</summary>
    public DefaultAttribute() { }

    /// <summary>A given value.</summary>
    /// <param name="value">A constant of the property's type; for decimal, Guid, DateOnly, TimeOnly, TimeSpan, DateTime and DateTimeOffset the text that travels, for example <c>"12.50"</c>, <c>"08:30:00"</c>, <c>"PT1H30M"</c> or <c>"2024-05-01T00:00:00Z"</c>.</param>
    public DefaultAttribute(object value) => Value = value;

    /// <summary>The given value; null for an empty collection or the zero value.</summary>
    public object? Value { get; }
}
