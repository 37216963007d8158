using Confluent.Kafka;
using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Kafka.Transport;

/// <summary>Which lanes a receiver reads: all of them, or those that it is given. Used by whoever owns the consumer at the time.</summary>
internal abstract class KafkaAssignment(string destination)
{
    private readonly List<LaneId> _closed = [];
    private readonly List<LaneOpened> _opened = [];

    protected string Destination => destination;

    protected KafkaFinding? Finding { get; private set; }

    /// <summary>By partition; null where a lane is not read here.</summary>
    public KafkaLane?[] Lanes { get; private set; } = [];

    /// <summary>Reads the lanes.</summary>
    public abstract IConsumer<string?, byte[]?> Consumer { get; }

    /// <summary>Reads the control topic: the same where partitions are assigned by hand.</summary>
    public abstract IConsumer<string?, byte[]?> ControlConsumer { get; }

    /// <summary>Lanes that went and came since the last call.</summary>
    public (IReadOnlyList<LaneId> Closed, IReadOnlyList<LaneOpened> Opened) TakeChanges()
    {
        if (_closed.Count + _opened.Count == 0)
            return ([], []);
        (LaneId[], LaneOpened[]) changes = ([.. _closed], [.. _opened]);
        _closed.Clear();
        _opened.Clear();
        return changes;
    }

    /// <summary>The topic is there, and its control topic was read.</summary>
    public void Begin(KafkaFinding finding)
    {
        Finding = finding;
        Lanes = new KafkaLane?[finding.Topic!.Partitions];
        Begun();
    }

    /// <summary>The topic is gone, or another.</summary>
    public void End()
    {
        for (var n = 0; n < Lanes.Length; n++)
            Close(n);
        if (Finding is not null)
            Ended();
        (Finding, Lanes) = (null, []);
    }

    /// <summary>Reads a lane from an offset on.</summary>
    public abstract void Read(KafkaLane lane, Offset from);

    protected abstract void Begun();

    protected abstract void Ended();

    protected void Open(int partition, bool measured)
    {
        var end = Finding!.Ends[partition];
        var lane = Lanes[partition] = new(new(destination, partition), end, measured);
        _opened.Add(new(lane.Id, Finding.Topic!.Incarnation, end) { Lanes = Lanes.Length });
    }

    protected void Close(int partition)
    {
        if (partition >= Lanes.Length || Lanes[partition] is not { } lane)
            return;
        Lanes[partition] = null;
        // One that nobody was told of came and went.
        if (_opened.RemoveAll(o => o.Lane == lane.Id) == 0)
            _closed.Add(lane.Id);
    }
}

/// <summary>Every instance reads all lanes, assigned by hand.</summary>
internal sealed class KafkaAllLanes(string destination, IConsumer<string?, byte[]?> consumer) : KafkaAssignment(destination)
{
    public override IConsumer<string?, byte[]?> Consumer => consumer;

    public override IConsumer<string?, byte[]?> ControlConsumer => consumer;

    public override void Read(KafkaLane lane, Offset from)
    {
        if (consumer.Assignment.Contains(lane.Partition))
            consumer.IncrementalUnassign([lane.Partition]);
        consumer.IncrementalAssign([new TopicPartitionOffset(lane.Partition, from)]);
    }

    protected override void Begun()
    {
        for (var n = 0; n < Lanes.Length; n++)
            Open(n, measured: true);
    }

    protected override void Ended() => consumer.Unassign();
}

/// <summary>Instances share the lanes in a consumer group, whose offsets mean nothing: positions are in the replicas.</summary>
internal sealed class KafkaSharedLanes : KafkaAssignment, IDisposable
{
    private readonly Action _wake;

    public KafkaSharedLanes(
        string destination,
        Func<
            Func<List<TopicPartition>, IEnumerable<TopicPartitionOffset>>,
            Action<IEnumerable<TopicPartition>>,
            IConsumer<string?, byte[]?>
        > join,
        IConsumer<string?, byte[]?> control,
        Action wake
    )
        : base(destination)
    {
        _wake = wake;
        Consumer = join(Assigned, Revoked);
        ControlConsumer = control;
    }

    public override IConsumer<string?, byte[]?> Consumer { get; }

    public override IConsumer<string?, byte[]?> ControlConsumer { get; }

    public override void Read(KafkaLane lane, Offset from) => Consumer.Seek(new TopicPartitionOffset(lane.Partition, from));

    public void Dispose() => ControlConsumer.Dispose();

    protected override void Begun() => Consumer.Subscribe(Destination);

    protected override void Ended() => Consumer.Unsubscribe();

    // Called by the client within a read. Until a lane is sought it stands at an offset that needs no asking: an answer that came late would undo the seek.
    private IEnumerable<TopicPartitionOffset> Assigned(List<TopicPartition> partitions)
    {
        _wake();
        foreach (var partition in partitions)
            if (partition.Partition.Value < Lanes.Length)
                Open(partition.Partition.Value, measured: false);
        return
        [
            .. partitions.Select(p => new TopicPartitionOffset(p, p.Partition.Value < Lanes.Length ? Finding!.Ends[p.Partition.Value] : 0)),
        ];
    }

    private void Revoked(IEnumerable<TopicPartition> partitions)
    {
        _wake();
        foreach (var partition in partitions)
            Close(partition.Partition.Value);
    }
}
