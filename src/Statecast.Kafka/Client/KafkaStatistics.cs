using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Statecast.Diagnostics;

namespace Statecast.Kafka.Client;

/// <summary>
/// What the library says of itself from time to time, as metrics of the meter <see cref="StatecastMeter.Name"/>: what waits in its queues, and how far its brokers
/// are. Fields are the library's: <c>STATISTICS.md</c> of librdkafka.
/// </summary>
internal static class KafkaStatistics
{
    private const double MicrosecondsASecond = 1e6;
    private static readonly Meter Meter = new(StatecastMeter.Name);

    private static readonly Gauge<long> QueuedMessages = Meter.CreateGauge<long>(
        "statecast.kafka.queue.messages",
        "{record}",
        "Records that a client holds: a producer's that are not confirmed, a consumer's that were fetched and not taken."
    );
    private static readonly Gauge<long> QueuedBytes = Meter.CreateGauge<long>("statecast.kafka.queue.size", "By", "Their bytes.");
    private static readonly Gauge<double> RoundTrip = Meter.CreateGauge<double>(
        "statecast.kafka.broker.rtt",
        "s",
        "Time from a request to its answer, the mean since the last report; a fetch waits for records."
    );
    private static readonly Gauge<long> Requests = Meter.CreateGauge<long>(
        "statecast.kafka.broker.requests",
        "{request}",
        "Requests to a broker that wait to be sent or answered."
    );

    /// <summary>Takes a report.</summary>
    /// <param name="client">Whose, for the tag <c>statecast.kafka.client</c>.</param>
    /// <param name="destination">What it reads, for the tag <c>messaging.destination.name</c>; null for a client of all.</param>
    /// <param name="json">The report.</param>
    /// <param name="logger">Told where it cannot be read: the client must not meet the exception.</param>
    public static void Take(string client, string? destination, string json, ILogger logger)
    {
        try
        {
            using var report = JsonDocument.Parse(json);
            Record(client, destination, report.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            LogMessages.BadStatistics(logger, client, e.Message);
        }
    }

    private static void Record(string client, string? destination, JsonElement report)
    {
        var tags = new TagList { { "statecast.kafka.client", client } };
        if (destination is not null)
            tags.Add("messaging.destination.name", destination);
        var (messages, bytes) = (Number(report, "msg_cnt"), Number(report, "msg_size"));
        foreach (var topic in Members(report, "topics"))
        foreach (var partition in Members(topic, "partitions"))
            (messages, bytes) = (messages + Number(partition, "fetchq_cnt"), bytes + Number(partition, "fetchq_size"));
        QueuedMessages.Record(messages, tags);
        QueuedBytes.Record(bytes, tags);
        foreach (var broker in Members(report, "brokers"))
        {
            // Not those that are only named in the settings.
            if (Number(broker, "nodeid") < 0)
                continue;
            // A copy: what is added here is this broker's.
            var server = tags;
            server.Add("server.address", broker.GetProperty("nodename").GetString());
            Requests.Record(Number(broker, "outbuf_cnt") + Number(broker, "waitresp_cnt"), server);
            if (broker.TryGetProperty("rtt", out var rtt) && Number(rtt, "cnt") > 0)
                RoundTrip.Record(Number(rtt, "avg") / MicrosecondsASecond, server);
        }
    }

    private static long Number(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetInt64() : 0;

    private static IEnumerable<JsonElement> Members(JsonElement element, string name) =>
        element.TryGetProperty(name, out var members) ? members.EnumerateObject().Select(m => m.Value) : [];
}
