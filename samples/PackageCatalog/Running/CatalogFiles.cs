using Statecast.Hosting;
using Statecast.Kafka;
using Statecast.RabbitMQ;
using Statecast.Serialization.Avro.Registry;
using Statecast.Sqlite;

namespace PackageCatalog.Running;

/// <summary>A run's files. Source and target share the carrier and nothing else.</summary>
/// <param name="Directory">Where they are.</param>
/// <param name="Kafka">Kafka's brokers to send over; without a broker it is the SQLite log in the directory.</param>
/// <param name="RabbitMQ">RabbitMQ's address to send over.</param>
/// <param name="Registry">A schema registry's address: states then travel in Avro.</param>
internal sealed record CatalogFiles(string Directory, string? Kafka = null, string? RabbitMQ = null, string? Registry = null)
{
    /// <summary>The one line that differs from carrier to carrier.</summary>
    public StatecastBuilder Carry(StatecastBuilder statecast) =>
        Kafka is not null ? statecast.UseKafka(Kafka, k => _ = Registry is null ? k : k.Registry(Registry, Registers)).UseSqliteDatabase()
        : RabbitMQ is not null
            ? statecast.UseRabbitMQ(RabbitMQ, r => _ = Registry is null ? r : r.Registry(Registry, Registers)).UseSqliteDatabase()
        : statecast.UseSqliteLog(Path.Combine(Directory, "log"));

    /// <summary>The carrier on the command line of the other process.</summary>
    public IEnumerable<string> Arguments =>
        [
            .. Kafka is not null ? (string[])["--kafka", Kafka] : [],
            .. RabbitMQ is not null ? (string[])["--rabbitmq", RabbitMQ] : [],
            .. Registry is not null ? (string[])["--registry", Registry] : [],
        ];

    // Nobody releases a sample: it registers its schemas by itself, which production leaves to a pipeline.
    private static void Registers(SchemaRegistryOptions registry) => registry.AutoRegister = true;

    public string Catalog => Path.Combine(Directory, "catalog.db");

    public string Search => Path.Combine(Directory, "search.db");
}
