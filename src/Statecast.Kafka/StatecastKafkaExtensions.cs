using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Statecast.Hosting;
using Statecast.Kafka.Transport;
using Statecast.Serialization.Avro.Registry;

namespace Statecast.Kafka;

/// <summary>Adds Kafka to a service.</summary>
public static class StatecastKafkaExtensions
{
    /// <summary>Sends and receives over Kafka. Where a source keeps its data is said apart, for example with <c>UseSqliteDatabase</c>.</summary>
    /// <param name="statecast">The service's declarations.</param>
    /// <param name="bootstrapServers">Brokers to begin with, as <c>host:port</c>, joined by commas.</param>
    /// <param name="configure">Further settings; called once at once, and again for the options themselves.</param>
    /// <exception cref="InvalidOperationException">The service uses Kafka already.</exception>
    public static StatecastBuilder UseKafka(
        this StatecastBuilder statecast,
        string bootstrapServers,
        Action<KafkaOptions>? configure = null
    )
    {
        statecast
            .Services.AddAdapterOptions<KafkaOptions>(
                Options.DefaultName,
                o => o.FindProblem(),
                ("Kafka", (section, o) => section.Bind(o, b => b.ErrorOnUnknownConfiguration = true))
            )
            .Configure(o =>
            {
                o.BootstrapServers = bootstrapServers;
                configure?.Invoke(o);
            });
        // Whether there is a registry decides what the service is made of: it is asked before the host exists.
        var declared = new KafkaOptions();
        configure?.Invoke(declared);
        if (declared.HasRegistry)
            statecast.Services.AddSchemaRegistry(services => services.GetRequiredService<IOptions<KafkaOptions>>().Value.SchemaRegistry);
        return statecast.AddTransport(
            KafkaTransport.CarrierName,
            services => new KafkaTransport(
                services.GetRequiredService<IOptions<KafkaOptions>>().Value,
                services.GetRequiredService<IOptions<StatecastOptions>>().Value.Relay,
                services.GetService<RegisteredSchemas>(),
                services.GetRequiredService<TimeProvider>(),
                services.GetService<ILogger<KafkaTransport>>()
            )
        );
    }
}
