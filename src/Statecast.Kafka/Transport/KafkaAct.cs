namespace Statecast.Kafka.Transport;

/// <summary>Something that is asked of brokers, and the right that it takes.</summary>
/// <param name="Doing">What, for people.</param>
/// <param name="Name">The topic, or the group.</param>
/// <param name="Right">The right on it, as <c>kafka-acls.sh</c> names the operation.</param>
internal readonly record struct KafkaAct(string Doing, string Name, string Right)
{
    /// <summary>What the right is on: <c>topic</c> or <c>group</c>.</summary>
    public string On { get; private init; } = "topic";

    public static KafkaAct Making(string topic) => new($"making the topic '{topic}'", topic, "Create");

    public static KafkaAct Removing(string topic) => new($"removing the topic '{topic}'", topic, "Delete");

    public static KafkaAct Describing(string topic) => new($"describing the topic '{topic}'", topic, "Describe");

    public static KafkaAct ReadingSettings(string topic) => new($"reading the settings of the topic '{topic}'", topic, "DescribeConfigs");

    public static KafkaAct AskingEnds(string topic) => new($"asking where '{topic}' ends", topic, "Describe");

    public static KafkaAct Reading(string topic) => new($"reading '{topic}'", topic, "Read");

    public static KafkaAct Sending(string topic, int partition) => new($"sending to partition {partition} of '{topic}'", topic, "Write");

    public static KafkaAct Joining(string group) => new($"joining the group '{group}'", group, "Read") { On = "group" };
}
