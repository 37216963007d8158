using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Replicas;
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
            () =>
                UnderLoadAsync(
                    cluster,
                    async writes =>
                    {
                        for (var time = 0; time < 2; time++)
                        {
                            await writes(40);
                            cluster.Kill(1);
                            await writes(40);
                            await cluster.StartAsync(1);
                        }
                    }
                )
        );
    }

    [Fact]
    public async Task One_of_three_brokers_killed_stops_nobody()
    {
        using var cluster = await KafkaCluster.StartAsync(KafkaFixture.Home, brokers: 3);
        await FaultRounds.RunAsync(
            "Kafka: one of three brokers killed under load",
            gate: 3,
            () =>
                UnderLoadAsync(
                    cluster,
                    async writes =>
                    {
                        await writes(40);
                        cluster.Kill(2);
                        await writes(200);
                        await cluster.StartAsync(2);
                        await writes(40);
                    }
                )
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

    private static async Task UnderLoadAsync(KafkaCluster cluster, Func<Func<int, Task>, Task> story)
    {
        await KafkaFixture.EmptyAsync(cluster.BootstrapServers);
        using var notes = new KafkaNotes(cluster.BootstrapServers);
        var source = await notes.Shop.StartSourceAsync();
        var target = await notes.Shop.StartTargetAsync<NoteState>();
        await NotesShop.IdleAsync(source, target);
        var written = 0;
        await story(async count =>
        {
            for (var i = 0; i < count; i++)
            {
                var id = ++written % 30 + 1;
                await NotesShop.SaveAsync(
                    source,
                    db =>
                    {
                        if (db.Notes.Find(id) is not { } note)
                            db.Add(new Note { Id = id, Text = $"{written}" });
                        else if (written % 7 == 0)
                            db.Remove(note);
                        else
                            note.Text = $"{written}";
                    }
                );
                await Task.Delay(5);
            }
        });
        var fresh = await notes.Shop.StartTargetAsync<NoteState>("fresh.db");
        await KafkaNotes.AssertEqualAsync(source, target, fresh);
        // What was on its way when the broker went may stand there twice, or late: the last word of every key is its newest all the same.
        var heads = notes.LastRevisions();
        Assert.Equal(
            heads.Values.Sum(),
            notes.Shop.Number("notes.db", "SELECT sum(revision) FROM statecast_head WHERE contract = 'e2e.note'")
        );
        foreach (var host in new[] { fresh, target, source })
            await NotesShop.StopAsync(host);
    }
}
