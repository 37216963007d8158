using System.Buffers;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Statecast.Events;
using Statecast.Kafka.Client;
using Statecast.Transport;

namespace Statecast.Kafka.Transport;

/// <summary>A record on its way.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; null for a tombstone.</param>
/// <param name="Event">The event that its headers say; null for none.</param>
internal readonly record struct KafkaSend(string Topic, int Partition, string Key, ReadOnlyMemory<byte>? Value, StateEvent? Event = null);

/// <summary>
/// The producer, made anew after an error that its client does not survive: what was not confirmed then is unknown, and sent again by the relay.
/// </summary>
internal sealed class KafkaProducer(KafkaClients clients, ILogger logger) : IDisposable
{
    // Guards all below. Records are handed over under it: batches keep their order.
    private readonly Lock _gate = new();
    private readonly RdHeaders _headers = new();
    private readonly ArrayBufferWriter<byte> _key = new();
    private readonly List<KafkaBatch> _open = [];
    private RdProducer? _producer;
    private uint _nextToken;
    private bool _disposed;

    // The client's thread alone: outcomes come in runs.
    private KafkaBatch? _lastReported;

    /// <summary>For tests that break the client.</summary>
    internal RdProducer? Client => _producer;

    /// <summary>Hands records over, in order, before it returns; the task ends when each one's outcome is known.</summary>
    public async Task<IReadOnlyList<SendOutcome>> SendAsync(IReadOnlyList<KafkaSend> sends, CancellationToken ct)
    {
        if (sends.Count == 0)
            return [];
        KafkaBatch? batch = null;
        try
        {
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                batch = new(sends, _nextToken);
                _nextToken += (uint)sends.Count;
                _open.Add(batch);
                for (var i = 0; i < sends.Count; i++)
                    Produce(sends[i], batch, i);
            }
            return await batch.Outcomes.WaitAsync(ct).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
                if (batch is not null)
                    _open.Remove(batch);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            GiveUp(null);
        }
    }

    private void Produce(in KafkaSend send, KafkaBatch batch, int index)
    {
        var producer = _producer ??= clients.Producer(Delivered, Failed);
        _headers.Clear();
        if (send.Event is { } e)
            CloudEventAttributes.Write(e, KafkaRecord.ContentTypeOf(e.Codec), _headers);
        _key.ResetWrittenCount();
        Encoding.UTF8.GetBytes(send.Key, _key);
        if (
            producer.Send(send.Topic, send.Partition, _key.WrittenSpan, send.Value, _headers, batch.FirstToken + (uint)index)
            is not { } refused
        )
            return;
        if (refused.IsFatal)
            Failed(producer, refused);
        // It was not even taken by the client.
        batch.Set(index, new(SendResult.Failed, 0, Explain(refused, send)));
    }

    private void Delivered(RdProducer producer, RdOutcome outcome)
    {
        if (_lastReported is not { } batch || !batch.Has(outcome.Token))
        {
            lock (_gate)
                batch = _open.Find(b => b.Has(outcome.Token));
            // Nobody waits for it any more.
            if (batch is null)
                return;
            _lastReported = batch;
        }
        batch.Set((int)(outcome.Token - batch.FirstToken), Judge(producer, outcome, batch));
    }

    private SendOutcome Judge(RdProducer producer, in RdOutcome outcome, KafkaBatch batch)
    {
        if (outcome is { Error: ErrorCode.NoError, Status: PersistenceStatus.Persisted })
            // After a retry the broker may not say where it stands: the relay then looks.
            return new(SendResult.Confirmed, Math.Max(-1, outcome.Offset));
        var error = producer.Explain(outcome.Error);
        if (error.IsFatal)
            Failed(producer, error);
        var result = outcome.Status == PersistenceStatus.NotPersisted ? SendResult.Failed : SendResult.Unknown;
        return new(result, 0, Explain(error, batch.Sends[(int)(outcome.Token - batch.FirstToken)]));
    }

    private void Failed(RdProducer producer, Error error)
    {
        if (!error.IsFatal)
        {
            clients.Report("producer", error);
            return;
        }
        lock (_gate)
        {
            // One that was replaced already has nothing more to say.
            if (!ReferenceEquals(_producer, producer))
                return;
            LogMessages.ProducerReplaced(logger, $"{error.Reason} ({error.Code})");
            GiveUp(error);
        }
    }

    // Disposed elsewhere: this may be the client's own thread.
    private void GiveUp(Error? error)
    {
        if (_producer is { } old)
            _ = Task.Run(old.Dispose);
        _producer = null;
        foreach (var batch in _open)
            batch.GiveUp(error is null ? null : Explain(error, batch.Sends[0]));
    }

    private string Explain(Error error, in KafkaSend to) => clients.Faults.Explain(error, KafkaAct.Sending(to.Topic, to.Partition));
}
