using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Consuming.Queues;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Integration.Tests.Sqlite;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>A large source under constant writes is joined by a target that is killed in the midst of it: both are processes of their own.</summary>
[Collection(RabbitHostCollection.Name)]
public sealed class RabbitBootstrapTests(RabbitFixture rabbit)
{
    private const int States = 200_000;
    private const int Orphans = 500;
    private const int FirstOrphan = 10_000_000;

    /// <summary>What a process may have in use at its peak: with the runner, and far below all states with what they need beside them.</summary>
    private const long MostBytes = 320L << 20;

    // A busy machine's.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(6);

    private const string Rows = "\"statecast_rows.e2e.note.v1\"";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task New_target_killed_twice_repeats_a_range_at_most_each_time_and_ends_equal()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Processes' memory is read as Linux shows it.");
        await using var place = await rabbit.PlaceAsync();
        using var notes = new RabbitNotes(place.Address);
        var shop = notes.Shop;
        var clock = Stopwatch.StartNew();
        await FillAsync(shop);
        var filled = clock.Elapsed;
        (string, string)[] told = [("ADDRESS", place.Address), ("FOLDER", shop.Folder)];
        using var source = ChildProcess.Start(GetType(), nameof(Write_until_killed), told);
        await source.Until(() => File.Exists(shop.File("writing")), Ct);

        var (peak, kills) = (0L, 0);
        foreach (var after in (int[])[6, 16])
        {
            using var target = ChildProcess.Start(GetType(), nameof(Read_until_killed), told);
            // Looked at while it stands still: what is seen is what it is killed in.
            while (true)
            {
                await target.Until(() => IsMidway(Progress(shop), after), Ct, Patience);
                target.Stop();
                if (IsMidway(Progress(shop), after))
                    break;
                target.Continue();
            }
            Assert.InRange(Progress(shop)!.Done, after, RunProgress.Parts - 2);
            peak = Math.Max(peak, target.PeakBytes());
            target.Kill();
            if (kills++ == 0)
                AddOrphans(shop);
        }
        using (var target = ChildProcess.Start(GetType(), nameof(Read_until_killed), told))
        {
            await target.Until(() => File.Exists(shop.File("live")), Ct, Patience);
            var writes = Said(shop, StateOperation.Upsert, live: true);
            var deletes = Said(shop, StateOperation.Delete, live: true);
            File.WriteAllText(shop.File("enough"), "");
            await source.Until(() => File.Exists(shop.File("written")), Ct);
            await target.Until(() => File.Exists(shop.File("read")), Ct);
            peak = Math.Max(peak, target.PeakBytes());
            Assert.True(writes > 1_000 && deletes > 100, $"{writes} writes and {deletes} deletes came meanwhile: that is no load.");
            target.Kill();
        }
        var sourcePeak = source.PeakBytes();
        source.Kill();

        var begun = Said(shop, StateOperation.RangeBegin);
        var rows = Said(shop, StateOperation.Snapshot) + Said(shop, StateOperation.Upsert) + Said(shop, StateOperation.Delete);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"filled after {filled.TotalSeconds:f1} s, ended after {clock.Elapsed.TotalSeconds:f1} s, {begun} ranges begun, {rows} rows said to the target, peak of the source {sourcePeak >> 20} MB, of the target {peak >> 20} MB"
        );
        // One run: nothing began anew. A range that was said again is a second begin.
        Assert.Equal(1, shop.Number("notes.db", "SELECT count(DISTINCT substr(key, -32)) FROM said WHERE operation = 5"));
        Assert.InRange(begun, RunProgress.Parts, RunProgress.Parts + kills);
        Assert.InRange(rows, States, States * 1.1 + kills * (States / RunProgress.Parts));
        Assert.Equal(0, Number(shop, $"SELECT count(*) FROM {Rows} WHERE NOT deleted AND CAST(key AS INTEGER) >= {FirstOrphan}"));
        Assert.Equal(Orphans, Number(shop, $"SELECT count(*) FROM {Rows} WHERE deleted AND CAST(key AS INTEGER) >= {FirstOrphan}"));
        RequireEqual(shop);
        Assert.InRange(peak, 1, MostBytes);
        Assert.InRange(sourcePeak, 1, MostBytes);
    }

    [Fact(Explicit = true)]
    public async Task Write_until_killed()
    {
        using var notes = new RabbitNotes(ChildProcess.Told("ADDRESS"), folder: ChildProcess.Told("FOLDER"));
        using var source = await notes.Shop.StartSourceAsync();
        File.WriteAllText(notes.Shop.File("writing"), "");
        var next = States;
        for (var i = 0; !File.Exists(notes.Shop.File("enough")); i++)
        {
            await NotesShop.SaveAsync(
                source,
                db =>
                {
                    // Spread over all ranges, before and behind the walk.
                    for (var n = 0; n < 8; n++)
                        if (db.Notes.Find((i * 8 + n) * 7919 % States + 1) is { } note)
                            if (n == 0)
                                db.Remove(note);
                            else
                                note.Text = $"changed {i} {Filler}";
                    db.Add(new Note { Id = ++next, Text = $"added {i} {Filler}" });
                }
            );
            await Task.Delay(20, Ct);
        }
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await source.Services.GetRequiredService<IStatecast>().WhenIdleAsync(deadline.Token);
        File.WriteAllText(notes.Shop.File("written"), "");
        await Task.Delay(TimeSpan.FromMinutes(2), Ct);
    }

    [Fact(Explicit = true)]
    public async Task Read_until_killed()
    {
        using var notes = new RabbitNotes(ChildProcess.Told("ADDRESS"), folder: ChildProcess.Told("FOLDER"));
        using var target = await notes.Shop.StartTargetAsync<NoteState>();
        while (RabbitNotes.Status(target).State != ReplicaState.Live)
            await Task.Delay(20, Ct);
        File.WriteAllText(notes.Shop.File("live"), "");
        while (!File.Exists(notes.Shop.File("written")))
            await Task.Delay(20, Ct);
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await target.Services.GetRequiredService<IStatecast>().WhenIdleAsync(deadline.Token);
        File.WriteAllText(notes.Shop.File("read"), "");
        await Task.Delay(TimeSpan.FromMinutes(2), Ct);
    }

    private static string Filler { get; } = new('.', 200);

    // Captured and sent while nobody is bound; what the source writes into its outbox from then on is noted in its own file.
    private static async Task FillAsync(NotesShop shop)
    {
        const int Chunk = 5_000;
        using var source = await shop.StartSourceAsync();
        for (var first = 1; first <= States; first += Chunk)
            await NotesShop.SaveAsync(
                source,
                db => db.AddRange(Enumerable.Range(first, Chunk).Select(id => new Note { Id = id, Text = $"first {id} {Filler}" }))
            );
        using var deadline = new CancellationTokenSource(Patience);
        await source.Services.GetRequiredService<IStatecast>().WhenIdleAsync(deadline.Token);
        await NotesShop.StopAsync(source);
        shop.Change(
            "notes.db",
            """
            CREATE TABLE said (operation INTEGER NOT NULL, destination TEXT NOT NULL, key TEXT NOT NULL);
            CREATE TRIGGER said AFTER INSERT ON statecast_outbox BEGIN INSERT INTO said VALUES (NEW.operation, NEW.destination, NEW.key); END
            """
        );
    }

    /// <summary>The run in the replica's file; null if it holds none yet, or none any more.</summary>
    private static RunProgress? Progress(NotesShop shop)
    {
        if (!File.Exists(shop.File("target.db")))
            return null;
        try
        {
            using var connection = new SqliteConnection($"Data Source={shop.File("target.db")};Pooling=False");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT counted FROM statecast_replica_position";
            return command.ExecuteScalar() is byte[] counted ? QueueLaneBytes.Read(counted)?.Run : null;
        }
        catch (SqliteException e) when (e.Message.Contains("no such table", StringComparison.Ordinal))
        {
            return null;
        }
    }

    private static bool IsMidway(RunProgress? run, int after) =>
        run is not null && run.Done >= after && run.Ranges.Any(r => r is { Begin: > 0, Ended: false });

    // Rows that the source never had, all over the ranges: of those that ended already as well as of those to come.
    private static void AddOrphans(NotesShop shop)
    {
        const string Columns =
            "epoch, revision, deleted, operation, codec, schema, content, captured_at, seen, writes, major, entries, body";
        shop.Change(
            "target.db",
            $"""
            INSERT INTO {Rows} (key, {Columns})
                SELECT CAST({FirstOrphan} + row_number() OVER (ORDER BY key) AS TEXT), {Columns} FROM {Rows} WHERE NOT deleted LIMIT {Orphans};
            UPDATE statecast_replica SET keys = keys + {Orphans}, applied = applied + {Orphans}, received = received + {Orphans}
            """
        );
        Assert.Equal(Orphans, Number(shop, $"SELECT count(*) FROM {Rows} WHERE CAST(key AS INTEGER) > {FirstOrphan}"));
    }

    /// <summary>What the source wrote into its outbox.</summary>
    private static long Said(NotesShop shop, StateOperation operation, bool live = false) =>
        shop.Number(
            "notes.db",
            $"SELECT count(*) FROM said WHERE operation = {(int)operation} AND destination {(live ? "=" : "<>")} '{RabbitNotes.Destination}'"
        );

    private static long Number(NotesShop shop, string sql) => shop.Number("target.db", sql);

    // Both ways, by key, revision and text: by the files alone.
    private static void RequireEqual(NotesShop shop)
    {
        const string Source = """
            SELECT h.key, h.revision, n.Text FROM source.statecast_head h JOIN source.Notes n ON n.Id = CAST(h.key AS INTEGER)
            WHERE h.contract = 'e2e.note' AND NOT h.deleted
            """;
        const string Replica = $"SELECT key, revision, json_extract(CAST(body AS TEXT), '$.text') FROM {Rows} WHERE NOT deleted";
        var attached = $"ATTACH '{shop.Database}' AS source;";
        Assert.Equal(0, Number(shop, $"{attached} SELECT count(*) FROM ({Source} EXCEPT {Replica})"));
        Assert.Equal(0, Number(shop, $"{attached} SELECT count(*) FROM ({Replica} EXCEPT {Source})"));
        var notes = shop.Number("notes.db", "SELECT count(*) FROM Notes");
        Assert.Equal(notes, Number(shop, $"{attached} SELECT count(*) FROM ({Source})"));
        Assert.Equal(notes, Number(shop, $"SELECT count(*) FROM {Rows} WHERE NOT deleted"));
        Assert.Equal(notes, Number(shop, "SELECT keys FROM statecast_replica"));
    }
}
