using Statecast.Events;
using Statecast.Serialization;

namespace Statecast.Publishing;

/// <summary>Makes a captured change's patches, one per encoding, where the publication sends them and they are smaller than the full bodies. Used again for the next key.</summary>
internal sealed class PatchEncoder
{
    private readonly List<ReadOnlyMemory<byte>> _patches = [];

    /// <summary>Whether any was made.</summary>
    public bool Any { get; private set; }

    /// <summary>The patch of an encoding; empty where the full state goes out.</summary>
    public ReadOnlyMemory<byte> Of(int encoding) => Any ? _patches[encoding] : default;

    /// <summary>None: full states go out.</summary>
    public void Clear()
    {
        _patches.Clear();
        Any = false;
    }

    /// <summary>Makes them.</summary>
    /// <param name="publication">The publication.</param>
    /// <param name="head">The head that the base is in.</param>
    /// <param name="now">The new state.</param>
    /// <param name="bodies">Its full bodies, by encoding.</param>
    public void Make(Publication publication, Head head, KeyState now, List<ReadOnlyMemory<byte>> bodies)
    {
        Clear();
        // An older major has no head of its own: it gets full states.
        var edition = publication.Editions[0];
        if (edition.ReadBase(head.Base!.Body) is not { } before)
            return;
        for (var i = 0; i < bodies.Count; i++)
        {
            var (of, codec) = publication.Encodings[i];
            var patch = of == 0 ? Encode(edition, before, now.Of(0), codec, bodies[i].Length) : default;
            Any |= !patch.IsEmpty;
            _patches.Add(patch);
        }
    }

    /// <summary>A row as it goes out.</summary>
    public Outbox.OutboxRow Apply(Outbox.OutboxRow row, int encoding, long headRevision) =>
        Of(encoding) is { IsEmpty: false } patch ? row with { Operation = StateOperation.Patch, Base = headRevision, Body = patch } : row;

    private static ReadOnlyMemory<byte> Encode(Edition edition, object before, object after, IStateCodec codec, int bodyBytes)
    {
        var buffer = PooledBuffer.Take();
        try
        {
            return edition.TryEncodePatch(before, after, codec, bodyBytes, buffer)
                ? buffer.Written.ToArray()
                : default(ReadOnlyMemory<byte>);
        }
        finally
        {
            buffer.Return();
        }
    }
}
