using System.Text;
using Statecast.Kafka.Client;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>A mock cluster of one broker, which lives with the client that it belongs to.</summary>
internal sealed unsafe class MockCluster : IDisposable
{
    private const int Broker = 1;
    private readonly RdProducer _owner;
    private readonly nint _cluster;

    public MockCluster()
    {
        _owner = new([new("test.mock.num.brokers", "1")], new((_, _) => { }, (_, _) => { }, (_, _) => { }, null));
        _cluster = ((delegate* unmanaged<nint, nint>)LoadedRdKafka.Function("rd_kafka_handle_mock_cluster"))(_owner.Client);
        var bootstraps = (delegate* unmanaged<nint, byte*>)LoadedRdKafka.Function("rd_kafka_mock_cluster_bootstraps");
        // Nobody is by itself, and topics are made there.
        ((delegate* unmanaged<nint, int, int>)LoadedRdKafka.Function("rd_kafka_mock_set_controller_id"))(_cluster, Broker);
        Port = int.Parse(LibRdKafka.TextOf(bootstraps(_cluster)).Split(':')[^1], null);
    }

    /// <summary>The broker's own port.</summary>
    public int Port { get; }

    /// <summary>Tells clients another port of loopback than the broker's own.</summary>
    public void Advertise(int port)
    {
        var set = (delegate* unmanaged<nint, int, byte*, int, int>)LoadedRdKafka.Function("rd_kafka_mock_broker_set_host_port");
        fixed (byte* host = "127.0.0.1\0"u8)
            set(_cluster, Broker, host, port);
    }

    /// <summary>Makes a topic; returns the broker's error, or 0.</summary>
    public short Make(string topic, int partitions, int copies)
    {
        var make = (delegate* unmanaged<nint, byte*, int, int, int>)LoadedRdKafka.Function("rd_kafka_mock_topic_create");
        fixed (byte* name = Encoding.UTF8.GetBytes(topic + '\0'))
            return (short)make(_cluster, name, partitions, copies);
    }

    /// <summary>Removes a topic; returns the broker's error, or 0.</summary>
    public short Remove(string topic)
    {
        var remove = (delegate* unmanaged<nint, byte*, int>)LoadedRdKafka.Function("rd_kafka_mock_topic_delete");
        fixed (byte* name = Encoding.UTF8.GetBytes(topic + '\0'))
            return (short)remove(_cluster, name);
    }

    public void Dispose() => _owner.Dispose();
}
