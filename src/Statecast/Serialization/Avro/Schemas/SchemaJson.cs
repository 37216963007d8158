using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Statecast.Serialization.Avro.Schemas;

/// <summary>What a JSON value is.</summary>
internal enum SchemaJsonKind
{
    Null,
    True,
    False,
    Number,
    Text,
    Array,
    Object,
}

/// <summary>
/// A JSON value within a schema, as small as schemas need it. Also linked into the analyzers, which have no JSON library of their own.
/// </summary>
internal sealed class SchemaJson
{
    private static readonly SchemaJson[] NoItems = [];
    private static readonly KeyValuePair<string, SchemaJson>[] NoMembers = [];

    private SchemaJson(
        SchemaJsonKind kind,
        int offset,
        string text,
        IReadOnlyList<SchemaJson> items,
        IReadOnlyList<KeyValuePair<string, SchemaJson>> members
    )
    {
        Kind = kind;
        Offset = offset;
        Text = text;
        Items = items;
        Members = members;
    }

    public SchemaJsonKind Kind { get; }

    /// <summary>Where it begins in the text, in characters.</summary>
    public int Offset { get; }

    /// <summary>A text without its escapes, or a number as it is written.</summary>
    public string Text { get; }

    public IReadOnlyList<SchemaJson> Items { get; }

    /// <summary>In the order in which they are written, each name once.</summary>
    public IReadOnlyList<KeyValuePair<string, SchemaJson>> Members { get; }

    /// <summary>The value of a member; null if there is none.</summary>
    public SchemaJson? this[string name]
    {
        get
        {
            foreach (var member in Members)
                if (member.Key == name)
                    return member.Value;
            return null;
        }
    }

    public static SchemaJson Scalar(SchemaJsonKind kind, int offset, string text = "") => new(kind, offset, text, NoItems, NoMembers);

    public static SchemaJson Of(int offset, IReadOnlyList<SchemaJson> items) => new(SchemaJsonKind.Array, offset, "", items, NoMembers);

    public static SchemaJson Of(int offset, IReadOnlyList<KeyValuePair<string, SchemaJson>> members) =>
        new(SchemaJsonKind.Object, offset, "", NoItems, members);

    /// <summary>The value as minified JSON.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        Write(text);
        return text.ToString();
    }

    public void Write(StringBuilder text)
    {
        switch (Kind)
        {
            case SchemaJsonKind.Null:
                text.Append("null");
                break;
            case SchemaJsonKind.True:
                text.Append("true");
                break;
            case SchemaJsonKind.False:
                text.Append("false");
                break;
            case SchemaJsonKind.Number:
                text.Append(Text);
                break;
            case SchemaJsonKind.Text:
                WriteText(text, Text);
                break;
            case SchemaJsonKind.Array:
                text.Append('[');
                for (var i = 0; i < Items.Count; i++)
                {
                    if (i > 0)
                        text.Append(',');
                    Items[i].Write(text);
                }
                text.Append(']');
                break;
            default:
                text.Append('{');
                for (var i = 0; i < Members.Count; i++)
                {
                    if (i > 0)
                        text.Append(',');
                    WriteText(text, Members[i].Key);
                    text.Append(':');
                    Members[i].Value.Write(text);
                }
                text.Append('}');
                break;
        }
    }

    /// <summary>A text in quotes, with the escapes that JSON demands (RFC 8259 section 7).</summary>
    public static void WriteText(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
            switch (c)
            {
                case '"':
                    text.Append("\\\"");
                    break;
                case '\\':
                    text.Append("\\\\");
                    break;
                case < ' ':
                    text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                    break;
                default:
                    text.Append(c);
                    break;
            }
        text.Append('"');
    }
}
