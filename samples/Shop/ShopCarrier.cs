namespace Shop;

/// <summary>What the services send over; without a broker the SQLite log in the run's directory.</summary>
/// <param name="Kafka">Kafka's brokers, as <c>host:port</c>.</param>
/// <param name="RabbitMQ">RabbitMQ's address, as <c>amqp://user:password@host:port/vhost</c>.</param>
/// <param name="Registry">A schema registry's address: states then travel in Avro.</param>
internal sealed record ShopCarrier(string? Kafka = null, string? RabbitMQ = null, string? Registry = null)
{
    /// <summary>The same on the command line of a service's process.</summary>
    public IEnumerable<string> Arguments =>
        [
            .. Kafka is not null ? (string[])["--kafka", Kafka] : [],
            .. RabbitMQ is not null ? (string[])["--rabbitmq", RabbitMQ] : [],
            .. Registry is not null ? (string[])["--registry", Registry] : [],
        ];
}
