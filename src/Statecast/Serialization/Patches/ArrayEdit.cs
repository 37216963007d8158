using System.Collections.Immutable;
using System.ComponentModel;

namespace Statecast.Serialization.Patches;

/// <summary>A splice of an immutable array.</summary>
/// <typeparam name="TItem">Its items.</typeparam>
/// <param name="item">Writes and reads an item.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class ArrayEdit<TItem>(PatchCodec<TItem> item) : SpliceEdit<ImmutableArray<TItem>, TItem>(item)
{
    // An array that was not made travels as an empty one.
    private protected override int Count(ImmutableArray<TItem> list) => list.IsDefault ? 0 : list.Length;

    private protected override TItem At(ImmutableArray<TItem> list, int index) => list[index];

    private protected override ImmutableArray<TItem> Replace(ImmutableArray<TItem> list, int start, int removed, List<TItem> added)
    {
        var old = list.AsSpan();
        var builder = ImmutableArray.CreateBuilder<TItem>(old.Length - removed + added.Count);
        builder.AddRange(old[..start]);
        builder.AddRange(added);
        builder.AddRange(old[(start + removed)..]);
        return builder.MoveToImmutable();
    }
}
