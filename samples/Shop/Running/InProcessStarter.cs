using Shop.Services;
using Shop.Upgrade;

namespace Shop.Running;

/// <summary>Runs every service as a host of its own in this process.</summary>
internal sealed class InProcessStarter(string directory, ShopCarrier carrier, Func<Role, ILoggerProvider> logging) : IServiceStarter
{
    public async Task<IRunningService> StartAsync(Role role, Generation generation, CancellationToken ct) =>
        new Running(await RoleHost.StartAsync(role, generation, new(directory, logging(role), carrier), ct));

    private sealed class Running(WebApplication app) : IRunningService
    {
        public Uri Url { get; } = new(app.Urls.First());

        public Task<string> Ended { get; } = new TaskCompletionSource<string>().Task;

        public async Task StopAsync(CancellationToken ct)
        {
            await app.StopAsync(ct);
            await app.DisposeAsync();
        }

        // As near to a kill as one host among others can come: requests are cut off, nothing is waited for that was not begun. --processes kills for real.
        public Task KillAsync() => StopAsync(new CancellationToken(canceled: true));

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
