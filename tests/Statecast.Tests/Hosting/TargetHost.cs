using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Replicas.InMemory;

namespace Statecast.Tests.Hosting;

/// <summary>A target in a host of its own, over a scripted carrier.</summary>
internal sealed class TargetHost : IAsyncDisposable
{
    private readonly IHost _host;

    public TargetHost(
        ScriptedTransport transport,
        Action<ReplicaBuilder<NoteState>>? replica = null,
        Action<IServiceCollection>? services = null
    )
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        services?.Invoke(builder.Services);
        builder.Services.AddStatecast(
            "tests",
            s =>
                s.AddTransport("scripted", _ => transport)
                    .Configure(o => (o.Handlers.FirstRetry, o.Handlers.Poll) = (TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(5)))
                    .Replica<NoteState>(r =>
                    {
                        // Decodes at once, unlike InMemory(): what cannot be read is parked when it comes.
                        r.In(_ => new MemoryReplicaStore());
                        replica?.Invoke(r);
                    })
        );
        _host = builder.Build();
    }

    public IServiceProvider Services => _host.Services;

    public IReplica<int, NoteState> Replica => _host.Services.GetRequiredService<IReplica<int, NoteState>>();

    public IStatecast Statecast => _host.Services.GetRequiredService<IStatecast>();

    public async Task<TargetHost> StartAsync()
    {
        await _host.StartAsync();
        return this;
    }

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    /// <summary>Waits for a condition, at most ten seconds.</summary>
    public static async Task Until(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition())
            await Task.Delay(2, deadline.Token);
    }
}
