using Microsoft.Extensions.Logging;

namespace Statecast.Kafka;

/// <summary>The log catalogue of this package. Event ids are fixed: 4100–4199. Payloads and secrets are never logged.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(4101, LogLevel.Information, "Made the topic '{Topic}' with {Partitions} partitions and {Replicas} copies.")]
    public static partial void TopicMade(ILogger logger, string topic, int partitions, int replicas);

    [LoggerMessage(
        4102,
        LogLevel.Error,
        "The producer failed for good and is made anew; what it had not confirmed is sent again. {Reason}"
    )]
    public static partial void ProducerReplaced(ILogger logger, string reason);

    [LoggerMessage(4103, LogLevel.Warning, "A Kafka client of '{Subject}' reports: {Reason}")]
    public static partial void ClientError(ILogger logger, string subject, string reason);

    [LoggerMessage(4104, LogLevel.Debug, "{Facility}: {Message}")]
    public static partial void Client(ILogger logger, string facility, string message);

    [LoggerMessage(
        4105,
        LogLevel.Warning,
        "Host names in the brokers' certificates are not checked: whoever has any certificate of a trusted authority can pose as the broker. Turn SkipHostNameCheck off, and take overrides of the client's own settings out."
    )]
    public static partial void HostNamesUnchecked(ILogger logger);

    [LoggerMessage(
        4106,
        LogLevel.Warning,
        "The position {Position} of lane {Lane} is not in the topic any more; the lane is read from its beginning. Its records were removed by hand, or brokers lost them."
    )]
    public static partial void PositionLost(ILogger logger, long position, string lane);

    [LoggerMessage(
        4107,
        LogLevel.Information,
        "The topic '{Topic}' was made anew, or came; lanes are read under incarnation {Incarnation}."
    )]
    public static partial void TopicFound(ILogger logger, string topic, long incarnation);

    [LoggerMessage(4108, LogLevel.Warning, "The topic '{Topic}' does not exist; it is waited for.")]
    public static partial void TopicMissing(ILogger logger, string topic);

    [LoggerMessage(
        4109,
        LogLevel.Error,
        "'{Source}' publishes into '{Topic}', which belongs to source '{Owner}': its events are parked. Two services must not publish one contract: take the publication out of '{Source}'."
    )]
    public static partial void SecondSource(ILogger logger, string source, string topic, string owner);

    [LoggerMessage(4110, LogLevel.Warning, "A record at {Offset} of the topic '{Topic}' cannot be read and is passed over: {Reason}")]
    public static partial void BadControl(ILogger logger, long offset, string topic, string reason);

    [LoggerMessage(4111, LogLevel.Warning, "A report of the Kafka client '{Client}' about itself cannot be read: {Reason}")]
    public static partial void BadStatistics(ILogger logger, string client, string reason);

    [LoggerMessage(4112, LogLevel.Warning, "Removed the topic '{Topic}' and its {Partitions} partitions, to make it anew.")]
    public static partial void TopicRemoved(ILogger logger, string topic, int partitions);

    [LoggerMessage(
        4113,
        LogLevel.Warning,
        "Made the topic '{Topic}' with {Replicas} of 3 copies, for no more brokers are up: what is confirmed is lost with them. Where there are to be more, set ReplicationFactor: a topic is then not made before so many are up. The copies of this one are raised with kafka-reassign-partitions.sh, or remove it: the source makes it anew and sends everything again."
    )]
    public static partial void FewBrokers(ILogger logger, string topic, int replicas);

    [LoggerMessage(
        4114,
        LogLevel.Warning,
        "The topic '{Topic}' has {Replicas} copies, where {Wanted} could be had: it was made while brokers were down, or before there were more. Raise them with kafka-reassign-partitions.sh; or set ReplicationFactor to what it has, if so few are meant."
    )]
    public static partial void FewCopies(ILogger logger, string topic, int replicas, int wanted);
}
