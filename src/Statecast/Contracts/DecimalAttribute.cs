namespace Statecast.Contracts;

/// <summary>
/// Says how exactly a decimal travels; every decimal of a contract needs it. A value that does not fit is refused at capture, never rounded.
/// On a collection or a nullable it speaks of the decimals inside.
/// </summary>
/// <param name="precision">All digits, 1 to 28.</param>
/// <param name="scale">The digits after the point, 0 to <paramref name="precision"/>.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter, Inherited = false)]
public sealed class DecimalAttribute(int precision, int scale) : Attribute
{
    /// <summary>All digits.</summary>
    public int Precision { get; } = precision;

    /// <summary>The digits after the point.</summary>
    public int Scale { get; } = scale;
}
