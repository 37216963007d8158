using Confluent.Kafka;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Integration.Tests.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>
/// A relay in a process of its own is stopped with a record under way, past its lease; another takes over; then the first one's record lands last, and it wakes.
/// </summary>
[Collection(KafkaClusterCollection.Name)]
public sealed class KafkaSleeperTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stopped_relays_record_that_lands_last_is_mended_compacted_and_met_by_no_newcomer()
    {
        using var broker = await HeldBroker.StartAsync(KafkaFixture.Home);
        await FaultRounds.RunAsync("Kafka: a relay stopped past its lease, its record lands last", gate: 20, () => SleepAsync(broker));
    }

    private async Task SleepAsync(HeldBroker broker)
    {
        var link = broker.Link;
        await KafkaFixture.EmptyAsync(broker.Servers);
        using var notes = new KafkaNotes(broker.Servers);
        // Captures; sends nothing before it is started.
        using var writer = await notes.Shop.BuildSourceAsync();
        using var sleeper = ChildProcess.Start(
            GetType(),
            nameof(Relay_until_killed),
            ("SERVERS", broker.BehindLink),
            ("FOLDER", notes.Shop.Folder)
        );
        await SaveAsync(writer, "first");
        await sleeper.Until(() => Revisions(notes).SequenceEqual([1]), Ct);

        link.Hold();
        await SaveAsync(writer, "the sleeper's");
        await sleeper.Until(() => link.Holds("the sleeper's"), Ct);
        sleeper.Stop();
        await SaveAsync(writer, "another's");
        using var successor = await notes.Shop.StartSourceAsync();
        await SentAsync(successor);
        Assert.Equal(3, Revisions(notes)[^1]);

        // Asserted, not assumed: it stands behind what is newer. Seen as it comes, for within a second it may be mended and compacted away.
        using var behind = notes.FromEnd("1");
        link.Release();
        var landed = behind.Consume(TimeSpan.FromSeconds(30));
        Assert.Equal(2, landed is null ? 0 : KafkaNotes.RevisionOf(landed));
        sleeper.Continue();
        await NotesShop.UntilAsync(() => notes.LastRevisions()["1"] == 3);
        await SaveAsync(successor, "last");
        await SentAsync(successor);
        await notes.CompactSoonAsync();
        await notes.UntilCompactedAsync(successor);

        Assert.DoesNotContain(2, Revisions(notes));
        var fresh = await notes.Shop.StartTargetAsync<NoteState>();
        await KafkaNotes.AssertEqualAsync(successor, fresh);
        foreach (var host in new[] { fresh, successor })
            await NotesShop.StopAsync(host);
    }

    [Fact(Explicit = true)]
    public async Task Relay_until_killed()
    {
        using var notes = new KafkaNotes(
            ChildProcess.Told("SERVERS"),
            // What is on its way can be read there.
            (o, _) => o.Compression = CompressionType.None,
            ChildProcess.Told("FOLDER")
        );
        using var source = await notes.Shop.StartSourceAsync();
        await Task.Delay(TimeSpan.FromMinutes(3), Ct);
    }

    private static Task SaveAsync(IHost source, string text) =>
        NotesShop.SaveAsync(
            source,
            db =>
            {
                if (db.Notes.Find(1) is { } note)
                    note.Text = text;
                else
                    db.Add(new Note { Id = 1, Text = text });
            }
        );

    private static async Task SentAsync(IHost source)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await source.Services.GetRequiredService<IStatecast>().WhenIdleAsync(deadline.Token);
    }

    // In the order of the log; none while it is not there.
    private static List<long> Revisions(KafkaNotes notes)
    {
        try
        {
            return [.. notes.Raw().Where(r => r.Message.Key == "1").OrderBy(r => r.Offset.Value).Select(KafkaNotes.RevisionOf)];
        }
        catch (ConsumeException)
        {
            return [];
        }
    }
}
