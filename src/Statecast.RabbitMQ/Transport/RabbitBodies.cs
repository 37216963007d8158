using RabbitMQ.Client;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Serialization;
using Statecast.Serialization.Avro.Registry;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>Bodies as data: JSON as it is, Avro behind the prefix that names its schema in the registry.</summary>
internal sealed class RabbitBodies(RegisteredSchemas? schemas)
{
    private const string Avro = "avro";
    private const string NoRegistry =
        "it is Avro, and this service names no schema registry: name it, as in UseRabbitMQ(\"amqp://localhost\", r => r.Registry(\"http://localhost:8081\")).";

    /// <summary>Finds the id of a contract's schema, or registers it, before its source sends.</summary>
    public async Task PrepareAsync(SenderDestination destination, CancellationToken ct)
    {
        if (destination.Codec == Avro)
            await Schemas.PrepareAsync(destination.Contract, ct).ConfigureAwait(false);
    }

    /// <summary>Notes the contract that a target reads.</summary>
    public void Add(StateContract contract) => schemas?.Add(contract);

    /// <summary>Whether the data of an event can be made without asking the registry.</summary>
    public bool IsReady(StateEvent e) => e.Codec != Avro || e.IsDelete || Schemas.TryGetId(SubjectOf(e), e.Schema, out _);

    /// <summary>Asks for the schema of an event that was captured before the contract was changed.</summary>
    public async Task AskAsync(StateEvent e, CancellationToken ct) =>
        await Schemas.IdOfAsync(SubjectOf(e), e.Schema, ct).ConfigureAwait(false);

    /// <summary>The data of an event that is ready.</summary>
    public ReadOnlyMemory<byte> Write(StateEvent e)
    {
        if (e.Codec != Avro || e.IsDelete)
            return e.Body;
        Schemas.TryGetId(SubjectOf(e), e.Schema, out var id);
        return AvroFraming.Frame(id, e.Body.Span);
    }

    /// <summary>Takes data apart that is framed.</summary>
    /// <returns>False if the registry must be asked first.</returns>
    /// <exception cref="FormatException">It cannot be read.</exception>
    public bool TryRead(ReadOnlyMemory<byte> data, IReadOnlyBasicProperties properties, out FramedBody framed)
    {
        if (schemas is null)
            throw new FormatException(NoRegistry);
        try
        {
            return schemas.TryRead(data, HeaderOf(properties), out framed);
        }
        catch (StateFormatException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <summary>Asks for the schema of data.</summary>
    public async Task AskAsync(ReadOnlyMemory<byte> data, IReadOnlyBasicProperties properties, CancellationToken ct) =>
        await Schemas.ReadAsync(data, HeaderOf(properties), ct).ConfigureAwait(false);

    private RegisteredSchemas Schemas => schemas ?? throw new TransportException($"What is to be sent or read cannot be: {NoRegistry}");

    private static string SubjectOf(StateEvent e) => AvroFraming.SubjectOf(SnapshotLane.LiveOf(e.Lane).Destination);

    private static byte[] HeaderOf(IReadOnlyBasicProperties properties) =>
        properties.Headers?.TryGetValue(AvroFraming.HeaderName, out var value) == true && value is byte[] bytes ? bytes : [];
}
