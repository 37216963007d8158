using System.ComponentModel;

namespace Statecast.Serialization.Patches;

/// <summary>A field of a patch: its value travels whole, or as an edit where there is one and it is smaller.</summary>
/// <typeparam name="T">The field's value.</typeparam>
/// <param name="codec">Writes and reads it whole.</param>
/// <param name="edit">Its edits; null if it has no parts.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class PatchValue<T>(PatchCodec<T> codec, PatchEdit<T>? edit = null)
{
    // Asked first: in code that is shared by several types, a look at a struct for null would box it.
    private static readonly bool CanBeNull = default(T) is null;

    /// <summary>Notes in a field mask whether the values differ as they travel.</summary>
    public void Compare(ref PatchWriter writer, T before, T after, scoped Span<byte> changed, int index)
    {
        if (writer.Scratch.Differs(codec, before, after))
            changed[index >> 3] |= (byte)(1 << (index & 7));
    }

    /// <summary>Checks that a part of the key is the same on both sides.</summary>
    /// <exception cref="ArgumentException">It is not: these are two states, not two revisions of one.</exception>
    public void RequireSame(ref PatchWriter writer, T before, T after, string name)
    {
        if (writer.Scratch.Differs(codec, before, after))
            throw new ArgumentException($"A patch is made of two states of one key; '{name}', a part of the key, differs.");
    }

    /// <summary>Writes the change.</summary>
    public void Write(ref PatchWriter writer, T before, T after)
    {
        if (edit is null)
        {
            codec.Write(ref writer, after);
            return;
        }
        if (IsNull(before) || IsNull(after) || !edit.Fits(before, after))
        {
            WriteWhole(ref writer, after);
        }
        else if (!edit.IsMeasured)
        {
            writer.BeginEdit();
            edit.Write(ref writer, before, after);
        }
        else if (IsSmaller(ref writer, before, after))
        {
            writer.BeginEdit();
            writer.WriteProbed();
        }
        else
        {
            WriteWhole(ref writer, after);
        }
    }

    /// <summary>Reads a change and applies it.</summary>
    /// <exception cref="StateFormatException">It is malformed, or does not fit the value.</exception>
    public T Apply(ref PatchReader reader, T before)
    {
        if (edit is null || reader.IsBareNull)
            return codec.Read(ref reader);
        if (reader.BeginWhole())
        {
            var value = codec.Read(ref reader);
            reader.EndWhole();
            return value;
        }
        return IsNull(before)
            ? throw reader.Misfit("a part of the value is changed, and the base has null there")
            : edit.Apply(ref reader, before);
    }

    private static bool IsNull(T value) => CanBeNull && value is null;

    private void WriteWhole(ref PatchWriter writer, T value)
    {
        writer.BeginWhole(IsNull(value));
        codec.Write(ref writer, value);
        writer.EndWhole(IsNull(value));
    }

    // Both are written into a spare buffer: which is smaller depends on the encoding and on every item. The edit is the one that stays there.
    private bool IsSmaller(ref PatchWriter writer, T before, T after)
    {
        var probe = writer.Scratch.BeginProbe(writer.Json is not null);
        // An edit and a whole value have the same mark in Avro; in JSON the whole one is framed.
        if (writer.Json is not null)
            WriteWhole(ref probe, after);
        else
            codec.Write(ref probe, after);
        var whole = writer.Scratch.EndProbe(ref probe);
        probe = writer.Scratch.BeginProbe(writer.Json is not null);
        edit!.Write(ref probe, before, after);
        return writer.Scratch.EndProbe(ref probe) < whole;
    }
}
