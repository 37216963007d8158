using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;
using Statecast.Kafka.Client;

namespace Statecast.Kafka.Transport;

/// <summary>A record as the client holds it, until it is freed; whoever took it frees it.</summary>
internal readonly unsafe struct KafkaMessage(RdMessage* message)
{
    /// <summary>None.</summary>
    public static KafkaMessage None => default;

    public bool IsNone => message is null;

    /// <summary>Whether it only says that a fetch found nothing at an offset.</summary>
    public bool IsEnd => Code == ErrorCode.Local_PartitionEOF;

    public ReadOnlySpan<byte> Topic => message->Topic == 0 ? [] : TextAt(LibRdKafka.rd_kafka_topic_name(message->Topic));

    public int Partition => message->Partition;

    public long Offset => message->Offset;

    public bool HasKey => message->Key is not null;

    public bool HasValue => message->Value is not null;

    public ReadOnlySpan<byte> Key => new(message->Key, (int)message->KeyLength);

    public ReadOnlySpan<byte> Value => new(message->Value, (int)message->ValueLength);

    /// <summary>The key as text; null if there is none.</summary>
    public string? KeyText => HasKey ? Encoding.UTF8.GetString(Key) : null;

    public TopicPartition TopicPartition => new(Encoding.UTF8.GetString(Topic), Partition);

    /// <summary>Its headers, in order, up to the first that is absent.</summary>
    public Headers AllHeaders => new(message);

    /// <summary>Takes the next of a consumer.</summary>
    /// <param name="consumer">The consumer, as <see cref="RdClients.Of"/> finds it.</param>
    /// <param name="wait">For how long.</param>
    /// <exception cref="ConsumeException">The client reports an error instead.</exception>
    public static KafkaMessage Take(nint consumer, TimeSpan wait)
    {
        var taken = new KafkaMessage(LibRdKafka.rd_kafka_consumer_poll(consumer, (int)wait.TotalMilliseconds));
        if (taken.IsNone || taken.Code is ErrorCode.NoError or ErrorCode.Local_PartitionEOF)
            return taken;
        throw taken.ToException();
    }

    public void Free() => LibRdKafka.rd_kafka_message_destroy(message);

    private ErrorCode Code => (ErrorCode)message->Error;

    private ConsumeException ToException()
    {
        var at = new ConsumeResult<byte[], byte[]> { TopicPartitionOffset = new(TopicPartition, Offset) };
        var error = new Error(Code, LibRdKafka.TextOf(LibRdKafka.rd_kafka_message_errstr(message)), Code == ErrorCode.Local_Fatal);
        Free();
        return new(at, error);
    }

    private static ReadOnlySpan<byte> TextAt(byte* text) => MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);

    /// <summary>Goes through the headers.</summary>
    internal ref struct Headers
    {
        private readonly nint _headers;
        private nuint _next;

        public Headers(RdMessage* message)
        {
            nint headers = 0;
            if (LibRdKafka.rd_kafka_message_headers(message, &headers) == 0)
                _headers = headers;
        }

        public ReadOnlySpan<byte> Name { get; private set; }

        public ReadOnlySpan<byte> Value { get; private set; }

        public bool MoveNext()
        {
            byte* name;
            byte* value;
            nuint size;
            if (_headers == 0 || LibRdKafka.rd_kafka_header_get_all(_headers, _next, &name, &value, &size) != 0)
                return false;
            _next++;
            Name = TextAt(name);
            Value = new(value, (int)size);
            return true;
        }
    }
}
