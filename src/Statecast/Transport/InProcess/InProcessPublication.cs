using System.Collections.Concurrent;
using Statecast.Contracts;
using Statecast.Diagnostics;
using Statecast.Events;
using Statecast.Publishing;
using Statecast.Publishing.Explicit;

namespace Statecast.Transport.InProcess;

/// <summary>What is said of the source in every event.</summary>
/// <param name="Service">The owning service.</param>
/// <param name="Epoch">Its epoch.</param>
internal readonly record struct InProcessOrigin(string Service, long Epoch);

/// <summary>A write that can be published.</summary>
/// <param name="Write">The write.</param>
/// <param name="Publication">Publishes it.</param>
/// <param name="Now">What its state is known by.</param>
internal readonly record struct InProcessWrite(StateWrite Write, InProcessPublication Publication, ReadBack Now);

/// <summary>
/// One contract whose heads and states are in memory. A key is locked from its decision to the append, so that its order in the log is that of its revisions;
/// other keys do not wait for it.
/// </summary>
internal sealed class InProcessPublication(Publication publication, InProcessTransport transport, TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, KeyHead> _heads = new(StringComparer.Ordinal);
    private readonly InProcessDestination _destination = transport.Find(publication.Contract.Destination);

    public StateContract Contract => publication.Contract;

    /// <summary>The highest epoch that its log has seen.</summary>
    public long HighestEpoch => _destination.HighestEpoch;

    /// <summary>Every key that was ever published, by bucket range, in order.</summary>
    public IEnumerable<string> KeysOf(int firstBucket, int lastBucket) =>
        _heads.Keys.Where(k => KeyText.Bucket(k) is var b && b >= firstBucket && b <= lastBucket).Order(StringComparer.Ordinal);

    /// <summary>What a key's state is known by, null for its end.</summary>
    /// <exception cref="StateValueException">It holds a value that cannot travel.</exception>
    /// <exception cref="CaptureException">It is too large to travel.</exception>
    public ReadBack Read(string key, object? state)
    {
        if (state is null)
            return new(true, Contract.SchemaFingerprint, null);
        var edition = publication.Editions[0];
        var content = edition.FingerprintOf(state, out var size);
        // Measured as Avro, which the fingerprint needs anyway: a second encoding, by the carrier's codec, would be for its length alone.
        return size <= publication.Options.MaxEventBytes
            ? new(false, Contract.SchemaFingerprint, content)
            : throw publication.TooLarge(edition, key, size, "avro", elseDo: "");
    }

    /// <summary>Publishes a key's new state, or null for its end. What did not change publishes nothing.</summary>
    /// <returns>The key's revision, 0 if it was never published; and whether an event went out.</returns>
    public (long Revision, bool Published) Save(string key, object? state, ReadBack now, string? cause, InProcessOrigin origin)
    {
        if (now.Deleted && !_heads.ContainsKey(key))
            return (0, false);
        var head = _heads.GetOrAdd(key, static _ => new());
        lock (head)
        {
            var decision = CaptureRule.Save(head.Head, now);
            if (decision.Publish)
                Say(key, head, decision, new(state, now, cause), origin);
            return (decision.Revision, decision.Publish);
        }
    }

    /// <summary>Says a key again.</summary>
    public void Republish(string key, InProcessOrigin origin)
    {
        if (!_heads.TryGetValue(key, out var head))
            return;
        lock (head)
        {
            var now = new ReadBack(head.State is null, Contract.SchemaFingerprint, head.Head.Content);
            var decision = CaptureRule.Republish(head.Head, now);
            if (decision.Publish)
                Say(key, head, decision, new(head.State, now, null), origin);
        }
    }

    private void Say(string key, KeyHead head, CaptureDecision decision, Said said, InProcessOrigin origin)
    {
        var route = publication.Routes[0];
        var stamp = CaptureStamp.Of(clock.GetUtcNow());
        var stateEvent = new StateEvent
        {
            Contract = Contract.Name,
            Lane = new(route.Destination, KeyText.Lane(key, route.Lanes)),
            Key = key,
            Revision = new(origin.Epoch, decision.Revision),
            Operation = decision.Operation,
            Causes = said.Cause,
            Codec = route.Codec,
            Schema = said.Now.Schema,
            Content = said.Now.Content,
            State = said.State,
            CapturedAt = stamp.At,
            Source = origin.Service,
            TraceParent = stamp.TraceParent,
            TraceState = stamp.TraceState,
        };
        var outcome = _destination.Append(stateEvent, length: 0);
        if (outcome.Result == SendResult.Failed)
            throw new TransportException(outcome.Reason!);
        // A Delete that is said again changes nothing in a log that has it. Whatever else the log refuses would be lost while its caller holds a token.
        if (outcome.Result == SendResult.Refused && !(stateEvent.IsDelete && decision.Revision == head.Head.Revision))
            throw new TransportException(
                $"'{key}' of {Contract.Destination} at {stateEvent.Revision} was refused: the log in this process has a newer state, or a floor above this epoch. Two sources must not publish one contract; start the process anew."
            );
        (head.Head, head.State) = (new(decision.Revision, said.Now.Deleted, said.Now.Schema, said.Now.Content), said.State);
        StatecastMeter.Captured(route.Destination, 1);
        StatecastMeter.Sent(route.Carrier, [stateEvent], static _ => null);
    }

    private readonly record struct Said(object? State, ReadBack Now, string? Cause);

    private sealed class KeyHead
    {
        public Head Head { get; set; } = Head.None;

        /// <summary>The newest state; null once deleted.</summary>
        public object? State { get; set; }
    }
}
