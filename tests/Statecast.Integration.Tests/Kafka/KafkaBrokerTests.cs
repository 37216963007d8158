using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Statecast.Integration.Tests.EndToEnd;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>Brokers that are killed under load and come back.</summary>
[Collection(KafkaClusterCollection.Name)]
public sealed class KafkaBrokerTests
{
    [Fact]
    public async Task Broker_killed_and_restarted_under_load_loses_nothing()
    {
        using var cluster = await KafkaCluster.StartAsync(KafkaFixture.Home);
        await FaultRounds.RunAsync(
            "Kafka: the broker killed and restarted twice under load",
            gate: 3,
            async () =>
            {
                await using var pair = await KafkaPair.StartAsync(cluster.BootstrapServers);
                for (var time = 0; time < 2; time++)
                {
                    await pair.WriteAsync(40);
                    var lost = Lost(pair);
                    cluster.Kill(1);
                    await pair.WriteAsync(40);
                    // Asserted, not assumed: sends found no broker.
                    await pair.UntilAsync(() => Lost(pair) > lost);
                    await cluster.StartAsync(1);
                }
                await pair.RequireAsync();
            }
        );
    }

    [Fact]
    public async Task One_of_three_brokers_killed_stops_nobody()
    {
        using var cluster = await KafkaCluster.StartAsync(KafkaFixture.Home, brokers: 3);
        await FaultRounds.RunAsync(
            "Kafka: one of three brokers killed under load",
            gate: 3,
            async () =>
            {
                await using var pair = await KafkaPair.StartAsync(cluster.BootstrapServers);
                using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = cluster.BootstrapServers }).Build();
                Assert.All(Partitions(admin), p => Assert.Equal(3, p.Replicas.Length));
                Assert.Equal("2", await SettingAsync(admin, "min.insync.replicas"));
                await pair.WriteAsync(40);
                // Asserted, not assumed: it leads, and others take over.
                Assert.Contains(Partitions(admin), p => p.Leader == 2);
                cluster.Kill(2);
                await pair.WriteAsync(200);
                await pair.UntilAsync(() => Partitions(admin).TrueForAll(p => p.Leader is 1 or 3));
                // Nobody waits for it.
                await NotesShop.IdleAsync(pair.Source, pair.Target);
                await cluster.StartAsync(2);
                await pair.WriteAsync(40);
                await pair.RequireAsync();
                // The next round begins with a broker that leads again.
                await cluster.ToolAsync("kafka-leader-election.sh", "--election-type", "preferred", "--all-topic-partitions");
            }
        );
    }

    [Fact]
    public async Task Broker_that_loses_what_it_confirmed_is_told_everything_again()
    {
        using var cluster = await KafkaCluster.StartAsync(KafkaFixture.Home);
        await FaultRounds.RunAsync(
            "Kafka: the newest records of every partition lost with the broker's power",
            gate: 3,
            async () =>
            {
                await KafkaFixture.EmptyAsync(cluster.BootstrapServers);
                using var notes = new KafkaNotes(cluster.BootstrapServers);
                var source = await notes.Shop.StartSourceAsync();
                var target = await notes.Shop.StartTargetAsync<NoteState>();
                for (var id = 1; id <= 40; id++)
                {
                    await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = id, Text = "before" }));
                    await NotesShop.IdleAsync(source, target);
                }
                cluster.Kill(1);
                Assert.Equal(8, cluster.LoseNewest(1, KafkaNotes.Topic));
                await cluster.StartAsync(1);
                // The lanes grow beyond their old ends again, by other keys.
                for (var id = 41; id <= 80; id++)
                    await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = id, Text = "after" }));
                await UntilInTopicAsync(notes, keys: 80);
                var fresh = await notes.Shop.StartTargetAsync<NoteState>("fresh.db");
                await KafkaNotes.AssertEqualAsync(source, target, fresh);
                foreach (var host in new[] { fresh, target, source })
                    await NotesShop.StopAsync(host);
            }
        );
    }

    private static async Task UntilInTopicAsync(KafkaNotes notes, int keys)
    {
        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (notes.LastRevisions().Count is var there && there < keys)
        {
            Assert.True(DateTime.UtcNow < deadline, $"After a minute the topic holds {there} of {keys} keys.");
            await Task.Delay(200);
        }
    }

    // Sends that were refused, or of which nobody heard any more.
    private static long Lost(KafkaPair pair) => pair.Sent.Unknown + pair.Sent.Failed;

    private static List<PartitionMetadata> Partitions(IAdminClient admin) =>
        admin.GetMetadata(KafkaNotes.Topic, TimeSpan.FromSeconds(20)).Topics[0].Partitions;

    private static async Task<string> SettingAsync(IAdminClient admin, string name) =>
        (await admin.DescribeConfigsAsync([new() { Type = ResourceType.Topic, Name = KafkaNotes.Topic }]))[0].Entries[name].Value;
}
