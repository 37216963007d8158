using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Integration.Tests.Sqlite;
using Statecast.Kafka;
using Statecast.Sqlite.Replicas;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>A target, a process of its own, that is far slower than its source, which sends large events: its memory stays bounded, and its source hears nothing of it.</summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaSlowTargetTests(KafkaFixture kafka)
{
    private const int BodyBytes = 256 << 10;
    private const int FewNotes = 8;

    // A hundred megabytes behind the first ones.
    private const int Saves = 50;

    /// <summary>What the target's client may read ahead, and what its replica may hold: a twelfth of the backlog together.</summary>
    private const int Ahead = 4 << 20;

    /// <summary>
    /// By how much the backlog may raise the target's peak: what it may read ahead and hold, that much again for a fetch on its way and for what the client keeps
    /// beside a record, and half of it once more for what is not collected yet.
    /// </summary>
    private const long MostGrowth = 6L * Ahead;

    private static readonly TimeSpan Slowness = TimeSpan.FromSeconds(5);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Slow_target_holds_a_small_part_of_its_backlog_and_slows_nobody()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Processes' memory is read as Linux shows it.");
        await kafka.RequireServerAsync("keeps only the newest megabytes of a partition");
        await FaultRounds.RunAsync(
            "Kafka: a target far slower than its source, with a backlog of large events",
            gate: 3,
            FallBehindAsync,
            always: 1
        );
    }

    [Fact(Explicit = true)]
    public async Task Read_slowly_until_killed()
    {
        using var notes = Notes(ChildProcess.Told("SERVERS"), ChildProcess.Told("FOLDER"));
        var shop = notes.Shop;
        using var target = await shop.StartTargetAsync<NoteState>(
            KafkaTargetProcess.File,
            r =>
                r.In(_ => new SlowStore(
                    new SqliteReplicaStore(shop.File(KafkaTargetProcess.File)),
                    Slowness,
                    () => File.Exists(shop.File("slow"))
                ))
        );
        await Task.Delay(TimeSpan.FromMinutes(10), Ct);
    }

    private async Task FallBehindAsync()
    {
        var servers = await kafka.EmptyAsync();
        using var notes = Notes(servers);
        var shop = notes.Shop;
        using var source = await shop.StartSourceAsync();
        using var target = ChildProcess.Start(GetType(), nameof(Read_slowly_until_killed), ("SERVERS", servers), ("FOLDER", shop.Folder));
        var random = new Random(5);

        // As fast as its source: what either needs for such events it has needed by now.
        var usual = await SaveAsync(10);
        await target.Until(() => KafkaTargetProcess.WasLive(shop) && KafkaTargetProcess.Received(shop) == 10 * FewNotes, Ct);
        var before = target.PeakBytes();

        File.WriteAllText(shop.File("slow"), "");
        var slowed = await SaveAsync(Saves);
        // What is read ahead is read by now.
        await Task.Delay(TimeSpan.FromSeconds(1), Ct);
        var (received, all) = (KafkaTargetProcess.Received(shop), await notes.OffsetsAsync());
        var behind = target.PeakBytes();
        Assert.InRange(received, 1, all / 3);

        File.Delete(shop.File("slow"));
        await target.Until(() => KafkaTargetProcess.Received(shop) == all, Ct);
        var after = target.PeakBytes();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{received} of {all} records received while it was slow; peak {before >> 20} MB before, {behind >> 20} MB while it was behind, {after >> 20} MB after it caught up; from commit to confirmed {usual.TotalMilliseconds:f0} ms usually, {slowed.TotalMilliseconds:f0} ms meanwhile"
        );
        Assert.InRange(behind - before, 0, MostGrowth);
        Assert.InRange(after - before, 0, 2 * MostGrowth);
        // A machine that has other things to do doubles it, and more: a source that waited for its target would take as long as that is slow.
        Assert.InRange(slowed, TimeSpan.Zero, usual * 3 + Slowness / 5);
        NotesPromises.RequireRows(shop, KafkaTargetProcess.File);
        Assert.True(notes.NewestAreLast());
        await source.StopAsync(Ct);

        // How long a save takes to be confirmed, at the median.
        async Task<TimeSpan> SaveAsync(int saves)
        {
            var took = new List<TimeSpan>();
            for (var i = 0; i < saves; i++)
            {
                await NotesShop.SaveAsync(source, db => Change(db, random));
                var clock = Stopwatch.StartNew();
                await target.Until(() => NotesPromises.Unsent(shop) == 0, Ct);
                took.Add(clock.Elapsed);
            }
            took.Sort();
            return took[took.Count / 2];
        }
    }

    // Few rows, each of them large and changed every time: nothing of it is compressed, nor compacted.
    private static void Change(NotesDb db, Random random)
    {
        var bytes = new byte[BodyBytes * 3 / 4];
        for (var id = 1; id <= FewNotes; id++)
        {
            random.NextBytes(bytes);
            if (db.Notes.Find(id) is { } note)
                note.Text = Convert.ToBase64String(bytes);
            else
                db.Add(new Note { Id = id, Text = Convert.ToBase64String(bytes) });
        }
    }

    private static KafkaNotes Notes(string servers, string? folder = null) =>
        new(
            servers,
            (o, _) => (o.MaxReadAheadBytes, o.MaxCompactionLag) = (Ahead, TimeSpan.FromHours(1)),
            folder,
            (s, settings) =>
                s.UseKafka(servers, settings).Configure(o => (o.Target.MaxBatchBytes, o.Target.MaxBytesInFlight) = (Ahead / 2, Ahead))
        );
}
