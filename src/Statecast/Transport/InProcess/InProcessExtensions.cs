using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Statecast.Hosting;
using Statecast.Serialization;

namespace Statecast.Transport.InProcess;

/// <summary>Adds the in-process carrier to a service.</summary>
public static class InProcessExtensions
{
    /// <summary>
    /// Hands states along within this process, mediator style: typed, as the objects they are, to a replica and its handlers in the same service. Publish them
    /// without a database (<see cref="StatecastBuilder.Publish{TState}"/>), or from one: then its outbox stands behind, and bytes are decoded only after a restart.
    /// </summary>
    /// <param name="statecast">The service's declarations.</param>
    /// <param name="configure">Further settings.</param>
    /// <exception cref="InvalidOperationException">The service uses the in-process carrier already.</exception>
    public static StatecastBuilder UseInProcess(this StatecastBuilder statecast, Action<InProcessOptions>? configure = null)
    {
        statecast
            .Services.AddAdapterOptions<InProcessOptions>(
                Options.DefaultName,
                o => o.FindProblem(),
                ("InProcess", (section, o) => section.Bind(o, b => b.ErrorOnUnknownConfiguration = true))
            )
            .Configure(o => configure?.Invoke(o));
        return statecast.AddTransport(
            InProcessTransport.CarrierName,
            services => new InProcessTransport(
                services.GetRequiredService<IOptions<InProcessOptions>>().Value,
                services.GetServices<IStateCodec>().ToDictionary(c => c.Name),
                services.GetRequiredService<IEntropy>()
            )
        );
    }
}
