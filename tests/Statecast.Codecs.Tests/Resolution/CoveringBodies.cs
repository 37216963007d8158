using System.Globalization;
using System.Text;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Codecs.Tests.Resolution;

/// <summary>
/// Bodies in a schema that together take every branch of every union and every symbol of every enum, at every place where they can stand: what cannot
/// be read of a schema, one of them holds. Written by hand here, without the library's writer. Values are small, so that each is one of every type
/// that its own may be promoted to, and of every narrower C# type: <c>compatible</c> speaks of schemas, not of a contract's value domain.
/// </summary>
internal sealed class CoveringBodies
{
    private readonly Turns _turns = new();
    private MemoryStream _body = new();

    private CoveringBodies() { }

    public static IReadOnlyList<byte[]> Of(AvroSchema schema)
    {
        var covering = new CoveringBodies();
        return covering._turns.Bodies(() =>
        {
            covering._body = new();
            covering.Write(schema, "$");
            return covering._body.ToArray();
        });
    }

    private void Write(AvroSchema schema, string path)
    {
        switch (schema)
        {
            case AvroRecord record:
                foreach (var field in record.Fields)
                    Write(field.Schema, $"{path}.{field.Name}");
                break;
            case AvroUnion union:
                var branch = _turns.Next(path, union.Branches.Count);
                Long(branch);
                Write(union.Branches[branch], string.Create(CultureInfo.InvariantCulture, $"{path}|{branch}"));
                break;
            case AvroEnum symbols:
                Long(_turns.Next(path, symbols.Symbols.Count));
                break;
            case AvroFixed bytes:
                _body.Write(new byte[bytes.Size]);
                break;
            case AvroArray array:
                // One item, so that it is in the order in which a set travels; two where the item can be several things.
                Items(array.Items, path, IsMany(array.Items) ? 2 : 1, isMap: false);
                break;
            case AvroMap map:
                Items(map.Values, path, 2, isMap: true);
                break;
            default:
                Scalar(schema.Type);
                break;
        }
    }

    private void Items(AvroSchema item, string path, int count, bool isMap)
    {
        Long(count);
        for (var i = 0; i < count; i++)
        {
            if (isMap)
                Text($"k{i}");
            Write(item, path + "[]");
        }
        Long(0);
    }

    private void Scalar(AvroType type)
    {
        switch (type)
        {
            case AvroType.Null:
                break;
            case AvroType.Boolean:
                _body.WriteByte(1);
                break;
            case AvroType.Float:
                _body.Write(BitConverter.GetBytes(2f));
                break;
            case AvroType.Double:
                _body.Write(BitConverter.GetBytes(2d));
                break;
            case AvroType.Bytes:
                // One digit of a decimal, and of UTF-8.
                Long(1);
                _body.WriteByte(7);
                break;
            case AvroType.String:
                Text("00112233-4455-6677-8899-aabbccddeeff");
                break;
            default:
                Long(3);
                break;
        }
    }

    private static bool IsMany(AvroSchema item) => item is AvroUnion or AvroRecord or AvroArray or AvroMap;

    private void Text(string text)
    {
        Long(text.Length);
        _body.Write(Encoding.ASCII.GetBytes(text));
    }

    private void Long(long value)
    {
        var zigzag = (ulong)((value << 1) ^ (value >> 63));
        for (; zigzag >= 0x80; zigzag >>= 7)
            _body.WriteByte((byte)(zigzag | 0x80));
        _body.WriteByte((byte)zigzag);
    }
}
