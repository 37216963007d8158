using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Statecast.Benchmarks.Orders;
using Statecast.Consuming;
using Statecast.Events;

namespace Statecast.Benchmarks.Dispatch;

/// <summary>The call of handlers that are there already, three ways: as the handler loop makes it, by Mediator, and by a loop over an array.</summary>
internal sealed class HandlerCalls : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection()
        .AddMediator((Mediator.MediatorOptions o) => o.ServiceLifetime = ServiceLifetime.Singleton)
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

    public void Dispose() => _services.Dispose();

    private static HandlerCall<OrderState> CallOf<THandler>(THandler handler)
        where THandler : class, IStateHandler<OrderState> =>
        new HandlerRegistration<OrderState, THandler>(
            typeof(THandler).Name,
            replay: false,
            _ => throw new NotSupportedException("Nothing is decoded here."),
            NullLogger.Instance
        ).CallOf(handler);
}
