using System.ComponentModel;
using System.Text.Json;

namespace Statecast.Serialization.Patches;

/// <summary>A change of a list: one splice, what stands the same at both ends left out.</summary>
/// <typeparam name="TList">The list.</typeparam>
/// <typeparam name="TItem">Its items.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class SpliceEdit<TList, TItem> : PatchEdit<TList>
{
    private static readonly JsonEncodedText Splice = JsonEncodedText.Encode("$splice");
    private static readonly PatchNames Parts = new(Splice);

    private readonly PatchCodec<TItem> _item;

    private protected SpliceEdit(PatchCodec<TItem> item) => _item = item;

    internal override bool IsMeasured => true;

    /// <inheritdoc/>
    public override void Write(ref PatchWriter writer, TList before, TList after)
    {
        var shorter = Math.Min(Count(before), Count(after));
        var start = 0;
        while (start < shorter && !writer.Scratch.Differs(_item, At(before, start), At(after, start)))
            start++;
        var same = 0;
        while (
            same < shorter - start
            && !writer.Scratch.Differs(_item, At(before, Count(before) - 1 - same), At(after, Count(after) - 1 - same))
        )
            same++;
        writer.BeginObject();
        writer.Name(Splice);
        writer.BeginArray();
        writer.WriteCount(start);
        writer.WriteCount(Count(before) - same - start);
        var added = Count(after) - same - start;
        writer.BeginArray();
        if (writer.Json is null && added > 0)
            writer.Avro.WriteLong(added);
        for (var i = start; i < start + added; i++)
            _item.Write(ref writer, At(after, i));
        writer.EndPart();
        writer.EndArray();
        writer.EndObject();
    }

    /// <inheritdoc/>
    public override TList Apply(ref PatchReader reader, TList before)
    {
        var parts = reader.BeginFields(Parts);
        if (!reader.Next(ref parts, Parts))
            throw reader.Misfit("the change of a list has a '$splice'");
        reader.BeginTuple();
        var start = reader.ReadCount();
        var removed = reader.ReadCount();
        if (start + (long)removed > Count(before))
            throw reader.Misfit($"{removed} items from {start} on are replaced, and the base has {Count(before)}");
        reader.NextOf("the items put in are");
        var added = new List<TItem>();
        for (var items = reader.BeginItems(); reader.Next(ref items); )
            added.Add(_item.Read(ref reader));
        reader.EndTuple();
        reader.Next(ref parts, Parts);
        return Replace(before, start, removed, added);
    }

    private protected abstract int Count(TList list);

    private protected abstract TItem At(TList list, int index);

    private protected abstract TList Replace(TList list, int start, int removed, List<TItem> added);
}
