using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Statecast.Hosting;

/// <summary>How an adapter package's options reach it: the same way for all of them.</summary>
public static class AdapterOptionsExtensions
{
    /// <summary>
    /// Options that are set from code, then from sections below <c>Statecast</c>, which win; checked at start. The adapter takes them from <see cref="IOptionsMonitor{TOptions}"/>
    /// when it is made.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="name">Which of several options of the type; <see cref="Options.DefaultName"/> where there is one.</param>
    /// <param name="findProblem">Says what is wrong and what is allowed; null if nothing is.</param>
    /// <param name="sections">The sections in the order in which they are read, each with its binding.</param>
    public static OptionsBuilder<TOptions> AddAdapterOptions<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] TOptions
    >(
        this IServiceCollection services,
        string name,
        Func<TOptions, string?> findProblem,
        params (string Section, Action<IConfiguration, TOptions> Bind)[] sections
    )
        where TOptions : class
    {
        if (services.Any(s => s.ImplementationInstance is FoundProblem<TOptions> known && known.Name == name))
            return services.AddOptions<TOptions>(name);
        var registration = services.Select(s => s.ImplementationInstance).OfType<StatecastRegistration>().First();
        registration.AdapterSections.UnionWith(sections.Select(s => s.Section));
        services.AddSingleton<IPostConfigureOptions<TOptions>>(s => new PostConfigureOptions<TOptions>(
            name,
            options =>
            {
                foreach (var (section, bind) in sections)
                    StatecastConfiguration.Bind(s, section, bind, options);
            }
        ));
        services.AddSingleton<IValidateOptions<TOptions>>(
            new FoundProblem<TOptions>(name, findProblem, string.Join(" or ", sections.Select(s => $"Statecast:{s.Section}")))
        );
        return services.AddOptions<TOptions>(name).ValidateOnStart();
    }

    private sealed class FoundProblem<TOptions>(string name, Func<TOptions, string?> find, string where) : IValidateOptions<TOptions>
        where TOptions : class
    {
        public string Name { get; } = name;

        public ValidateOptionsResult Validate(string? named, TOptions options) =>
            named != Name ? ValidateOptionsResult.Skip
            : find(options) is { } problem ? ValidateOptionsResult.Fail($"{where}: {problem}")
            : ValidateOptionsResult.Success;
    }
}
