using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.Consuming;
using Statecast.Hosting;
using Statecast.Publishing.Explicit;
using Statecast.Replicas;
using Statecast.Tests.Hosting;
using Statecast.Transport.InProcess;

namespace Statecast.Tests.Transport.InProcess;

/// <summary>A component without a database and what listens to it, in one host.</summary>
internal sealed class Mediator : IAsyncDisposable
{
    private readonly IHost _host;

    private Mediator(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;

    public IStatePublisher Publisher => Services.GetRequiredService<IStatePublisher>();

    public IReplica<int, NoteState> Replica => Services.GetRequiredService<IReplica<int, NoteState>>();

    public IStatecast Statecast => Services.GetRequiredService<IStatecast>();

    public Heard Heard => Services.GetRequiredService<Heard>();

    public ReplicaStatus Status => Statecast.Replicas.Single();

    public static Mediator Build(
        Action<ReplicaBuilder<NoteState>>? replica = null,
        InProcessMode mode = InProcessMode.Synchronous,
        Action<IServiceCollection>? services = null,
        Action<StatecastBuilder>? more = null
    )
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<Heard>();
        services?.Invoke(builder.Services);
        builder.Services.AddStatecast(
            "component",
            s =>
            {
                s.UseInProcess(o => o.Mode = mode)
                    .Configure(o =>
                    {
                        o.Relay.HeartbeatInterval = TimeSpan.FromMilliseconds(50);
                        (o.Handlers.FirstRetry, o.Handlers.Poll) = (TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(20));
                    })
                    .Publish<NoteState>();
                s.Replica<NoteState>(r => (replica ?? (x => x.On<Listen>()))(r.InMemory()));
                more?.Invoke(s);
            }
        );
        return new(builder.Build());
    }

    public static Task<Mediator> StartAsync(
        Action<ReplicaBuilder<NoteState>>? replica = null,
        InProcessMode mode = InProcessMode.Synchronous
    ) => Build(replica, mode).StartAsync();

    public async Task<Mediator> StartAsync()
    {
        await _host.StartAsync();
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}

/// <summary>What handlers heard, and how they behave.</summary>
internal sealed class Heard
{
    private readonly ConcurrentQueue<(string Handler, StateChange<NoteState> Change)> _all = new();

    public IReadOnlyList<StateChange<NoteState>> Changes => [.. _all.Select(a => a.Change)];

    public IReadOnlyList<string> Handlers => [.. _all.Select(a => a.Handler)];

    /// <summary>What a call does; nothing by default.</summary>
    public Func<StateChange<NoteState>, Task> Does { get; set; } = static _ => Task.CompletedTask;

    public Task Hear(string handler, StateChange<NoteState> change)
    {
        _all.Enqueue((handler, change));
        return Does(change);
    }
}

internal sealed class Listen(Heard heard) : IStateHandler<NoteState>
{
    public Task HandleAsync(StateChange<NoteState> change, CancellationToken ct) => heard.Hear("first", change);
}

internal sealed class ListenToo(Heard heard) : IStateHandler<NoteState>
{
    public Task HandleAsync(StateChange<NoteState> change, CancellationToken ct) => heard.Hear("second", change);
}
