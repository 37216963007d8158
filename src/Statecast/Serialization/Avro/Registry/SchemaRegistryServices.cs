using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Statecast.Hosting;
using Statecast.Serialization.Avro.Registry.Files;
using Statecast.Serialization.Avro.Registry.Http;

namespace Statecast.Serialization.Avro.Registry;

/// <summary>For carriers whose bodies are Avro with registered schemas: what their extensions add to a service.</summary>
public static class SchemaRegistryServices
{
    /// <summary>
    /// Adds <see cref="RegisteredSchemas"/> and the codec <c>avro</c> that reads with them, and lets what was parked for a schema be applied once it is known.
    /// </summary>
    /// <param name="services">The application's services, after <c>AddStatecast</c> began.</param>
    /// <param name="options">Gives the settings, checked before.</param>
    /// <exception cref="InvalidOperationException">The service has a registry already: a codec's name means one thing in a service.</exception>
    public static IServiceCollection AddSchemaRegistry(
        this IServiceCollection services,
        Func<IServiceProvider, SchemaRegistryOptions> options
    )
    {
        if (services.Any(s => s.ServiceType == typeof(RegisteredSchemas)))
            throw new InvalidOperationException("The service has a schema registry already: name it once, and let all carriers use it.");
        services.AddSingleton(s =>
        {
            var settings = options(s);
            return new RegisteredSchemas(
                Open(settings, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<IEntropy>()),
                settings,
                s.GetRequiredService<TimeProvider>(),
                s.GetService<ILogger<RegisteredSchemas>>()
            );
        });
        services.AddSingleton<IStateCodec>(s => new AvroStateCodec(
            s.GetRequiredService<RegisteredSchemas>(),
            new() { MaxBodyBytes = s.GetRequiredService<IOptions<StatecastOptions>>().Value.Target.MaxBodyBytes }
        ));
        return services.AddHostedService<SchemaRecovery>();
    }

    /// <summary>Makes the registry that settings name.</summary>
    /// <exception cref="InvalidOperationException">The settings have a problem.</exception>
    /// <exception cref="SchemaRegistryException">A certificate cannot be read.</exception>
    public static ISchemaRegistry Open(SchemaRegistryOptions options, TimeProvider clock, IEntropy entropy)
    {
        if (options.FindProblem() is { } problem)
            throw new InvalidOperationException($"The schema registry's options: {problem}");
        return options.Directory is { } directory
            ? new FileSchemaRegistry(directory, options.Compatibility)
            : new HttpSchemaRegistry(options, clock, entropy);
    }
}
