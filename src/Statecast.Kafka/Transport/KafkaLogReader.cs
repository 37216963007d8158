using Confluent.Kafka;
using Statecast.Kafka.Client;

namespace Statecast.Kafka.Transport;

/// <summary>A piece of a partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="From">The first offset.</param>
/// <param name="End">One beyond the last.</param>
internal readonly record struct KafkaPiece(TopicPartition Partition, long From, long End);

/// <summary>Reads pieces of partitions from one end to the other, for a source that looks at what it or others sent. One read at a time.</summary>
internal sealed class KafkaLogReader(KafkaClients clients, string name) : IAsyncDisposable
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);

    // Of a topic that was removed, or made anew, nothing comes, and the client says no word about it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FetchWait = TimeSpan.FromMilliseconds(10);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly CancellationTokenSource _closing = new();
    private IConsumer<string?, byte[]?>? _consumer;

    /// <summary>Reads pieces, each in order; offsets without a record are passed over.</summary>
    /// <exception cref="Statecast.Transport.TransportException">The brokers do not give them.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or the reader is disposed.</exception>
    public async Task ReadAsync(IEnumerable<KafkaPiece> pieces, Action<KafkaMessage> take, CancellationToken ct)
    {
        var wanted = pieces.Where(p => p.From < p.End).ToDictionary(p => p.Partition);
        if (wanted.Count == 0)
            return;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, _closing.Token);
        await _gate.WaitAsync(either.Token).ConfigureAwait(false);
        try
        {
            // The client's read blocks its thread.
            await Task
                .Factory.StartNew(
                    () => Read(wanted, take, either.Token),
                    either.Token,
                    TaskCreationOptions.LongRunning,
                    TaskScheduler.Default
                )
                .ConfigureAwait(false);
        }
        catch (KafkaException e)
        {
            Drop();
            throw clients.Faults.Explain(e, KafkaAct.Reading(wanted.Keys.First().Topic));
        }
        catch (OperationCanceledException)
        {
            Drop();
            throw;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Ends the read under way, and waits for it: the client must not be disposed while it is inside. Whoever asked for the read may have given up waiting long ago.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        Drop();
        // Who comes from now on is cancelled before the gate.
        _gate.Release();
    }

    private void Read(Dictionary<TopicPartition, KafkaPiece> wanted, Action<KafkaMessage> take, CancellationToken ct)
    {
        var consumer = _consumer ??= clients.Consumer(name, 4 << 20, FetchWait);
        consumer.Assign(wanted.Values.Select(p => new TopicPartitionOffset(p.Partition, p.From)));
        var heard = clients.Clock.GetTimestamp();
        try
        {
            while (wanted.Count > 0)
            {
                ct.ThrowIfCancellationRequested();
                var record = Consume(consumer);
                if (record.IsNone)
                {
                    if (clients.Clock.GetElapsedTime(heard) > Patience)
                        throw new KafkaException(ErrorCode.Local_TimedOut);
                    continue;
                }
                heard = clients.Clock.GetTimestamp();
                try
                {
                    Take(record, wanted, take);
                }
                finally
                {
                    record.Free();
                }
            }
        }
        finally
        {
            consumer.Unassign();
        }
    }

    private static void Take(KafkaMessage record, Dictionary<TopicPartition, KafkaPiece> wanted, Action<KafkaMessage> take)
    {
        if (!wanted.TryGetValue(record.TopicPartition, out var piece))
            return;
        if (!record.IsEnd && record.Offset < piece.End)
            take(record);
        if (Ends(piece, record.Offset, record.IsEnd))
            wanted.Remove(piece.Partition);
    }

    /// <summary>Whether a piece is read once this came.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="offset">Where the record stands, or where the fetch that found nothing began.</param>
    /// <param name="isEnd">Whether it is no record. A broker that has just come to lead a partition may say "end" below the one that was asked for: what lies between was not read then.</param>
    internal static bool Ends(KafkaPiece piece, long offset, bool isEnd) => (isEnd ? offset : offset + 1) >= piece.End;

    private static KafkaMessage Consume(IConsumer<string?, byte[]?> consumer)
    {
        try
        {
            return KafkaMessage.Take(RdClients.Of(consumer), Slice);
        }
        // The client asks for its group's broker by itself; nothing is read from it or written to it.
        catch (ConsumeException e) when (e.Error.Code == ErrorCode.GroupAuthorizationFailed)
        {
            return KafkaMessage.None;
        }
        catch (ConsumeException e) when (e.Error.Code is ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange)
        {
            // What stood before the first record is gone: there is nothing to look at.
            consumer.IncrementalUnassign([e.ConsumerRecord.TopicPartition]);
            consumer.IncrementalAssign([new TopicPartitionOffset(e.ConsumerRecord.TopicPartition, Offset.Beginning)]);
            return KafkaMessage.None;
        }
    }

    private void Drop()
    {
        _consumer?.Dispose();
        _consumer = null;
    }
}
