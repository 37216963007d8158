using System.Text;

namespace Statecast.Sqlite.Files;

/// <summary>Text columns that hold one of very few values.</summary>
internal static class SqliteText
{
    /// <summary>A codec's name, without a new string for the usual ones.</summary>
    public static string Codec(ReadOnlySpan<byte> utf8)
    {
        if (utf8.SequenceEqual("json"u8))
            return "json";
        return utf8.SequenceEqual("avro"u8) ? "avro" : Encoding.UTF8.GetString(utf8);
    }
}
