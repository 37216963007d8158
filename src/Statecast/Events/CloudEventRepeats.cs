using System.Text;
using Statecast.Serialization;

namespace Statecast.Events;

/// <summary>
/// What events of one destination mostly have in common (source, type, schema, lease, cause), decoded once while it repeats: an event then makes no text of
/// its own for it. For one thread at a time.
/// </summary>
public sealed class CloudEventRepeats
{
    private Kept<string> _source;
    private Kept<string> _type;
    private Kept<string> _causes;
    private Kept<Fingerprint> _schema;
    private Kept<Guid> _lease;

    internal string Source(ReadOnlySpan<byte> utf8) => _source.Of(utf8, Text);

    internal string Type(ReadOnlySpan<byte> utf8) => _type.Of(utf8, Text);

    internal string Causes(ReadOnlySpan<byte> utf8) => _causes.Of(utf8, Text);

    internal Fingerprint Schema(ReadOnlySpan<byte> utf8) => _schema.Of(utf8, Fingerprint.Parse);

    internal Guid Lease(ReadOnlySpan<byte> utf8) =>
        _lease.Of(utf8, static bytes => Guid.TryParse(Encoding.UTF8.GetString(bytes), out var lease) ? lease : default);

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    private delegate T Decode<out T>(ReadOnlySpan<byte> utf8);

    private struct Kept<T>
    {
        private byte[]? _bytes;
        private T _value;

        public T Of(ReadOnlySpan<byte> utf8, Decode<T> decode)
        {
            if (_bytes is not null && utf8.SequenceEqual(_bytes))
                return _value;
            (_value, _bytes) = (decode(utf8), utf8.ToArray());
            return _value;
        }
    }
}
