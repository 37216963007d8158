using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Statecast.Benchmarks.Orders;
using Statecast.Consuming;
using Statecast.Events;
using Statecast.Replicas;

namespace Statecast.Benchmarks.Dispatch;

/// <summary>
/// The call of handlers that are there already, three ways: by what the handler loop keeps of a registration, by Mediator, and by a loop over an array. And a change told to
/// a handler as the loop tells it, with the scope that the handler lives in and the change made of what is stored; beside it Mediator within a scope.
/// </summary>
internal sealed class HandlerCalls : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection()
        .AddMediator((Mediator.MediatorOptions o) => o.ServiceLifetime = ServiceLifetime.Singleton)
        .AddScoped<First>()
        .AddSingleton<Second>()
        .BuildServiceProvider();

    private readonly Mediator.Mediator _mediator;
    private readonly HandlerCall<OrderState>[] _calls;
    private readonly IStateHandler<OrderState>[] _direct;
    private readonly StateChange<OrderState> _change = new()
    {
        Key = "1",
        Operation = StateOperation.Upsert,
        Revision = new(1, 1),
        CapturedAt = DateTimeOffset.UnixEpoch,
    };
    private readonly PendingChange _pending = new()
    {
        Handler = "first",
        Key = "1",
        Operation = StateOperation.Delete,
        Revision = new(1, 1),
        CapturedAt = DateTimeOffset.UnixEpoch,
    };
    private readonly HandlerRegistration _scoped = Registration<First>();
    private readonly HandlerRegistration _singleton = Registration<Second>();
    private readonly OneListens _one = new(1);
    private readonly ThreeListen _three = new(1);

    public HandlerCalls(int handlers)
    {
        _mediator = _services.GetRequiredService<Mediator.Mediator>();
        _direct = [.. new IStateHandler<OrderState>[] { new First(), new Second(), new Third() }.Take(handlers)];
        _calls = [.. new[] { CallOf(new First()), CallOf(new Second()), CallOf(new Third()) }.Take(handlers)];
    }

    public Task Ours()
    {
        foreach (var handler in _calls)
        {
            var call = handler(_change, default);
            if (!call.IsCompletedSuccessfully)
                return call;
        }
        return Task.CompletedTask;
    }

    public ValueTask ByMediator() => _direct.Length == 1 ? _mediator.Publish(_one) : _mediator.Publish(_three);

    public Task ByLoop()
    {
        foreach (var handler in _direct)
        {
            var call = handler.HandleAsync(_change, default);
            if (!call.IsCompletedSuccessfully)
                return call;
        }
        return Task.CompletedTask;
    }

    public Task ToldToScoped() => _scoped.CallAsync(_services, _pending, default);

    public Task ToldToSingleton() => _singleton.CallAsync(_services, _pending, default);

    public async Task ByMediatorInScopeAsync()
    {
        await using var scope = _services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<Mediator.Mediator>().Publish(_one);
    }

    public void Dispose() => _services.Dispose();

    private static HandlerCall<OrderState> CallOf<THandler>(THandler handler)
        where THandler : class, IStateHandler<OrderState> => Registration<THandler>().CallOf(handler);

    private static HandlerRegistration<OrderState, THandler> Registration<THandler>()
        where THandler : class, IStateHandler<OrderState> =>
        new(
            typeof(THandler).Name,
            replay: false,
            bestEffort: false,
            _ => throw new NotSupportedException("Nothing is decoded here."),
            NullLogger.Instance
        );
}
