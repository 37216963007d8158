using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Shop.Services;

/// <summary>Where a service finds its files and whom it tells what goes wrong. The services share the log's directory and nothing else.</summary>
/// <param name="Directory">The run's directory.</param>
/// <param name="Logging">Takes the services' warnings and errors.</param>
internal sealed record ServiceContext(string Directory, ILoggerProvider Logging)
{
    /// <summary>The directory of the SQLite log.</summary>
    public string Log => Path.Combine(Directory, "log");

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
