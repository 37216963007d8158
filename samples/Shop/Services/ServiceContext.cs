using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Statecast.Hosting;
using Statecast.Kafka;
using Statecast.RabbitMQ;
using Statecast.Serialization.Avro.Registry;
using Statecast.Sqlite;

namespace Shop.Services;

/// <summary>Where a service finds its files and whom it tells what goes wrong. The services share the carrier and nothing else.</summary>
/// <param name="Directory">The run's directory.</param>
/// <param name="Logging">Takes the services' warnings and errors.</param>
/// <param name="Carrier">What to send over.</param>
internal sealed record ServiceContext(string Directory, ILoggerProvider Logging, ShopCarrier Carrier)
{
    /// <summary>The one line that differs from carrier to carrier.</summary>
    public StatecastBuilder Carry(StatecastBuilder statecast) =>
        Carrier switch
        {
            { Kafka: { } servers, Registry: { } url } => statecast.UseKafka(servers, k => k.Registry(url, Registers)).UseSqliteDatabase(),
            { Kafka: { } servers } => statecast.UseKafka(servers).UseSqliteDatabase(),
            { RabbitMQ: { } uri, Registry: { } url } => statecast.UseRabbitMQ(uri, r => r.Registry(url, Registers)).UseSqliteDatabase(),
            { RabbitMQ: { } uri } => statecast.UseRabbitMQ(uri).UseSqliteDatabase(),
            _ => statecast.UseSqliteLog(Path.Combine(Directory, "log")),
        };

    // Nobody releases a sample: it registers its schemas by itself, which production leaves to a pipeline.
    private static void Registers(SchemaRegistryOptions registry) => registry.AutoRegister = true;

    /// <summary>A service's own database file.</summary>
    public string File(string service) => Path.Combine(Directory, $"{service}.db");

    /// <summary>How a service connects to its own database.</summary>
    public string ConnectionString(string service) => $"Data Source={File(service)}";

    /// <summary>What every service has in common: a web application on a free port of the loopback interface.</summary>
    public WebApplicationBuilder CreateBuilder(string service)
    {
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ApplicationName = "Shop", ContentRootPath = AppContext.BaseDirectory }
        );
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(Logging);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.Converters.Add(new JsonStringEnumConverter()));
        // Whoever runs the shop stops its services; none of them listens to the terminal by itself.
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoLifetime>());
        builder.Services.AddSingleton(new ServiceName(service));
        return builder;
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken ct) => Task.CompletedTask;

        public Task StopAsync(CancellationToken ct) => Task.CompletedTask;
    }
}

/// <summary>The name of the service that a host runs.</summary>
internal sealed record ServiceName(string Name);
