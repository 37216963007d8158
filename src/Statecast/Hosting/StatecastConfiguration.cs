using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Statecast.Hosting;

/// <summary>The application's configuration, section <c>Statecast</c>. Read after what code set, so that whoever operates a service has the last word.</summary>
internal static class StatecastConfiguration
{
    public const string Root = "Statecast";

    /// <summary>Binds the section, or one below it, if the application has a configuration.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="below">The section below <see cref="Root"/>; null for itself.</param>
    /// <param name="bind">Binds it; refuses what it does not know.</param>
    /// <param name="options">What it is bound to.</param>
    /// <exception cref="OptionsValidationException">A key is unknown or a value malformed, or a duration is a bare number.</exception>
    public static void Bind<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] TOptions>(
        IServiceProvider services,
        string? below,
        Action<IConfiguration, TOptions> bind,
        TOptions options
    )
        where TOptions : class
    {
        if (services.GetService<IConfiguration>() is not { } configuration)
            return;
        var path = below is null ? Root : $"{Root}:{below}";
        try
        {
            bind(configuration.GetSection(path), options);
        }
        catch (InvalidOperationException e)
        {
            // The binder names the property of an unknown key or the path of a malformed value; what it does not say is where to look.
            throw new OptionsValidationException(
                path,
                typeof(StatecastOptions),
                [
                    $"The configuration section {path} cannot be used. {e.Message} Correct or remove the key; durations are written like 00:00:05 or 1.00:00:00.",
                ]
            );
        }
        try
        {
            // To something that is thrown away.
            bind(new SignedNumbers(configuration.GetSection(path)), Activator.CreateInstance<TOptions>());
        }
        catch (InvalidOperationException e)
        {
            throw new OptionsValidationException(
                path,
                typeof(StatecastOptions),
                [
                    $"The configuration section {path} cannot be used. {e.Message.Replace("'+", "'", StringComparison.Ordinal)} A bare number would be that many days: write durations like 00:00:05, or 5.00:00:00 for days.",
                ]
            );
        }
    }

    /// <summary>A section without some of its children, which belong to others.</summary>
    public sealed class Without(IConfiguration inner, IReadOnlySet<string> children) : IConfiguration
    {
        public string? this[string key]
        {
            get => inner[key];
            set => inner[key] = value;
        }

        public IEnumerable<IConfigurationSection> GetChildren() => inner.GetChildren().Where(c => !children.Contains(c.Key));

        public IChangeToken GetReloadToken() => inner.GetReloadToken();

        public IConfigurationSection GetSection(string key) => inner.GetSection(key);
    }

    /// <summary>Binds <see cref="StatecastOptions"/>.</summary>
    public sealed class OfStatecast(IServiceProvider services, StatecastRegistration registration) : IPostConfigureOptions<StatecastOptions>
    {
        public void PostConfigure(string? name, StatecastOptions options) =>
            Bind(
                services,
                null,
                (section, bound) =>
                    new Without(section, registration.AdapterSections).Bind(bound, o => o.ErrorOnUnknownConfiguration = true),
                options
            );
    }
}
