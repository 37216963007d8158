using System.Diagnostics.Metrics;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Statecast.Conformance.Transport;
using Statecast.Events;
using Statecast.Kafka;
using Statecast.Kafka.Client;
using Statecast.Kafka.Transport;
using Statecast.Transport;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>What needs no broker: the clients' settings that promises rest on, how topics must be, what the control topic says, whose marks are kept.</summary>
public sealed class KafkaRulesTests
{
    private static readonly string Destination = ProbeContracts.Item.Destination;
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);
    private static readonly LaneId Lane = new(Destination, 0);

    [Fact]
    public void No_setting_of_the_user_reorders_doubles_or_delays_what_is_sent()
    {
        var options = new KafkaOptions();
        options.ConfigureProducer(c =>
        {
            c.EnableIdempotence = false;
            c.Acks = Acks.Leader;
            c.MessageTimeoutMs = 600_000;
            c.AllowAutoCreateTopics = true;
            c.BatchNumMessages = 77;
        });
        var settings = Clients(options).ProducerSettings();
        Assert.Equal(
            (true, Acks.All, 2_000, false),
            (settings.EnableIdempotence, settings.Acks, settings.MessageTimeoutMs, settings.AllowAutoCreateTopics)
        );
        // The rest is the user's.
        Assert.Equal(77, settings.BatchNumMessages);
    }

    [Fact]
    public void No_setting_of_the_user_makes_a_consumer_commit_skip_or_hoard()
    {
        var options = new KafkaOptions();
        options.ConfigureConsumer(c =>
        {
            c.EnableAutoCommit = true;
            c.EnableAutoOffsetStore = true;
            c.AutoOffsetReset = AutoOffsetReset.Latest;
            c.EnablePartitionEof = false;
            c.IsolationLevel = IsolationLevel.ReadCommitted;
            c.AllowAutoCreateTopics = true;
            c.QueuedMaxMessagesKbytes = 2_000_000;
            c.CheckCrcs = true;
        });
        var settings = Clients(options).ConsumerSettings("shipping", readAheadBytes: 4 << 20, TimeSpan.FromMilliseconds(100));
        Assert.Equal((false, false), (settings.EnableAutoCommit, settings.EnableAutoOffsetStore));
        Assert.Equal((AutoOffsetReset.Error, true), (settings.AutoOffsetReset, settings.EnablePartitionEof));
        Assert.Equal((IsolationLevel.ReadUncommitted, false), (settings.IsolationLevel, settings.AllowAutoCreateTopics));
        Assert.Equal(4_096, settings.QueuedMaxMessagesKbytes);
        Assert.True(settings.CheckCrcs);
        Assert.Equal("statecast-shipping", settings.GroupId);
    }

    // One answer is unpacked whole, whatever the queue's bound says.
    [Theory]
    [InlineData(1_024, 16 << 20, 2 << 20)]
    [InlineData(1_048_588, 1 << 20, 1_048_588)]
    public void An_answer_is_an_eighth_of_what_is_read_ahead_or_one_message(int maxMessageBytes, int readAheadBytes, int answerBytes)
    {
        var clients = Clients(new KafkaOptions { MaxMessageBytes = maxMessageBytes });
        var settings = clients.ConsumerSettings("shipping", readAheadBytes, TimeSpan.FromMilliseconds(100));
        Assert.Equal((answerBytes, answerBytes), (settings.FetchMaxBytes, settings.MaxPartitionFetchBytes));
    }

    // The client refuses a fetch that is smaller than its largest message.
    [Theory]
    [InlineData(1_024, 1 << 20)]
    [InlineData(500_000, 1 << 20)]
    [InlineData(1_048_588, 1 << 20)]
    [InlineData(60 << 20, 16 << 20)]
    public void Consumers_can_be_made_with_every_setting_that_is_allowed(int maxMessageBytes, int readAheadBytes)
    {
        var options = new KafkaOptions
        {
            BootstrapServers = "127.0.0.1:1",
            MaxMessageBytes = maxMessageBytes,
            MaxReadAheadBytes = readAheadBytes,
        };
        Assert.Null(options.FindProblem());
        using var consumer = Clients(options).Consumer("shipping", readAheadBytes, TimeSpan.FromMilliseconds(100));
        using var control = Clients(options).Consumer("shipping-control", 1 << 20, TimeSpan.FromMilliseconds(100));
    }

    [Theory]
    [InlineData(0.5, 0, null, null, "DeliveryTimeout is 00:00:00.0005000")]
    [InlineData(500, 500, null, null, "longer than Linger")]
    [InlineData(2_000, 1, 3, 2, "MinInSyncReplicas is 3 and ReplicationFactor 2")]
    [InlineData(2_000, 1, 2, 2, null)]
    [InlineData(2_000, 1, 2, null, null)]
    public void Settings_under_which_nothing_is_bounded_or_confirmed_are_refused(
        double delivery,
        double linger,
        int? insync,
        int? copies,
        string? problem
    )
    {
        var found = new KafkaOptions
        {
            BootstrapServers = "localhost:1",
            DeliveryTimeout = TimeSpan.FromMilliseconds(delivery),
            Linger = TimeSpan.FromMilliseconds(linger),
            MinInSyncReplicas = insync,
            ReplicationFactor = (short?)copies,
        }.FindProblem();
        if (problem is null)
            Assert.Null(found);
        else
            Assert.Contains(problem, found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ErrorCode.TopicAuthorizationFailed)]
    [InlineData(ErrorCode.ClusterAuthorizationFailed)]
    public void Lacking_right_is_told_with_its_grant_and_with_all_that_are_needed(ErrorCode code)
    {
        var options = new KafkaOptions { BootstrapServers = "broker:9092" };
        options.Security.User = "orders";
        var text = Clients(options).Faults.Explain(new Error(code), KafkaAct.Sending(Destination, 3));
        Assert.Contains($"sending to partition 3 of '{Destination}'", text, StringComparison.Ordinal);
        Assert.Contains(
            $"kafka-acls.sh --bootstrap-server broker:9092 --add --allow-principal 'User:orders' --operation Write --topic {Destination}",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains("a source needs Describe, DescribeConfigs, Read and Write, and Create unless", text, StringComparison.Ordinal);
        Assert.Contains("a target Describe, DescribeConfigs and Read", text, StringComparison.Ordinal);
    }

    // A broker that has just come to lead may say "end" below what it will serve in a moment.
    [Theory]
    [InlineData(8, false, false)]
    [InlineData(9, false, true)]
    [InlineData(7, true, false)]
    [InlineData(9, true, false)]
    [InlineData(10, true, true)]
    [InlineData(12, false, true)]
    public void Piece_is_read_when_its_end_was_passed_and_not_before(long offset, bool isEnd, bool read) =>
        Assert.Equal(read, KafkaLogReader.Ends(new(new("probe", 0), 0, 10), offset, isEnd));

    [Fact]
    public void Client_that_reports_queues_is_measured()
    {
        var seen = new Dictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Name.StartsWith("statecast.kafka.", StringComparison.Ordinal))
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((i, value, tags, _) => Take(i, value, tags));
        listener.SetMeasurementEventCallback<double>((i, value, tags, _) => Take(i, value, tags));
        listener.Start();
        const string report = """
            {"type":"producer","msg_cnt":7,"msg_size":2100,"brokers":{"b":{"name":"b","nodename":"127.0.0.1:9","nodeid":1,"outbuf_cnt":3,"waitresp_cnt":2,"rtt":{"cnt":4,"avg":1500}}}}
            """;
        KafkaStatistics.Take("measured", null, report, NullLogger.Instance);
        Assert.Equal(7, seen["statecast.kafka.queue.messages"]);
        Assert.Equal(2_100, seen["statecast.kafka.queue.size"]);
        Assert.Equal(5, seen["statecast.kafka.broker.requests"]);
        Assert.Equal(0.0015, seen["statecast.kafka.broker.rtt"], 6);

        void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (var tag in tags)
                if (tag is { Key: "statecast.kafka.client", Value: "measured" })
                    seen[instrument.Name] = value;
        }
    }

    [Theory]
    [InlineData("cleanup.policy", "compact,delete")]
    [InlineData("min.insync.replicas", "1")]
    [InlineData("unclean.leader.election.enable", "true")]
    [InlineData("delete.retention.ms", "86400000", false)]
    [InlineData("min.compaction.lag.ms", "0", false)]
    [InlineData("max.message.bytes", "1000", false)]
    public void Topic_of_three_copies_that_breaks_a_promise_is_refused(string setting, string value, bool controlToo = true)
    {
        var rules = new KafkaTopicRules(new KafkaOptions());
        var topic = new KafkaTopic(Destination, 1, 8, 3);
        foreach (var control in (bool[])[false, true])
        {
            var found = control ? rules.ForControl(3) : rules.ForStates(3);
            Assert.Null(rules.FindProblem(topic, found, control));
            found[setting] = value;
            var problem = rules.FindProblem(topic, found, control);
            if (control && !controlToo)
                Assert.Null(problem);
            else
                Assert.Contains($"{setting} is {value}, must be ", problem, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(null, 1, "1")]
    [InlineData(null, 3, "2")]
    [InlineData(1, 3, "1")]
    public void Confirmed_records_outlive_one_broker_unless_the_user_says_otherwise(int? said, int copies, string wanted)
    {
        var rules = new KafkaTopicRules(new KafkaOptions { MinInSyncReplicas = said });
        Assert.Equal((wanted, wanted), (rules.ForStates(copies)["min.insync.replicas"], rules.ForControl(copies)["min.insync.replicas"]));
    }

    [Fact]
    public void Older_word_that_comes_later_does_not_take_the_newest_ones_place()
    {
        var control = new KafkaControl(Destination, NullLogger.Instance);
        Say(control, "source", Encoding.UTF8.GetBytes(ProbeEvents.Source));
        Say(control, Word(epoch: 2, Noon));
        // A sleeper's, of the epoch before and of an earlier second; and another service's.
        Say(control, Word(epoch: 1, Noon.AddMinutes(1)));
        Say(control, Word(epoch: 2, Noon.AddSeconds(-1)));
        Say(control, Word(epoch: 3, Noon) with { Source = "others" });
        Say(control, Word(epoch: 3, Noon) with { Destination = "probe.other.v1" });
        Say(control, "heartbeat", "no word"u8.ToArray());
        Assert.Equal((2L, Noon), (control.TakeNews() is { } news ? (news.Epoch, news.Clock) : default));
        Assert.Null(control.TakeNews());
        Say(control, Word(epoch: 2, Noon.AddSeconds(1)));
        Assert.Equal(Noon.AddSeconds(1), control.TakeNews()!.Clock);
    }

    [Fact]
    public void Destination_belongs_to_who_said_so_first()
    {
        var control = new KafkaControl(Destination, NullLogger.Instance);
        Say(control, "source", Encoding.UTF8.GetBytes(ProbeEvents.Source));
        Say(control, "source", "others"u8.ToArray());
        Assert.Equal((ProbeEvents.Source, "others"), (control.Owner, control.LastClaim));
    }

    [Fact]
    public void Floor_stands_whatever_is_said_later()
    {
        var control = new KafkaControl(Destination, NullLogger.Instance);
        Say(control, "source", Encoding.UTF8.GetBytes(ProbeEvents.Source));
        var floor = Word(epoch: 3, Noon) with { Ends = [new(Lane, 1, 5, 5, new(3, 1))] };
        Say(control, KafkaControl.FloorKey(3), HeartbeatJson.Write(floor));
        Assert.Null(control.TakeNews());
        // A sleeper's word is below the floor.
        Say(control, Word(epoch: 2, Noon.AddMinutes(1)));
        Assert.Equal(3, control.FloorEpoch);
        Assert.Null(control.TakeNews());
    }

    [Fact]
    public void Highest_epoch_that_ever_sent_is_remembered_whoever_comes_after()
    {
        var marks = new KafkaMarks();
        var newest = Guid.NewGuid();
        marks.Note(Lane, 7, newest, 3);
        marks.Note(Lane, 7, newest, 2);
        for (var sleeper = 0; sleeper < 100; sleeper++)
            marks.Note(Lane, 6, Guid.NewGuid(), sleeper);
        var kept = marks.Of([Lane]);
        Assert.InRange(kept.Count, 2, 16);
        Assert.Contains(new SentMark(Lane, 7, newest, 3), kept);
        Assert.Empty(marks.Of([new LaneId(Destination, 1)]));
    }

    private static KafkaClients Clients(KafkaOptions options) =>
        new(options, TimeSpan.FromSeconds(2), TimeProvider.System, NullLogger.Instance);

    private static void Say(KafkaControl control, string key, byte[] value) => control.Take(key, value, offset: 0);

    private static void Say(KafkaControl control, Heartbeat word) => Say(control, "heartbeat", HeartbeatJson.Write(word));

    private static Heartbeat Word(long epoch, DateTimeOffset clock) => ProbeEvents.Word([new(Lane, 1, 5, 5)], clock) with { Epoch = epoch };
}
