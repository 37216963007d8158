using RabbitMQ.Client;

namespace Statecast.RabbitMQ.Transport;

/// <summary>A message on its way out.</summary>
/// <param name="Exchange">Where it goes; empty for the broker's own, which knows queues by their names.</param>
/// <param name="RoutingKey">By which key.</param>
/// <param name="Properties">Its properties; the message id tells it from all others under way.</param>
/// <param name="Body">Its body.</param>
internal readonly record struct RabbitPublish(string Exchange, string RoutingKey, BasicProperties Properties, ReadOnlyMemory<byte> Body);

/// <summary>What the broker said to a message.</summary>
internal enum RabbitAnswer
{
    /// <summary>Nothing: it may be there or not.</summary>
    None,

    /// <summary>It has it for good.</summary>
    Confirmed,

    /// <summary>No queue takes it: it has it not.</summary>
    Unrouted,

    /// <summary>No: a queue is full, or failed.</summary>
    Refused,

    /// <summary>There is no such exchange, or this service has no right to it.</summary>
    Barred,
}

/// <summary>How a message fared.</summary>
/// <param name="Answer">The broker's answer.</param>
/// <param name="Reason">What is to be said of it, where there is something to mend.</param>
internal readonly record struct RabbitOutcome(RabbitAnswer Answer, string? Reason = null);

/// <summary>Messages that were handed over together: complete when each one's answer is known, or when they are given up.</summary>
internal sealed class RabbitBatch
{
    private readonly TaskCompletionSource<RabbitOutcome[]> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RabbitOutcome[] _outcomes;

    // Guards the outcomes: the client's thread reports, another may give them up.
    private readonly Lock _gate = new();
    private int _left;
    private bool _givenUp;

    public RabbitBatch(int messages)
    {
        _outcomes = new RabbitOutcome[messages];
        _left = messages;
        if (messages == 0)
            _done.TrySetResult(_outcomes);
    }

    public Task<RabbitOutcome[]> Outcomes => _done.Task;

    public void Set(int index, RabbitOutcome outcome)
    {
        lock (_gate)
        {
            if (_givenUp)
                return;
            _outcomes[index] = outcome;
            if (--_left > 0)
                return;
        }
        _done.TrySetResult(_outcomes);
    }

    /// <summary>What is not known now stays unknown.</summary>
    /// <param name="reason">Why.</param>
    public void GiveUp(string? reason)
    {
        lock (_gate)
        {
            if (_givenUp || _left <= 0)
                return;
            _givenUp = true;
            for (var i = 0; i < _outcomes.Length; i++)
                if (_outcomes[i].Answer == RabbitAnswer.None)
                    _outcomes[i] = new(RabbitAnswer.None, reason);
        }
        _done.TrySetResult(_outcomes);
    }
}
