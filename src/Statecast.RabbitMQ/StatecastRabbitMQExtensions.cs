using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Statecast.Hosting;
using Statecast.RabbitMQ.Transport;
using Statecast.Serialization.Avro.Registry;

namespace Statecast.RabbitMQ;

/// <summary>Adds RabbitMQ to a service.</summary>
public static class StatecastRabbitMQExtensions
{
    /// <summary>Sends and receives over RabbitMQ. Where a source keeps its data is said apart, for example with <c>UseSqliteDatabase</c>.</summary>
    /// <param name="statecast">The service's declarations.</param>
    /// <param name="uri">The broker, as <c>amqp://user:password@host:5672/vhost</c>, or <c>amqps://</c> for TLS.</param>
    /// <param name="configure">Further settings; called once at once, and again for the options themselves.</param>
    /// <exception cref="InvalidOperationException">The service uses RabbitMQ already.</exception>
    public static StatecastBuilder UseRabbitMQ(this StatecastBuilder statecast, string uri, Action<RabbitMQOptions>? configure = null)
    {
        statecast
            .Services.AddAdapterOptions<RabbitMQOptions>(
                Options.DefaultName,
                o => o.FindProblem(),
                ("RabbitMQ", (section, o) => section.Bind(o, b => b.ErrorOnUnknownConfiguration = true))
            )
            .Configure(o =>
            {
                o.Uri = uri;
                configure?.Invoke(o);
            });
        // Whether there is a registry decides what the service is made of: it is asked before the host exists.
        var declared = new RabbitMQOptions();
        configure?.Invoke(declared);
        if (declared.HasRegistry)
            statecast.Services.AddSchemaRegistry(services => services.GetRequiredService<IOptions<RabbitMQOptions>>().Value.SchemaRegistry);
        return statecast.AddTransport(
            RabbitMQTransport.CarrierName,
            services => new RabbitMQTransport(
                services.GetRequiredService<IOptions<RabbitMQOptions>>().Value,
                services.GetRequiredService<IOptions<StatecastOptions>>().Value.Relay,
                services.GetService<RegisteredSchemas>(),
                new(
                    services.GetRequiredService<TimeProvider>(),
                    services.GetRequiredService<IEntropy>(),
                    services.GetService<ILogger<RabbitMQTransport>>()
                )
            )
        );
    }
}
