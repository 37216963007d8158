using Statecast.Contracts;
using Statecast.Events;
using Statecast.Serialization;
using Statecast.Serialization.Avro.Registry;
using Statecast.Transport;

namespace Statecast.Kafka.Transport;

/// <summary>Bodies as values: JSON as it is, Avro behind the prefix that names its schema in the registry.</summary>
internal sealed class KafkaBodies(RegisteredSchemas? schemas)
{
    private const string Avro = "avro";

    /// <summary>Finds the id of a contract's schema, or registers it, before its source sends.</summary>
    public async Task PrepareAsync(SenderDestination destination, CancellationToken ct)
    {
        if (destination.Codec == Avro)
            await Schemas.PrepareAsync(destination.Contract, ct).ConfigureAwait(false);
    }

    /// <summary>Notes the contract that a target reads.</summary>
    public void Add(StateContract contract) => schemas?.Add(contract);

    /// <summary>Whether the value of an event can be made without asking the registry.</summary>
    public bool IsReady(StateEvent e) => e.Codec != Avro || e.IsDelete || Schemas.TryGetId(SubjectOf(e), e.Schema, out _);

    /// <summary>Asks for the schema of an event that was captured before the contract was changed.</summary>
    public async Task AskAsync(StateEvent e, CancellationToken ct) =>
        await Schemas.IdOfAsync(SubjectOf(e), e.Schema, ct).ConfigureAwait(false);

    /// <summary>The value of an event that is ready; null for a delete.</summary>
    public ReadOnlyMemory<byte>? Write(StateEvent e)
    {
        if (e.IsDelete)
            return null;
        if (e.Codec != Avro)
            return e.Body;
        Schemas.TryGetId(SubjectOf(e), e.Schema, out var id);
        return AvroFraming.Frame(id, e.Body.Span);
    }

    /// <summary>Takes a value apart.</summary>
    /// <returns>False if the registry must be asked first: <see cref="AskAsync(KafkaUnread, CancellationToken)"/>.</returns>
    /// <exception cref="FormatException">It cannot be read.</exception>
    public bool TryRead(byte[]? value, in KafkaEnvelope envelope, out FramedBody? framed)
    {
        framed = null;
        if (value is null || !KafkaRecord.IsAvro(envelope, value))
            return true;
        if (schemas is null)
            throw new FormatException(
                "it is Avro, and this service names no schema registry: name it, as in UseKafka(\"localhost:9092\", k => k.Registry(\"http://localhost:8081\"))."
            );
        try
        {
            var known = schemas.TryRead(value, envelope.Schema, out var body);
            framed = body;
            return known;
        }
        catch (StateFormatException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <summary>Asks for the schema of a value.</summary>
    public async Task AskAsync(KafkaUnread unread, CancellationToken ct) =>
        await Schemas.ReadAsync(unread.Value, unread.Schema, ct).ConfigureAwait(false);

    private RegisteredSchemas Schemas =>
        schemas
        ?? throw new TransportException(
            "Avro needs a schema registry: name it, as in UseKafka(\"localhost:9092\", k => k.Registry(\"http://localhost:8081\"))."
        );

    private static string SubjectOf(StateEvent e) => AvroFraming.SubjectOf(e.Lane.Destination);
}

/// <summary>A value whose schema is not known yet.</summary>
/// <param name="Value">The value.</param>
/// <param name="Schema">The header that names its schema; empty if there is none.</param>
internal sealed record KafkaUnread(byte[] Value, byte[] Schema);
