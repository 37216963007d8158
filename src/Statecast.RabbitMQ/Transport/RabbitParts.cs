namespace Statecast.RabbitMQ.Transport;

/// <summary>What senders, receivers and requests of one carrier share.</summary>
/// <param name="Options">The settings.</param>
/// <param name="Connections">Makes connections.</param>
/// <param name="Topology">Declares and checks.</param>
/// <param name="Bodies">Data, and the schemas that it needs.</param>
/// <param name="Deadline">How long a confirmation is waited for.</param>
/// <param name="Surroundings">Clock, randomness, log.</param>
internal sealed record RabbitParts(
    RabbitMQOptions Options,
    RabbitConnections Connections,
    RabbitTopology Topology,
    RabbitBodies Bodies,
    TimeSpan Deadline,
    RabbitMQSurroundings Surroundings
)
{
    /// <summary>Events as messages.</summary>
    public RabbitMessage Messages { get; } = new(Options, Bodies);

    /// <summary>By which targets speak to their sources; closed by who holds the requests.</summary>
    public RabbitPublisher Asks { get; } = new(Connections, "asks", Deadline, Surroundings.Clock, Surroundings.Logger);

    /// <summary>A publisher with a connection of its own.</summary>
    public RabbitPublisher Publisher(string who) => new(Connections, who, Deadline, Surroundings.Clock, Surroundings.Logger);
}
