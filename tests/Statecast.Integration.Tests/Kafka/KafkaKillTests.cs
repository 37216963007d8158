using Microsoft.Extensions.DependencyInjection;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Integration.Tests.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>A source under constant writes and its target, each a process of its own, are killed at random moments and started again.</summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaKillTests(KafkaFixture kafka)
{
    private readonly int _seed = Environment.GetEnvironmentVariable("STATECAST_KILL_SEED") is { Length: > 0 } told
        ? int.Parse(told, null)
        : Environment.TickCount & 0xFFFF;

    // What every kill met, added up.
    private long _unsent;
    private long _unapplied;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Source_and_target_killed_at_random_moments_under_load_lose_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Processes are stopped by Linux's signals.");
        TestContext.Current.TestOutputHelper?.WriteLine($"Replay with STATECAST_KILL_SEED={_seed}");
        var servers = await kafka.EmptyAsync();
        using var notes = Notes(servers);
        await BeginAsync(notes.Shop);
        var random = new Random(_seed);
        var (source, target, round) = (StartSource(notes.Shop, servers), KafkaTargetProcess.Start(servers, notes.Shop), 0);
        try
        {
            await FaultRounds.RunAsync(
                "Kafka: source, target or both killed at random moments under load",
                gate: 50,
                async () =>
                {
                    var (killsSource, killsTarget) = (++round % 3 != 2, round % 3 != 1);
                    await WorkAsync(notes.Shop, source, target);
                    await Task.Delay(random.Next(300), Ct);
                    if (killsTarget)
                        await StopInTransactionAsync(notes, target);
                    if (killsSource)
                        await source.StopMidway(() => NotesPromises.Unsent(notes.Shop) > 0, Ct);
                    if (killsTarget)
                    {
                        target.Dispose();
                        target = KafkaTargetProcess.Start(servers, notes.Shop);
                    }
                    if (killsSource)
                    {
                        var unsent = NotesPromises.Unsent(notes.Shop);
                        Assert.True(unsent > 0, "Nothing waited at the source that was killed.");
                        _unsent += unsent;
                        source.Dispose();
                        source = StartSource(notes.Shop, servers);
                    }
                    await WorkAsync(notes.Shop, source, target);
                    await RequireAsync(notes, source, target, round);
                }
            );
        }
        finally
        {
            source.Dispose();
            target.Dispose();
        }
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{round} rounds: {_unsent} events waited at sources that were killed, {_unapplied} records that were sent were in no replica when its target was killed"
        );
    }

    [Fact(Explicit = true)]
    public async Task Write_until_killed()
    {
        using var notes = Notes(ChildProcess.Told("SERVERS"), ChildProcess.Told("FOLDER"));
        var shop = notes.Shop;
        using var source = await shop.StartSourceAsync();
        var random = new Random(int.Parse(ChildProcess.Told("SEED"), null));
        var next = (int)shop.Number("notes.db", "SELECT max(Id) FROM Notes");
        while (true)
        {
            // The parent looks meanwhile.
            while (Directory.GetFiles(shop.Folder, "pause-*") is [var pause, ..])
            {
                File.WriteAllText(pause.Replace("pause-", "paused-", StringComparison.Ordinal), "");
                await Task.Delay(20, Ct);
            }
            await NotesShop.SaveAsync(
                source,
                db =>
                {
                    db.Add(new Note { Id = ++next, Text = $"added {next}" });
                    for (var n = 0; n < 4; n++)
                        if (db.Notes.Find(random.Next(1, next)) is { } note)
                            if (n == 0)
                                db.Remove(note);
                            else
                                note.Text = $"changed {random.Next()}";
                }
            );
            await Task.Delay(20, Ct);
        }
    }

    // A killed relay's lease is waited for, and what it had under way: as short as a busy machine allows. Records wait for others in the client, so that some are there
    // whenever it is killed. Nothing is compacted, so that they can be counted.
    private static KafkaNotes Notes(string servers, string? folder = null) =>
        new(
            servers,
            (o, _) => (o.MaxCompactionLag, o.Linger) = (TimeSpan.FromHours(1), TimeSpan.FromMilliseconds(200)),
            folder,
            deliveryTimeout: TimeSpan.FromSeconds(1)
        );

    private ChildProcess StartSource(NotesShop shop, string servers) =>
        ChildProcess.Start(GetType(), nameof(Write_until_killed), ("SERVERS", servers), ("FOLDER", shop.Folder), ("SEED", $"{_seed}"));

    // Both sides ran once, so that their files are there: of every commit of the replica it is noted there what it changed.
    private static async Task BeginAsync(NotesShop shop)
    {
        var source = await shop.StartSourceAsync();
        var target = await shop.StartTargetAsync<NoteState>(KafkaTargetProcess.File);
        await NotesShop.SaveAsync(source, db => db.AddRange(Enumerable.Range(1, 200).Select(id => new Note { Id = id, Text = "first" })));
        await NotesShop.IdleAsync(source, target);
        await NotesShop.StopAsync(target);
        await NotesShop.StopAsync(source);
        shop.Change(
            KafkaTargetProcess.File,
            $"""
            CREATE TABLE history (number INTEGER PRIMARY KEY, key TEXT NOT NULL, epoch INTEGER NOT NULL, revision INTEGER NOT NULL);
            CREATE TRIGGER history_added AFTER INSERT ON {NotesPromises.Rows} BEGIN
                INSERT INTO history (key, epoch, revision) VALUES (NEW.key, NEW.epoch, NEW.revision);
            END;
            CREATE TRIGGER history_changed AFTER UPDATE ON {NotesPromises.Rows} WHEN NEW.writes > OLD.writes BEGIN
                INSERT INTO history (key, epoch, revision) VALUES (NEW.key, NEW.epoch, NEW.revision);
            END
            """
        );
    }

    // Waits until the source sends and the target applies what is new.
    private static async Task WorkAsync(NotesShop shop, ChildProcess source, ChildProcess target)
    {
        var (written, received) = (Revisions(shop), KafkaTargetProcess.Received(shop));
        await source.Until(() => Revisions(shop) >= written + 50, Ct);
        await target.Until(() => KafkaTargetProcess.Received(shop) >= received + 50, Ct);
    }

    // What it is killed in: a transaction that is open, of records that the source has sent.
    private async Task StopInTransactionAsync(KafkaNotes notes, ChildProcess target)
    {
        while (true)
        {
            await target.StopMidway(() => KafkaTargetProcess.IsWritten(notes.Shop), Ct);
            if (await notes.OffsetsAsync() - KafkaTargetProcess.Position(notes.Shop) is > 0 and var unapplied)
            {
                _unapplied += unapplied;
                return;
            }
            target.Continue();
        }
    }

    private static async Task RequireAsync(KafkaNotes notes, ChildProcess source, ChildProcess target, int round)
    {
        var shop = notes.Shop;
        File.WriteAllText(shop.File($"pause-{round}"), "");
        await source.Until(() => File.Exists(shop.File($"paused-{round}")) && NotesPromises.Unsent(shop) == 0, Ct);
        await target.Until(() => NotesPromises.Differences(shop, KafkaTargetProcess.File) == 0, Ct);
        var file = $"newcomer{round}.db";
        using (var newcomer = await shop.StartTargetAsync<NoteState>(file))
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            await newcomer.Services.GetRequiredService<IStatecast>().WhenIdleAsync(deadline.Token);
            await target.Until(() => NotesPromises.Differences(shop, file) == 0, Ct);
            await newcomer.StopAsync(Ct);
        }
        NotesPromises.RequireRows(shop, KafkaTargetProcess.File, file);
        NotesPromises.RequireHeads(shop, KafkaTargetProcess.File, file);
        await source.Until(notes.NewestAreLast, Ct);
        // Position and rows are one commit: no record was applied twice, none passed over.
        Assert.Equal(await notes.OffsetsAsync(), KafkaTargetProcess.Received(shop));
        const string Fell = """
            SELECT count(*) FROM (SELECT epoch, revision, lag(epoch) OVER k AS epoch_before, lag(revision) OVER k AS revision_before
                FROM history WINDOW k AS (PARTITION BY key ORDER BY number))
            WHERE (epoch, revision) <= (epoch_before, revision_before)
            """;
        Assert.Equal(0, shop.Number(KafkaTargetProcess.File, Fell));
        File.Delete(shop.File($"pause-{round}"));
    }

    // How often the source's notes changed.
    private static long Revisions(NotesShop shop) => shop.Number("notes.db", "SELECT sum(revision) FROM statecast_head");
}
