namespace Statecast.Simulation.Engine;

/// <summary>Virtual time: actions by the time they are due, and in the order they were planned where times are equal.</summary>
internal sealed class Scheduler
{
    private readonly PriorityQueue<Action, (long At, long Order)> _queue = new();
    private const int MaxActions = 400_000;

    private long _order;
    private int _actions;

    public TimeSpan Now { get; private set; }

    public void At(TimeSpan time, Action action) => _queue.Enqueue(action, ((time > Now ? time : Now).Ticks, _order++));

    public void After(TimeSpan delay, Action action) => At(Now + delay, action);

    /// <summary>Runs everything due up to a time.</summary>
    public void RunUntil(TimeSpan time)
    {
        while (_queue.TryPeek(out var action, out var due) && due.At <= time.Ticks)
        {
            _queue.Dequeue();
            Now = TimeSpan.FromTicks(due.At);
            if (++_actions > MaxActions)
                throw new InvalidOperationException($"{MaxActions} actions without an end: something turns in a circle.");
            action();
        }
        Now = time;
    }
}
