using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Statecast.Kafka.Client;

/// <summary>What a producer tells its owner, on a thread of the client.</summary>
/// <param name="Delivered">A record's outcome, and of which producer.</param>
/// <param name="Failed">An error, perhaps fatal, and whose.</param>
/// <param name="Log">A line of the log.</param>
/// <param name="Statistics">Statistics in JSON, where an interval is set.</param>
internal sealed record RdProducerEvents(
    Action<RdProducer, RdOutcome> Delivered,
    Action<RdProducer, Error> Failed,
    Action<string, string> Log,
    Action<string>? Statistics
);

/// <summary>What became of a record.</summary>
/// <param name="Token">The number it was sent with.</param>
/// <param name="Error">Why it was not taken; <see cref="ErrorCode.NoError"/> if it was.</param>
/// <param name="Status">Whether the log has it.</param>
/// <param name="Offset">Where it stands; negative if that is not known.</param>
internal readonly record struct RdOutcome(uint Token, ErrorCode Error, PersistenceStatus Status, long Offset);

/// <summary>
/// A producer on the library itself: one call a record, headers and all, and no object for it. Not for several threads at once; events come on a thread of its own.
/// </summary>
internal sealed unsafe class RdProducer : IDisposable
{
    private const int TextLength = 512;
    private const int Producer = 0;
    private const int CopyBytes = 2;
    private const int Arguments = 6;
    private const int PollMilliseconds = 100;

    private readonly RdProducerEvents _events;
    private readonly Dictionary<string, nint> _topics = new(StringComparer.Ordinal);
    private readonly Thread _thread;
    private readonly nint _client;
    private GCHandle _self;
    private RdArgument[] _arguments = GC.AllocateArray<RdArgument>(32, pinned: true);
    private volatile Exception? _defect;
    private volatile bool _closing;

    /// <param name="settings">The client's settings; those of Confluent's binding itself are passed over.</param>
    /// <param name="events">Who is told.</param>
    /// <exception cref="InvalidOperationException">A setting is refused; the message names it.</exception>
    public RdProducer(IEnumerable<KeyValuePair<string, string>> settings, RdProducerEvents events)
    {
        _events = events;
        _self = GCHandle.Alloc(this);
        try
        {
            _client = Create(settings, GCHandle.ToIntPtr(_self), events.Statistics is not null);
        }
        catch
        {
            _self.Free();
            throw;
        }
        _thread = new(Poll) { IsBackground = true, Name = "Statecast Kafka producer" };
        _thread.Start();
    }

    /// <summary>The library's client, for tests that break it.</summary>
    internal nint Client => _client;

    /// <summary>Hands a record over; its outcome comes later unless it is refused at once.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; null for a tombstone.</param>
    /// <param name="headers">The headers.</param>
    /// <param name="token">A number for the outcome.</param>
    /// <returns>Why it is refused; null if it is not.</returns>
    public Error? Send(string topic, int partition, ReadOnlySpan<byte> key, ReadOnlyMemory<byte>? value, RdHeaders headers, uint token)
    {
        if (_defect is { } defect)
            return new(ErrorCode.Local_Fail, $"The producer's own thread failed: {defect.Message}", true);
        var count = Arguments + headers.Count;
        if (count > _arguments.Length)
            _arguments = GC.AllocateArray<RdArgument>(2 * count, pinned: true);
        fixed (byte* keyAt = key)
        fixed (byte* valueAt = value.GetValueOrDefault().Span)
        {
            var at = (RdArgument*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_arguments));
            at[0].Kind = RdArgument.Topic;
            at[0].Operand.Pointer = TopicOf(topic);
            at[1].Kind = RdArgument.Partition;
            at[1].Operand.Number = partition;
            at[2].Kind = RdArgument.Flags;
            at[2].Operand.Number = CopyBytes;
            at[3].Kind = RdArgument.Key;
            at[3].Operand.Bytes = new() { At = keyAt, Length = (nuint)key.Length };
            at[4].Kind = RdArgument.Value;
            // No bytes are not the same as no value.
            at[4].Operand.Bytes = new()
            {
                At = valueAt is null && value is not null ? (byte*)at : valueAt,
                Length = (nuint)value.GetValueOrDefault().Length,
            };
            at[5].Kind = RdArgument.Opaque;
            at[5].Operand.Pointer = (nint)token;
            headers.Write(_arguments.AsSpan(Arguments, headers.Count));
            var error = LibRdKafka.rd_kafka_produceva(_client, at, (nuint)count);
            return error == 0 ? null : Take(error);
        }
    }

    /// <summary>Text of an error.</summary>
    public Error Explain(ErrorCode code) =>
        code == ErrorCode.Local_Fatal ? Fatal(_client) : new(code, LibRdKafka.TextOf(LibRdKafka.rd_kafka_err2str((int)code)), false);

    /// <summary>Drops what was not sent; not on the client's own thread.</summary>
    public void Dispose()
    {
        _closing = true;
        _thread.Join();
        foreach (var topic in _topics.Values)
            LibRdKafka.rd_kafka_topic_destroy(topic);
        LibRdKafka.rd_kafka_destroy(_client);
        _self.Free();
    }

    private static nint Create(IEnumerable<KeyValuePair<string, string>> settings, nint self, bool statistics)
    {
        var text = stackalloc byte[TextLength];
        var conf = LibRdKafka.rd_kafka_conf_new();
        try
        {
            foreach (var (name, value) in settings)
                if (
                    !name.StartsWith("dotnet.", StringComparison.Ordinal)
                    && LibRdKafka.rd_kafka_conf_set(conf, name, value, text, TextLength) != 0
                )
                    throw new InvalidOperationException(LibRdKafka.TextOf(text));
            LibRdKafka.rd_kafka_conf_set_opaque(conf, self);
            LibRdKafka.rd_kafka_conf_set_dr_msg_cb(conf, &OnDelivered);
            LibRdKafka.rd_kafka_conf_set_error_cb(conf, &OnError);
            LibRdKafka.rd_kafka_conf_set_log_cb(conf, &OnLog);
            if (statistics)
                LibRdKafka.rd_kafka_conf_set_stats_cb(conf, &OnStatistics);
            var client = LibRdKafka.rd_kafka_new(Producer, conf, text, TextLength);
            // From here on the settings are the client's.
            conf = client == 0 ? conf : 0;
            return client != 0 ? client : throw new InvalidOperationException(LibRdKafka.TextOf(text));
        }
        finally
        {
            if (conf != 0)
                LibRdKafka.rd_kafka_conf_destroy(conf);
        }
    }

    private void Poll()
    {
        while (!_closing)
            LibRdKafka.rd_kafka_poll(_client, PollMilliseconds);
    }

    private nint TopicOf(string name)
    {
        if (_topics.TryGetValue(name, out var topic))
            return topic;
        topic = LibRdKafka.rd_kafka_topic_new(_client, name, 0);
        if (topic == 0)
            throw new InvalidOperationException($"The client refuses the topic '{name}'.");
        _topics.Add(name, topic);
        return topic;
    }

    private Error Take(nint error)
    {
        var (code, reason) = ((ErrorCode)LibRdKafka.rd_kafka_error_code(error), LibRdKafka.TextOf(LibRdKafka.rd_kafka_error_string(error)));
        LibRdKafka.rd_kafka_error_destroy(error);
        return code == ErrorCode.Local_Fatal ? Fatal(_client) : new(code, reason, false);
    }

    private static Error Fatal(nint client)
    {
        var text = stackalloc byte[TextLength];
        var code = (ErrorCode)LibRdKafka.rd_kafka_fatal_error(client, text, TextLength);
        return new(code, LibRdKafka.TextOf(text), true);
    }

    private static RdProducer Of(nint self) => (RdProducer)GCHandle.FromIntPtr(self).Target!;

    // An exception must not leave through the library: the next send says it, as an error that the producer does not survive.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnDelivered(nint client, RdMessage* message, nint self)
    {
        var producer = Of(self);
        try
        {
            producer._events.Delivered(
                producer,
                new(
                    (uint)message->Token,
                    (ErrorCode)message->Error,
                    (PersistenceStatus)LibRdKafka.rd_kafka_message_status(message),
                    message->Offset
                )
            );
        }
        catch (Exception e)
        {
            producer._defect = e;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnError(nint client, int code, byte* reason, nint self)
    {
        var producer = Of(self);
        try
        {
            producer._events.Failed(
                producer,
                (ErrorCode)code == ErrorCode.Local_Fatal ? Fatal(client) : new((ErrorCode)code, LibRdKafka.TextOf(reason), false)
            );
        }
        catch (Exception e)
        {
            producer._defect = e;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnLog(nint client, int level, byte* facility, byte* text)
    {
        // What is said of settings has no client yet.
        if (client == 0)
            return;
        var producer = Of(LibRdKafka.rd_kafka_opaque(client));
        try
        {
            producer._events.Log(LibRdKafka.TextOf(facility), LibRdKafka.TextOf(text));
        }
        catch (Exception e)
        {
            producer._defect = e;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnStatistics(nint client, byte* json, nuint length, nint self)
    {
        var producer = Of(self);
        try
        {
            producer._events.Statistics!(System.Text.Encoding.UTF8.GetString(json, (int)length));
        }
        catch (Exception e)
        {
            producer._defect = e;
        }
        return 0;
    }
}
