using Statecast.Benchmarks.Orders;
using Statecast.Consuming;

namespace Statecast.Benchmarks.Dispatch;

/// <summary>Where every handler of every contender adds, so that no call can be left out.</summary>
internal static class Heard
{
    public static long Sum;
}

internal sealed class First : IStateHandler<OrderState>
{
    public Task HandleAsync(StateChange<OrderState> change, CancellationToken ct)
    {
        Heard.Sum += change.Revision.Number;
        return Task.CompletedTask;
    }
}

internal sealed class Second : IStateHandler<OrderState>
{
    public Task HandleAsync(StateChange<OrderState> change, CancellationToken ct)
    {
        Heard.Sum += change.Revision.Number;
        return Task.CompletedTask;
    }
}

internal sealed class Third : IStateHandler<OrderState>
{
    public Task HandleAsync(StateChange<OrderState> change, CancellationToken ct)
    {
        Heard.Sum += change.Revision.Number;
        return Task.CompletedTask;
    }
}

/// <summary>The same for the source-generated mediator.</summary>
public sealed record OneListens(long Number) : Mediator.INotification;

/// <summary>A notification with three handlers.</summary>
public sealed record ThreeListen(long Number) : Mediator.INotification;

/// <summary>The one of <see cref="OneListens"/>.</summary>
public sealed class OnlyListener : Mediator.INotificationHandler<OneListens>
{
    /// <inheritdoc/>
    public ValueTask Handle(OneListens notification, CancellationToken cancellationToken)
    {
        Heard.Sum += notification.Number;
        return default;
    }
}

/// <summary>One of three.</summary>
public sealed class FirstListener : Mediator.INotificationHandler<ThreeListen>
{
    /// <inheritdoc/>
    public ValueTask Handle(ThreeListen notification, CancellationToken cancellationToken)
    {
        Heard.Sum += notification.Number;
        return default;
    }
}

/// <summary>One of three.</summary>
public sealed class SecondListener : Mediator.INotificationHandler<ThreeListen>
{
    /// <inheritdoc/>
    public ValueTask Handle(ThreeListen notification, CancellationToken cancellationToken)
    {
        Heard.Sum += notification.Number;
        return default;
    }
}

/// <summary>One of three.</summary>
public sealed class ThirdListener : Mediator.INotificationHandler<ThreeListen>
{
    /// <inheritdoc/>
    public ValueTask Handle(ThreeListen notification, CancellationToken cancellationToken)
    {
        Heard.Sum += notification.Number;
        return default;
    }
}
