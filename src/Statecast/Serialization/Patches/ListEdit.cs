using System.Collections.Immutable;
using System.ComponentModel;

namespace Statecast.Serialization.Patches;

/// <summary>A splice of an immutable list.</summary>
/// <typeparam name="TItem">Its items.</typeparam>
/// <param name="item">Writes and reads an item.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class ListEdit<TItem>(PatchCodec<TItem> item) : SpliceEdit<ImmutableList<TItem>, TItem>(item)
{
    private protected override int Count(ImmutableList<TItem> list) => list.Count;

    private protected override TItem At(ImmutableList<TItem> list, int index) => list[index];

    private protected override ImmutableList<TItem> Replace(ImmutableList<TItem> list, int start, int removed, List<TItem> added) =>
        list.RemoveRange(start, removed).InsertRange(start, added);
}
