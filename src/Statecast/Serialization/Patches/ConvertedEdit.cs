using System.ComponentModel;

namespace Statecast.Serialization.Patches;

/// <summary>A change of what a value holds: of a nullable's value, or of a struct's one property that travels for it.</summary>
/// <typeparam name="TOuter">The value.</typeparam>
/// <typeparam name="TInner">What it holds.</typeparam>
/// <param name="inner">The change of what it holds.</param>
/// <param name="unwrap">What a value holds.</param>
/// <param name="wrap">The value that holds it.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class ConvertedEdit<TOuter, TInner>(PatchEdit<TInner> inner, Func<TOuter, TInner> unwrap, Func<TInner, TOuter> wrap)
    : PatchEdit<TOuter>
{
    internal override bool IsMeasured => inner.IsMeasured;

    /// <inheritdoc/>
    public override bool Fits(TOuter before, TOuter after) => inner.Fits(unwrap(before), unwrap(after));

    /// <inheritdoc/>
    public override void Write(ref PatchWriter writer, TOuter before, TOuter after) =>
        inner.Write(ref writer, unwrap(before), unwrap(after));

    /// <inheritdoc/>
    public override TOuter Apply(ref PatchReader reader, TOuter before) => wrap(inner.Apply(ref reader, unwrap(before)));
}
