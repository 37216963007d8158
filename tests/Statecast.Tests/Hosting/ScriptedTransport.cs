using System.Threading.Channels;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Serialization;
using Statecast.Serialization.Json;
using Statecast.Transport;

namespace Statecast.Tests.Hosting;

/// <summary>A retained carrier with one lane that delivers what a test hands it, and records what was acknowledged and sought.</summary>
internal sealed class ScriptedTransport : ITransport, ITransportReceiver
{
    public static readonly LaneId Lane = new("test.note.v1", 0);
    private readonly Channel<Delivery?> _deliveries = Channel.CreateUnbounded<Delivery?>();
    private long _position;

    public ScriptedTransport() => _deliveries.Writer.TryWrite(new Delivery { Opened = [new(Lane, 1, 0)] });

    public string Carrier => "scripted";

    /// <summary>The source's clock.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;

    public TransportAbilities Abilities { get; } =
        new()
        {
            Retained = true,
            ConditionalAppend = true,
            RequestChannel = false,
            DefaultLanes = 1,
        };

    public IStateRequests? Requests { get; init; }

    public List<(LaneId Lane, long Position)> Sought { get; } = [];

    public int Acknowledged { get; private set; }

    public static StateEvent Event(NoteState state, long revision, string? causes = null)
    {
        var contract = ContractOf<NoteState>();
        var body = new System.Buffers.ArrayBufferWriter<byte>();
        new JsonStateCodec().Encode(contract, state, body);
        return new()
        {
            Contract = contract.Name,
            Lane = Lane,
            Key = contract.KeyTextOf(state),
            Revision = new(1, revision),
            Operation = StateOperation.Upsert,
            Causes = causes,
            Codec = "json",
            Schema = contract.SchemaFingerprint,
            Content = ContentFingerprint.Of(contract, state),
            Body = body.WrittenMemory,
            CapturedAt = DateTimeOffset.UnixEpoch,
            Source = "notes",
        };
    }

    public static StateContract<T> ContractOf<T>()
        where T : class, IStateContract<T> => T.Contract;

    /// <summary>Delivers events, and the word that there is no more.</summary>
    public void Deliver(params StateEvent[] events) => DeliverRaw([.. events.Select(e => new ReceivedEvent(e, 0))]);

    /// <summary>What a lane holds besides envelopes too; positions are given here.</summary>
    public void DeliverRaw(params ReceivedEvent[] events)
    {
        var received = events.Select(e => e with { Position = _position++ }).ToList();
        _deliveries.Writer.TryWrite(
            new Delivery { Batches = [new(Lane, received, _position, AtTail: true)], Heartbeats = [Word(Clock.GetUtcNow())] }
        );
    }

    public Heartbeat Word(DateTimeOffset clock) =>
        new()
        {
            Source = "notes",
            Destination = Lane.Destination,
            Epoch = 1,
            LeaseId = Guid.Empty,
            Clock = clock,
            Interval = TimeSpan.FromMinutes(1),
            Ends = [new(Lane, 1, _position, 0)],
            FirstRepublishEnded = true,
        };

    public ValueTask<ITransportSender> OpenSenderAsync(SenderOptions options, CancellationToken ct) =>
        throw new TransportException("nothing is sent here");

    /// <summary>The source that each opening of the receiving side named.</summary>
    public List<string?> SourcesAsked { get; } = [];

    /// <summary>The receiving side fails once; the next one opens the lane again.</summary>
    public void Break()
    {
        _deliveries.Writer.TryWrite(null);
        _deliveries.Writer.TryWrite(new Delivery { Opened = [new(Lane, 1, 0)] });
    }

    public ValueTask<ITransportReceiver> OpenReceiverAsync(ReceiverOptions options, CancellationToken ct)
    {
        lock (SourcesAsked)
            SourcesAsked.Add(options.Source);
        return new(this);
    }

    public async ValueTask<Delivery> ReceiveAsync(int maxEvents, CancellationToken ct) =>
        await _deliveries.Reader.ReadAsync(ct) ?? throw new TransportException("broken");

    public ValueTask SeekAsync(LaneId lane, long position, CancellationToken ct)
    {
        Sought.Add((lane, position));
        return ValueTask.CompletedTask;
    }

    public ValueTask AcknowledgeAsync(Delivery delivery, CancellationToken ct)
    {
        Acknowledged++;
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A contract of the tests.</summary>
[StateContract("test.note")]
public sealed partial record NoteState([property: StateKey] int Id, string Text);
