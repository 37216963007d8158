using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Statecast.Publishing;
using Statecast.Serialization;
using Statecast.Serialization.Json;

namespace Statecast.Hosting;

/// <summary>Adds Statecast to an application.</summary>
public static class StatecastServiceCollectionExtensions
{
    /// <summary>Declares what this service publishes and which replicas it holds. Several modules may call it with the same service name.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="service">The service's name: lower-case letters, digits and <c>-</c>, at most 64 characters.</param>
    /// <param name="configure">The declarations.</param>
    /// <exception cref="ArgumentException">The name is malformed.</exception>
    /// <exception cref="InvalidOperationException">The application was given another service name before.</exception>
    public static IServiceCollection AddStatecast(this IServiceCollection services, string service, Action<StatecastBuilder> configure)
    {
        CheckName(service);
        var registration = services.Select(s => s.ImplementationInstance).OfType<StatecastRegistration>().FirstOrDefault();
        if (registration is null)
            AddServices(services, registration = new(service));
        else if (registration.Service != service)
            throw new InvalidOperationException(
                $"This application is the service '{registration.Service}' already; AddStatecast was called for '{service}'. One host is one service."
            );
        configure(new(services, registration));
        return services;
    }

    private static void AddServices(IServiceCollection services, StatecastRegistration registration)
    {
        services.AddSingleton(registration);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IEntropy>(SystemEntropy.Instance);
        services.AddSingleton<IStateCodec>(s => new JsonStateCodec(
            s.GetRequiredService<IOptions<StatecastOptions>>().Value.Target.MaxBodyBytes
        ));
        services.AddOptions<StatecastOptions>().ValidateOnStart();
        services.AddSingleton<IPostConfigureOptions<StatecastOptions>, StatecastConfiguration.OfStatecast>();
        services.AddSingleton<IValidateOptions<StatecastOptions>, StatecastOptionsValidator>();
        services.AddSingleton<CarrierDirectory>();
        services.AddSingleton<IPublicationBinder>(s => s.GetRequiredService<CarrierDirectory>());
        services.AddSingleton<StatecastRuntime>();
        services.AddSingleton<IStatecast>(s => s.GetRequiredService<StatecastRuntime>());
        services.AddSingleton<IReplicaDirectory>(s => s.GetRequiredService<StatecastRuntime>());
        services.AddHostedService(s => s.GetRequiredService<StatecastRuntime>());
        services
            .AddHealthChecks()
            .AddCheck<ReadinessCheck>("statecast-ready", tags: ["ready"])
            .AddCheck<LivenessCheck>("statecast-live", tags: ["live"]);
    }

    private static void CheckName(string service)
    {
        ArgumentException.ThrowIfNullOrEmpty(service);
        if (service.Length > 64 || service.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-'))
            throw new ArgumentException(
                $"'{service}' is no service name: lower-case letters, digits and '-', at most 64 characters.",
                nameof(service)
            );
    }
}
