using Statecast.Contracts;
using Statecast.Events;
using Statecast.Outbox;
using Statecast.Serialization;

namespace Statecast.Publishing;

/// <summary>Collects what one capture writes: decides per key, encodes once per codec, and makes one row per route.</summary>
internal sealed class CaptureWrites(DateTimeOffset now, Guid operationId, bool republish, string? destination, bool isInLog = false)
{
    private readonly CaptureStamp _stamp = CaptureStamp.Of(now);
    private readonly List<ReadOnlyMemory<byte>> _bodies = [];
    private PatchEncoder? _patches;
    private List<CaptureException>? _passedOver;

    public DateTimeOffset Now => now;

    /// <summary>The source's epoch, for the tokens; outbox rows get theirs when the relay claims them.</summary>
    public long Epoch { get; set; }

    /// <summary>The one target that is answered; null where everybody is told.</summary>
    public SnapshotRun? Answers { get; set; }

    /// <summary>Whether no lock is held: only what says a revision again may be made.</summary>
    public bool Ahead { get; set; }

    public List<HeadWrite> Heads { get; } = [];

    public List<OutboxRow> Rows { get; } = [];

    public List<StateToken> Tokens { get; } = [];

    public IReadOnlyList<CaptureException> PassedOver => _passedOver ?? [];

    public void Add(ICaptureSet set, string key, Head head, KeyState now)
    {
        if (!republish)
        {
            if (now.Failure is { } failure)
                throw failure;
            AddState(set, key, head, now);
            return;
        }
        try
        {
            if (now.Failure is { } failure)
                throw failure;
            AddState(set, key, head, now);
        }
        catch (CaptureException bad)
        {
            (_passedOver ??= []).Add(bad);
        }
        catch (StateValueException bad)
        {
            (_passedOver ??= []).Add(new(set.Publication.Contract.Name, key, bad.Message, bad));
        }
    }

    private void AddState(ICaptureSet set, string key, Head head, KeyState now)
    {
        var publication = set.Publication;
        var deleted = now.State is null;
        Span<Fingerprint> contents = deleted ? [] : stackalloc Fingerprint[publication.Editions.Count];
        for (var i = 0; i < contents.Length; i++)
        {
            RequireSameKey(publication.Editions[i], key, now.Of(i));
            contents[i] = publication.Editions[i].FingerprintOf(now.Of(i));
        }
        var readBack = new ReadBack(deleted, publication.Schema, deleted ? null : Publication.Joined(contents));
        var decision = republish ? CaptureRule.Republish(head, readBack, isInLog) : CaptureRule.Save(head, readBack);
        if (Ahead && decision.Revision != head.Revision)
            return;
        if (decision.Publish)
        {
            // Encoded before anything is noted: a state that is too large leaves nothing behind.
            Encode(publication, key, now);
            _patches?.Clear();
            if (!republish && publication.Options.Patches is { } patches && PatchRule.Allows(patches, head, decision, readBack, _stamp.At))
                (_patches ??= new()).Make(publication, head, now, _bodies);
            Write(set, key, head, decision, readBack, contents, now);
        }
        if (decision.Revision > 0)
            Tokens.Add(new(publication.Contract.Name, key, new(Epoch, decision.Revision)));
    }

    private void Write(
        ICaptureSet set,
        string key,
        Head head,
        CaptureDecision decision,
        ReadBack readBack,
        ReadOnlySpan<Fingerprint> contents,
        KeyState now
    )
    {
        var publication = set.Publication;
        var raised = decision.Revision != head.Revision;
        // Said in full to all: the count of patches begins anew.
        if (raised || (destination is null && Answers is null && head.Base is { Patches: > 0 }))
        {
            var newHead = new Head(decision.Revision, readBack.Deleted, readBack.Schema, readBack.Content)
            {
                Base =
                    publication.Options.Patches is null || readBack.Deleted
                        ? null
                        : PatchRule.Next(head.Base, publication.Editions[0].BaseOf(now.Of(0)), _patches is { Any: true }, _stamp.At),
            };
            Heads.Add(new(publication.Contract.Name, key, newHead, operationId));
        }
        for (var i = 0; i < publication.Routes.Count; i++)
        {
            var route = publication.Routes[i];
            var answers = Answers is { } run && run.Carrier == route.Carrier && run.Live.Destination == route.Destination;
            // Only what was said before may be said to one destination, or target, alone: a raised revision is news to all.
            var told = raised || (Answers is null && (destination is null || route.Destination == destination));
            if (!told && !answers)
                continue;
            Fingerprint? content = readBack.Deleted ? null : contents[route.Edition];
            var encoding = publication.EncodingOf(i);
            var row = Row(set, key, decision, content, route, readBack.Deleted ? default : _bodies[encoding]);
            if (answers)
                Rows.Add(Answer(row));
            if (!told)
                continue;
            Rows.Add(_patches is { Any: true } made ? made.Apply(row, encoding, head.Revision) : row);
            if (!readBack.Deleted)
                route.Objects?.Put(row, now.Of(route.Edition));
        }
    }

    // None may stand for another: a range's end speaks of each that was written before it.
    private OutboxRow Answer(OutboxRow row) =>
        row with
        {
            Lane = Answers!.Lane,
            Operation = row.Operation == StateOperation.Delete ? StateOperation.Delete : StateOperation.Snapshot,
            Causes = null,
            KeepEach = true,
        };

    private static void RequireSameKey(Edition edition, string key, object state)
    {
        var mapped = edition.KeyOf(state);
        if (mapped != key)
            throw new CaptureException(
                edition.Contract.Name,
                key,
                $"the state of {edition.Contract.StateType.Name} carries the key '{mapped}', but it belongs to the row with the key '{key}'. Let the map fill the [StateKey] properties from the row's primary key."
            );
    }

    private void Encode(Publication publication, string key, KeyState now)
    {
        _bodies.Clear();
        if (now.State is null)
            return;
        foreach (var (edition, codec) in publication.Encodings)
            _bodies.Add(Encoded(publication, publication.Editions[edition], key, now.Of(edition), codec));
    }

    private static byte[] Encoded(Publication publication, Edition edition, string key, object state, IStateCodec codec)
    {
        var buffer = PooledBuffer.Take();
        try
        {
            edition.Encode(state, codec, buffer);
            var size = buffer.Written.Length;
            return size <= publication.Options.MaxEventBytes
                ? buffer.Written.ToArray()
                : throw publication.TooLarge(
                    edition,
                    key,
                    size,
                    codec.Name,
                    $", or raise {nameof(PublicationOptions.MaxEventBytes)} of this publication if every carrier and target can take it"
                );
        }
        finally
        {
            buffer.Return();
        }
    }

    private OutboxRow Row(
        ICaptureSet set,
        string key,
        CaptureDecision decision,
        Fingerprint? content,
        Route route,
        ReadOnlyMemory<byte> body
    ) =>
        new()
        {
            Carrier = route.Carrier,
            Lane = new(route.Destination, KeyText.Lane(key, route.Lanes)),
            Contract = set.Publication.Contract.Name,
            Key = key,
            Revision = decision.Revision,
            Operation = decision.Operation,
            Causes = set.CausesOf(key),
            Codec = route.Codec,
            Schema = set.Publication.ContractOf(route).SchemaFingerprint,
            Content = content,
            Body = body,
            TraceParent = _stamp.TraceParent,
            TraceState = _stamp.TraceState,
            CapturedAt = _stamp.At,
            KeepEach = set.Publication.Options.KeepEach,
        };
}
