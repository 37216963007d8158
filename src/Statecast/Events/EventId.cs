using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;

namespace Statecast.Events;

/// <summary>The id of an event on the wire: a UUIDv7 derived from the event itself, so that a repeated send, by whichever relay, carries the same one.</summary>
public static class EventId
{
    private const int OnStack = 512;

    // Two numbers, an operation, the breaks between them.
    private const int LongestRest = 48;

    /// <summary>The id: the capture time in milliseconds, then a hash of contract, key, epoch, revision and operation.</summary>
    public static Guid For(StateEvent stateEvent)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(stateEvent, hash);

        Span<byte> id = stackalloc byte[16];
        hash[..16].CopyTo(id);
        Span<byte> milliseconds = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(milliseconds, stateEvent.CapturedAt.ToUnixTimeMilliseconds());
        milliseconds[2..].CopyTo(id);
        id[6] = (byte)(0x70 | (id[6] & 0x0F));
        id[8] = (byte)(0x80 | (id[8] & 0x3F));
        return new(id, bigEndian: true);
    }

    // A contract's name and a key's text form hold no line break: the parts cannot run into each other.
    private static void Hash(StateEvent stateEvent, Span<byte> hash)
    {
        var longest = Encoding.UTF8.GetMaxByteCount(stateEvent.Contract.Length + stateEvent.Key.Length) + LongestRest;
        var text = longest <= OnStack ? stackalloc byte[OnStack] : new byte[longest];
        Utf8.TryWrite(
            text,
            CultureInfo.InvariantCulture,
            $"{stateEvent.Contract}\n{stateEvent.Key}\n{stateEvent.Revision.Epoch}\n{stateEvent.Revision.Number}\n{(byte)stateEvent.Operation}",
            out var written
        );
        SHA256.HashData(text[..written], hash);
    }
}
