using Confluent.Kafka;

namespace Statecast.Kafka.Transport;

/// <summary>A topic as the brokers describe it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Incarnation">From the topic's id: a topic that was made anew has another.</param>
/// <param name="Partitions">How many partitions it has.</param>
/// <param name="Replicas">The fewest copies that a partition has.</param>
internal sealed record KafkaTopic(string Name, long Incarnation, int Partitions, int Replicas)
{
    /// <summary>The companion topic of a destination: heartbeats, floors, and whose the destination is.</summary>
    public static string ControlOf(string destination) => $"{destination}.control";

    /// <summary>53 bits of the id, never 0: a number that every reader of JSON keeps exact.</summary>
    public static long IncarnationOf(Uuid id)
    {
        // A version 4 UUID: the low half holds 62 random bits.
        var bits = (id.MostSignificantBits * 31) ^ id.LeastSignificantBits;
        var incarnation = bits & ((1L << 53) - 1);
        return incarnation == 0 ? 1 : incarnation;
    }
}
