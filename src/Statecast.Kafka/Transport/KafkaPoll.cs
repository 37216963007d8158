using Confluent.Kafka;
using Statecast.Kafka.Client;

namespace Statecast.Kafka.Transport;

/// <summary>
/// A consumer that can be waited for. The client has only a call that blocks: while records are at hand the receiver takes them on its own thread; where there
/// are none a thread of the consumer's own waits for the next. So nothing is read ahead beside the client's own bounded queue.
/// </summary>
internal sealed class KafkaPoll : IDisposable
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(50);
    private readonly SemaphoreSlim _asked = new(0);
    private readonly Thread _thread;

    // The library's clients behind the consumers.
    private nint _lanes;
    private nint _control;

    // Owned by whoever reads: the receiver, or the thread between WaitAsync and its end.
    private KafkaMessage _stash;
    private KafkaException? _failure;
    private TaskCompletionSource _waiting = new();
    private volatile bool _woken;
    private volatile bool _closing;

    /// <param name="name">What is read, for the thread's name.</param>
    public KafkaPoll(string name)
    {
        _thread = new(Wait) { IsBackground = true, Name = $"Statecast Kafka {name}" };
        _thread.Start();
    }

    /// <summary>What is read; set before anything else is called.</summary>
    public KafkaAssignment Assignment
    {
        get;
        set
        {
            field = value;
            (_lanes, _control) = (RdClients.Of(value.Consumer), RdClients.Of(value.ControlConsumer));
        }
    } = null!;

    /// <summary>What is at hand, perhaps none; to be freed.</summary>
    /// <exception cref="KafkaException">The client reports an error.</exception>
    public KafkaMessage Take()
    {
        if (_failure is { } failure)
        {
            _failure = null;
            throw failure;
        }
        if (_stash.IsNone)
            return Next(TimeSpan.Zero);
        var stashed = _stash;
        _stash = KafkaMessage.None;
        return stashed;
    }

    /// <summary>From here on a wake counts for the next wait.</summary>
    public void Begin() => _woken = false;

    /// <summary>Ends when something can be taken, or somebody woke it; nothing may be taken before.</summary>
    public Task WaitAsync()
    {
        var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting = waiting;
        _asked.Release();
        return waiting.Task;
    }

    /// <summary>There is news beside the records.</summary>
    public void Wake() => _woken = true;

    /// <summary>Drops what a wait has taken of a partition: it is read from elsewhere now.</summary>
    public void Forget(TopicPartition partition)
    {
        if (!_stash.IsNone && _stash.TopicPartition == partition)
            Drop();
    }

    public void Dispose()
    {
        _closing = true;
        _asked.Release();
        _thread.Join();
        // The client waits for whatever it gave out.
        if (!_stash.IsNone)
            Drop();
        // A member says that it leaves: the others need not wait for it to be missed.
        if (Assignment is KafkaSharedLanes)
            Assignment.Consumer.Close();
        Assignment.Consumer.Dispose();
        (Assignment as IDisposable)?.Dispose();
        _asked.Dispose();
    }

    private KafkaMessage Next(TimeSpan wait)
    {
        if (_control == _lanes)
            return KafkaMessage.Take(_lanes, wait);
        var taken = KafkaMessage.Take(_control, TimeSpan.Zero);
        return taken.IsNone ? KafkaMessage.Take(_lanes, wait) : taken;
    }

    private void Drop()
    {
        _stash.Free();
        _stash = KafkaMessage.None;
    }

    private void Wait()
    {
        while (true)
        {
            _asked.Wait();
            if (_closing)
                break;
            try
            {
                while (!_woken && !_closing && _stash.IsNone)
                    _stash = Next(Slice);
            }
            catch (KafkaException e)
            {
                _failure = e;
            }
            _waiting.SetResult();
        }
    }
}
