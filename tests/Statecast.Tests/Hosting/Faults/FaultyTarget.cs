using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.Consuming;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Transport;

namespace Statecast.Tests.Hosting.Faults;

/// <summary>A target in a host of its own, which can be stopped and started again over the same store. Its handler sees everything.</summary>
internal sealed class FaultyTarget(
    string name,
    ITransport transport,
    TimeProvider time,
    Func<IReplicaStore> open,
    Func<StoreMoment, bool> storeFails
) : IAsyncDisposable
{
    private readonly Seen _seen = new();
    private IHost? _host;

    public Witness Witness { get; } = new();

    public WitnessStore Store { get; private set; } = null!;

    /// <summary>The newest state that the handler was called with, by key.</summary>
    public IReadOnlyDictionary<string, StateChange<NoteState>> Handled => _seen.Newest;

    public IReplica<int, NoteState> Replica => Services.GetRequiredService<IReplica<int, NoteState>>();

    public string Name => name;

    public IEnumerable<(ISupervisedLoop Loop, string? Failure)> Loops => Services.GetRequiredService<StatecastRuntime>().Loops;

    public IStatecast Statecast => Services.GetRequiredService<IStatecast>();

    private IServiceProvider Services => _host?.Services ?? throw new InvalidOperationException($"The target '{name}' is not started.");

    public async Task StartAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(time).AddSingleton(_seen);
        builder.Services.AddStatecast(
            name,
            s =>
                s.AddTransport(transport.Carrier, _ => transport)
                    .Configure(FaultyWorld.Quick)
                    .Replica<NoteState>(r => r.In(_ => Store = new(open(), Witness, storeFails)).On<Handler>(replay: true))
        );
        _host = builder.Build();
        await _host.StartAsync();
    }

    public async Task StopAsync()
    {
        if (_host is null)
            return;
        await _host.StopAsync();
        _host.Dispose();
        _host = null;
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private sealed class Seen
    {
        public ConcurrentDictionary<string, StateChange<NoteState>> Newest { get; } = [];
    }

    private sealed class Handler(Seen seen) : IStateHandler<NoteState>
    {
        public Task HandleAsync(StateChange<NoteState> change, CancellationToken ct)
        {
            seen.Newest[change.Key] = change;
            return Task.CompletedTask;
        }
    }
}
