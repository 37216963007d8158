using System.Collections.Immutable;
using System.ComponentModel;
using System.Text.Json;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Reading;
using Statecast.Serialization.Json;

namespace Statecast.Serialization.Patches;

/// <summary>A change of a set: the items added and those removed. Emitted by the generator, which knows how the items travel.</summary>
/// <typeparam name="TSet">The set.</typeparam>
/// <typeparam name="TItem">Its items.</typeparam>
/// <typeparam name="TTravelling">An item as it travels (<see cref="SetItems{T}"/>).</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class SetEdit<TSet, TItem, TTravelling> : PatchEdit<TSet>
    where TSet : class, IImmutableSet<TItem>
{
    private static readonly JsonEncodedText Added = JsonEncodedText.Encode("$add");
    private static readonly JsonEncodedText Removed = JsonEncodedText.Encode("$remove");
    private static readonly PatchNames Parts = new(Added, Removed);

    internal override bool IsMeasured => true;

    /// <inheritdoc/>
    public override void Write(ref PatchWriter writer, TSet before, TSet after)
    {
        var old = Collect(before);
        var now = Collect(after);
        writer.BeginObject();
        WritePart(ref writer, Added, now.Span, old.Span);
        WritePart(ref writer, Removed, old.Span, now.Span);
        writer.EndObject();
        now.Dispose();
        old.Dispose();
    }

    /// <inheritdoc/>
    public override TSet Apply(ref PatchReader reader, TSet before)
    {
        IImmutableSet<TItem> set = before;
        for (var parts = reader.BeginFields(Parts); reader.Next(ref parts, Parts); )
        for (var items = reader.BeginItems(); reader.Next(ref items); )
        {
            var item = reader.IsJson ? ReadJson(ref reader.Json) : ReadAvro(ref reader.Avro);
            var isRemoved = parts.Index == 1;
            if (before.Contains(item) != isRemoved || set.Contains(item) != isRemoved)
                throw reader.Misfit(
                    isRemoved ? "an item is removed that is not in the base's set" : "an item is added that is in the set already"
                );
            set = isRemoved ? set.Remove(item) : set.Add(item);
        }
        return (TSet)set;
    }

    /// <summary>A set's items as they travel, in order.</summary>
    public abstract SetItems<TTravelling> Collect(TSet value);

    /// <summary>Writes an item as JSON.</summary>
    public abstract void WriteJson(Utf8JsonWriter writer, TTravelling value);

    /// <summary>Writes an item as Avro.</summary>
    public abstract void WriteAvro(ref AvroWriter writer, TTravelling value);

    /// <summary>Reads an item. An enum's unknown symbol has no stand-in here: whether it is in the set could not be told.</summary>
    public abstract TItem ReadJson(ref Utf8JsonReader reader);

    /// <summary>Reads an item.</summary>
    public abstract TItem ReadAvro(ref AvroReader reader);

    /// <summary>The exception for a text that is none of an enum's symbols.</summary>
    protected static StateFormatException UnknownSymbol(ref Utf8JsonReader reader, string enumName) =>
        JsonStateReader.Fail(
            ref reader,
            $"a symbol of {enumName} that is known here is expected: with its default in the place of another, it could not be told which items are in the set"
        );

    private void WritePart(ref PatchWriter writer, JsonEncodedText name, ReadOnlySpan<TTravelling> items, ReadOnlySpan<TTravelling> others)
    {
        var count = 0;
        var at = 0;
        foreach (var item in items)
            if (!IsIn(item, others, ref at))
                count++;
        if (!writer.BeginPart(name, count))
            return;
        at = 0;
        foreach (var item in items)
            if (IsIn(item, others, ref at))
                continue;
            else if (writer.Json is { } json)
                WriteJson(json, item);
            else
                WriteAvro(ref writer.Avro, item);
        writer.EndPart();
    }

    // Both are ordered: the place in the others only moves on.
    private static bool IsIn(TTravelling item, ReadOnlySpan<TTravelling> others, ref int at)
    {
        while (at < others.Length)
        {
            var order = Compare(others[at], item);
            if (order >= 0)
                return order == 0;
            at++;
        }
        return false;
    }

    private static int Compare(TTravelling left, TTravelling right) =>
        typeof(TTravelling) == typeof(string)
            ? TextOrder.Compare((string)(object)left!, (string)(object)right!)
            : Comparer<TTravelling>.Default.Compare(left, right);
}
