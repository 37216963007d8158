using Confluent.Kafka;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Kafka.Transport;

/// <summary>A destination as its source knows it.</summary>
/// <param name="declared">What is sent there.</param>
/// <param name="topic">Its topic.</param>
internal sealed class KafkaDestination(SenderDestination declared, KafkaTopic topic)
{
    private readonly KeyReader _keys = new();

    public string Name { get; } = declared.Contract.Destination;

    public string ContractName => declared.Contract.Name;

    public int Lanes => declared.Lanes;

    /// <summary>The topic as it was last seen.</summary>
    public KafkaTopic Topic { get; set; } = topic;

    /// <summary>The highest floor whose record is there.</summary>
    public long FloorStated { get; set; }

    /// <summary>Everything of the control topic below was read, or is this sender's own.</summary>
    public long ControlRead { get; set; }

    /// <summary>Whether the newest records of the lanes were looked at.</summary>
    public bool LookedAt { get; set; }

    public TopicPartition Control { get; } = new(KafkaTopic.ControlOf(declared.Contract.Destination), 0);

    public IEnumerable<LaneId> LaneIds => Enumerable.Range(0, Lanes).Select(n => new LaneId(Name, n));

    /// <summary>All partitions, the control topic's last.</summary>
    public IReadOnlyList<TopicPartition> Partitions => [.. LaneIds.Select(PartitionOf), Control];

    public static TopicPartition PartitionOf(LaneId lane) => new(lane.Destination, lane.Number);

    /// <summary>Whether a record of a lane could bury a state: its key is one of the contract's, in its own lane.</summary>
    public bool CanBury(string? key, LaneId lane) =>
        key is not null && KeyText.Lane(key, Lanes) == lane.Number && declared.Contract.Accept(_keys.Of(key));

    private sealed class KeyReader : IContractVisitor<bool>
    {
        private string _key = "";

        public KeyReader Of(string key)
        {
            _key = key;
            return this;
        }

        public bool Visit<TKey, TState>(StateContract<TKey, TState> contract)
            where TKey : notnull
            where TState : class
        {
            try
            {
                return contract.FormatKey(contract.ParseKey(_key)) == _key;
            }
            catch (FormatException)
            {
                return false;
            }
        }
    }
}
