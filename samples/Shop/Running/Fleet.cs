using Microsoft.Data.Sqlite;
using Shop.Upgrade;

namespace Shop.Running;

/// <summary>The services that run now. Whoever wants to call one that is down waits until it is up again.</summary>
/// <param name="starter">Starts services.</param>
/// <param name="failed">Told when a service ends by itself.</param>
internal sealed class Fleet(IServiceStarter starter, Action<string> failed) : IAsyncDisposable
{
    // Guards the dictionaries; never held across a wait.
    private readonly Lock _gate = new();
    private readonly Dictionary<Role, IRunningService> _running = [];
    private readonly Dictionary<Role, TaskCompletionSource<Uri>> _addresses = [];
    private readonly Dictionary<Role, Generation> _generations = [];

    /// <summary>The running services and where they listen.</summary>
    public IReadOnlyList<(Role Role, Uri Url)> Running
    {
        get
        {
            lock (_gate)
                return [.. _running.OrderBy(r => r.Key).Select(r => (r.Key, r.Value.Url))];
        }
    }

    /// <summary>Starts a service, in the generation that it moved to last.</summary>
    public async Task StartAsync(Role role, CancellationToken ct)
    {
        Generation generation;
        lock (_gate)
            generation = _generations.GetValueOrDefault(role);
        var service = await starter.StartAsync(role, generation, ct);
        lock (_gate)
        {
            _running.Add(role, service);
            Address(role).SetResult(service.Url);
        }
        _ = ReportEndAsync(service);
    }

    /// <summary>Stops a service in good order.</summary>
    public async Task StopAsync(Role role, CancellationToken ct)
    {
        await using var service = Take(role);
        await service.StopAsync(ct);
    }

    /// <summary>Stops a service in good order and starts it in another generation.</summary>
    public async Task MoveAsync(Role role, Generation generation, CancellationToken ct)
    {
        await StopAsync(role, ct);
        lock (_gate)
            _generations[role] = generation;
        await StartAsync(role, ct);
    }

    /// <summary>Kills services at once, in the order given, without waiting between them.</summary>
    public async Task KillAsync(params Role[] roles)
    {
        var services = roles.Select(Take).ToList();
        await Task.WhenAll(services.Select(service => service.KillAsync()));
        foreach (var service in services)
            await service.DisposeAsync();
    }

    public async Task StopAllAsync(CancellationToken ct)
    {
        foreach (var (role, _) in Running)
            await StopAsync(role, ct);
        // Pooled connections of hosts in this process would keep their files open.
        SqliteConnection.ClearAllPools();
    }

    /// <summary>Where a service listens, once it is up.</summary>
    public Task<Uri> UrlAsync(Role role, CancellationToken ct)
    {
        lock (_gate)
            return Address(role).Task.WaitAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (role, _) in Running)
            await Take(role).DisposeAsync();
    }

    private IRunningService Take(Role role)
    {
        lock (_gate)
        {
            if (!_running.Remove(role, out var service))
                throw new InvalidOperationException($"The service {RoleHost.NameOf(role)} does not run.");
            _addresses.Remove(role);
            return service;
        }
    }

    // Under the gate.
    private TaskCompletionSource<Uri> Address(Role role)
    {
        if (!_addresses.TryGetValue(role, out var address))
            _addresses.Add(role, address = new(TaskCreationOptions.RunContinuationsAsynchronously));
        return address;
    }

    private async Task ReportEndAsync(IRunningService service) => failed(await service.Ended);
}
