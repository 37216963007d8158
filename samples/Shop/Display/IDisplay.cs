using Shop.Services;

namespace Shop.Display;

/// <summary>Shows a run to whoever watches. Safe for any number of threads.</summary>
internal interface IDisplay
{
    /// <summary>Shows the run for as long as it takes.</summary>
    Task RunAsync(Func<Task> run);

    /// <summary>An act begins.</summary>
    void Act(string title);

    /// <summary>Something worth telling.</summary>
    void Say(string line);

    /// <summary>A warning or error of a service, or of the run itself. Never hidden.</summary>
    void Trouble(string who, string line);

    /// <summary>How everything stands now.</summary>
    void Progress(Snapshot snapshot);
}

/// <summary>How everything stands.</summary>
/// <param name="Done">Answered requests of the load.</param>
/// <param name="Total">All requests of the load.</param>
/// <param name="PerSecond">Answered requests a second, lately.</param>
/// <param name="Services">The running services.</param>
internal sealed record Snapshot(long Done, long Total, double PerSecond, IReadOnlyList<ServiceStatus> Services);
