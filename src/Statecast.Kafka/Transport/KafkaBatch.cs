using Statecast.Transport;

namespace Statecast.Kafka.Transport;

/// <summary>The outcomes of one send: complete when each event's is known, or when they are given up.</summary>
internal sealed class KafkaBatch
{
    private readonly TaskCompletionSource<IReadOnlyList<SendOutcome>> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SendOutcome[] _outcomes;

    // Guards the outcomes: the client's thread reports, another may give them up.
    private readonly Lock _gate = new();
    private int _left;
    private bool _givenUp;

    /// <param name="sends">The records.</param>
    /// <param name="firstToken">The number of the first; the others' follow it.</param>
    public KafkaBatch(IReadOnlyList<KafkaSend> sends, uint firstToken)
    {
        (Sends, FirstToken) = (sends, firstToken);
        _outcomes = new SendOutcome[sends.Count];
        Array.Fill(_outcomes, new(SendResult.Unknown));
        _left = sends.Count;
    }

    public IReadOnlyList<KafkaSend> Sends { get; }

    public uint FirstToken { get; }

    public Task<IReadOnlyList<SendOutcome>> Outcomes => _done.Task;

    /// <summary>Whether a number is one of its records'. Numbers come round again after four thousand million records, when this batch is long over.</summary>
    public bool Has(uint token) => token - FirstToken < (uint)Sends.Count;

    public void Set(int index, SendOutcome outcome)
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
    /// <param name="reason">Why; null if there is nothing to mend.</param>
    public void GiveUp(string? reason)
    {
        lock (_gate)
        {
            _givenUp = true;
            for (var i = 0; i < _outcomes.Length; i++)
                if (_outcomes[i].Result == SendResult.Unknown)
                    _outcomes[i] = _outcomes[i] with { Reason = _outcomes[i].Reason ?? reason };
        }
        _done.TrySetResult(_outcomes);
    }
}
