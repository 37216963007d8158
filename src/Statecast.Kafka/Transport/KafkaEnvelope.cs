using System.Text;
using Statecast.Events;
using Statecast.Kafka.Client;
using Statecast.Serialization.Avro.Registry;

namespace Statecast.Kafka.Transport;

/// <summary>What a record's headers say; valid until the record is freed.</summary>
internal ref struct KafkaEnvelope
{
    private static readonly byte[] SchemaHeader = Encoding.UTF8.GetBytes(AvroFraming.HeaderName);

    /// <summary>The attributes.</summary>
    public CloudEventReader Attributes;

    public KafkaEnvelope(KafkaMessage message, CloudEventRepeats repeats)
    {
        Attributes = new(repeats);
        var headers = message.AllHeaders;
        // The last of several wins, as in Kafka's own clients.
        while (headers.MoveNext())
            if (KafkaHeaderNames.AttributeOf(headers.Name) is { IsEmpty: false } attribute)
                Attributes.Take(attribute, headers.Value);
            else if (headers.Name.SequenceEqual(SchemaHeader))
                Schema = headers.Value;
    }

    /// <summary>The header that names the schema of a framed value; empty if there is none.</summary>
    public ReadOnlySpan<byte> Schema { get; }
}
