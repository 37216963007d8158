using Shop.Upgrade;

namespace Shop.Running;

/// <summary>Starts services: in this process, or each in one of its own.</summary>
internal interface IServiceStarter
{
    /// <summary>Returns once the service answers requests.</summary>
    Task<IRunningService> StartAsync(Role role, Generation generation, CancellationToken ct);
}

/// <summary>A service that runs.</summary>
internal interface IRunningService : IAsyncDisposable
{
    /// <summary>Where it listens.</summary>
    Uri Url { get; }

    /// <summary>Completes when the service ends without having been asked to; the result says how.</summary>
    Task<string> Ended { get; }

    /// <summary>Ends it in good order.</summary>
    Task StopAsync(CancellationToken ct);

    /// <summary>Ends it at once, in the middle of whatever it does.</summary>
    Task KillAsync();
}
