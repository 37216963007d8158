using Shop.Display;
using Shop.Load;
using Shop.Running;

namespace Shop.Story;

/// <summary>What every act has at hand.</summary>
internal sealed record Stage(
    ShopOptions Options,
    string Directory,
    Fleet Fleet,
    ShopClient Client,
    OrderLoad Load,
    IDisplay Display,
    TimeProvider Clock
)
{
    /// <summary>Whether brokers held another run's states when this one began: to them its source is one that went back.</summary>
    public bool HeldBefore { get; init; }

    /// <summary>The longest that anything is waited for.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Waits until a service's status shows something.</summary>
    /// <exception cref="TimeoutException">It did not in time.</exception>
    public async Task<Services.ServiceStatus> WaitForAsync(
        Role role,
        string what,
        Func<Services.ServiceStatus, bool> shows,
        CancellationToken ct
    )
    {
        var started = Clock.GetTimestamp();
        while (true)
        {
            var status = await Client.StatusAsync(role, ct);
            if (shows(status))
                return status;
            if (Clock.GetElapsedTime(started) > Patience)
                throw new TimeoutException($"{RoleHost.NameOf(role)} did not become '{what}' within {Patience.TotalSeconds} s: {status}");
            await Task.Delay(25, ct);
        }
    }

    /// <summary>Waits until all of a target's replicas follow their source with nothing left to read, and tells how long it took.</summary>
    public async Task CatchUpAsync(Role role, CancellationToken ct)
    {
        var started = Clock.GetTimestamp();
        var status = await WaitForAsync(role, "caught up", s => s.Replicas.All(r => r is { State: "Live", Behind: 0 }), ct);
        Display.Say(
            $"{RoleHost.NameOf(role)} is Live after {Clock.GetElapsedTime(started).TotalSeconds:0.0} s: {string.Join(", ", status.Replicas.Select(r => $"{r.Keys:N0} keys of {r.Name}"))}."
        );
    }
}
