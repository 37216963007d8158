using Mediator;
using Statecast.Consuming;

namespace MediatorNotifications;

/// <summary>What the application's mediator knows of a change.</summary>
public sealed record LampChanged(StateChange<LampState> Change) : INotification;

/// <summary>The bridge: a handler of ours that publishes each change as the mediator's notification.</summary>
public sealed class PublishLampChanged(IPublisher mediator) : IStateHandler<LampState>
{
    public Task HandleAsync(StateChange<LampState> change, CancellationToken ct) => mediator.Publish(new LampChanged(change), ct).AsTask();
}

/// <summary>A handler as the application has them already: it knows nothing of Statecast's transports, replicas or retries.</summary>
public sealed class WriteDiary(Diary diary) : INotificationHandler<LampChanged>
{
    public ValueTask Handle(LampChanged notification, CancellationToken cancellationToken)
    {
        var change = notification.Change;
        diary.Lines.Add($"{change.Key} is {change.Current switch { null => "gone", { IsLit: true } => "lit", _ => "dark" }}");
        return default;
    }
}

/// <summary>What was written.</summary>
public sealed class Diary
{
    public List<string> Lines { get; } = [];
}
