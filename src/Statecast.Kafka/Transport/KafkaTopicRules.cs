using System.Globalization;
using System.Text;
using Statecast.Transport;

namespace Statecast.Kafka.Transport;

/// <summary>How a topic must be. Pure: what is made and what is refused follow from one list.</summary>
/// <param name="options">The settings.</param>
internal sealed class KafkaTopicRules(KafkaOptions options)
{
    /// <summary>A destination's settings when it is made.</summary>
    public Dictionary<string, string> ForStates(int replicas) =>
        new(StringComparer.Ordinal)
        {
            ["cleanup.policy"] = "compact",
            ["delete.retention.ms"] = Milliseconds(options.TombstoneRetention),
            ["min.compaction.lag.ms"] = Milliseconds(options.MinCompactionLag),
            ["max.compaction.lag.ms"] = Milliseconds(options.MaxCompactionLag),
            ["min.insync.replicas"] = Text(MinInSync(replicas)),
            ["max.message.bytes"] = Text(options.MaxMessageBytes),
            ["unclean.leader.election.enable"] = "false",
        };

    /// <summary>A control topic's settings when it is made: small segments, because a heartbeat a second is superseded by the next.</summary>
    public Dictionary<string, string> ForControl(int replicas) =>
        new(StringComparer.Ordinal)
        {
            ["cleanup.policy"] = "compact",
            ["segment.bytes"] = Text(1 << 20),
            ["segment.ms"] = Text(600_000),
            ["min.cleanable.dirty.ratio"] = "0.1",
            ["min.insync.replicas"] = Text(MinInSync(replicas)),
            ["max.message.bytes"] = Text(Math.Max(options.MaxMessageBytes, 1 << 20)),
            ["unclean.leader.election.enable"] = "false",
        };

    /// <summary>What of a topic's settings breaks a promise: each difference, and the command that mends them; null if nothing does.</summary>
    public string? FindProblem(KafkaTopic topic, IReadOnlyDictionary<string, string> found, bool control)
    {
        var differences = new List<(string Setting, string Found, string Wanted, string Why)>();
        Require("cleanup.policy", v => v == "compact", "compact", "states would be dropped by age or size");
        Require(
            "min.insync.replicas",
            v => Number(v) >= MinInSync(topic.Replicas),
            Text(MinInSync(topic.Replicas)),
            "a confirmed record could be lost with one broker"
        );
        Require(
            "unclean.leader.election.enable",
            v => v == "false",
            "false",
            "a broker that lags could take over and lose confirmed records"
        );
        if (!control)
        {
            Require(
                "delete.retention.ms",
                v => Number(v) >= Number(Milliseconds(options.TombstoneRetention)),
                Milliseconds(options.TombstoneRetention),
                "deletes would vanish, and a target that is away for longer would keep deleted states; or set TombstoneRetention"
            );
            Require(
                "min.compaction.lag.ms",
                v => Number(v) >= Number(Milliseconds(options.MinCompactionLag)),
                Milliseconds(options.MinCompactionLag),
                "a newer state could be compacted away before a record that landed late above it is found; or set MinCompactionLag"
            );
            Require(
                "max.message.bytes",
                v => Number(v) >= options.MaxMessageBytes,
                Text(options.MaxMessageBytes),
                "an event that was captured could be refused; or set MaxMessageBytes"
            );
        }
        return differences.Count > 0 ? Explain(topic.Name, differences) : null;

        void Require(string setting, Func<string, bool> holds, string wanted, string why)
        {
            // A broker that does not know a setting says nothing of it.
            if (found.TryGetValue(setting, out var value) && !holds(value))
                differences.Add((setting, value, wanted, why));
        }
    }

    /// <summary>What is wrong with a topic that has another number of partitions.</summary>
    public string OtherPartitions(KafkaTopic topic, int lanes) =>
        $"The topic '{topic.Name}' has {topic.Partitions} partitions, and {lanes} lanes are used: keys would change their lanes. "
        + $"If the topic is right, say Lanes({topic.Partitions}) where the contract is published. If it is not, stop the source and call "
        + $"KafkaTransport.RemakeAsync(\"{topic.Name}\", {lanes}): it makes the topic anew, and the source, started with Lanes({lanes}), sends everything again.";

    private int MinInSync(int replicas) => options.MinInSyncReplicas ?? Math.Max(1, replicas - 1);

    private string Explain(string topic, List<(string Setting, string Found, string Wanted, string Why)> differences)
    {
        var text = new StringBuilder($"The topic '{topic}' cannot be used as it is:");
        foreach (var (setting, value, wanted, why) in differences)
            text.Append(CultureInfo.InvariantCulture, $" {setting} is {value}, must be {wanted} ({why});");
        text.Length--;
        text.Append(
            CultureInfo.InvariantCulture,
            $". Mend it with: kafka-configs.sh --bootstrap-server {options.BootstrapServers} --alter --entity-type topics --entity-name {topic} --add-config "
        );
        return text.AppendJoin(',', differences.Select(d => $"{d.Setting}={d.Wanted}")).ToString();
    }

    private static string Milliseconds(TimeSpan? time) => time is { } finite ? Text((long)finite.TotalMilliseconds) : Text(long.MaxValue);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static long Number(string value) => long.TryParse(value, CultureInfo.InvariantCulture, out var number) ? number : -1;
}
