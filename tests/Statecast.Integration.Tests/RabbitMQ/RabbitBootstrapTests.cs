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

/// <summary>A source under constant writes is joined by a target, and either is killed in the midst of it: both are processes of their own.</summary>
[Collection(RabbitHostCollection.Name)]
public sealed class RabbitBootstrapTests(RabbitFixture rabbit)
{
    private const int States = 200_000;

    // Of which a range is more than a chunk of the source still.
    private const int FewStates = 20_000;
    private const int Orphans = 500;
    private const int FirstOrphan = 10_000_000;

    /// <summary>What a process may have in use at its peak: with the runner, and far below all states with what they need beside them.</summary>
    private const long MostBytes = 320L << 20;

    // A busy machine's.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(6);

    private const string Rows = NotesPromises.Rows;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task New_target_killed_twice_repeats_a_range_at_most_each_time_and_ends_equal()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Processes' memory is read as Linux shows it.");
        await using var place = await rabbit.PlaceAsync();
        using var notes = new RabbitNotes(place.Address);
        var shop = notes.Shop;
        var clock = Stopwatch.StartNew();
        await FillAsync(shop, States);
        var filled = clock.Elapsed;
        (string, string)[] told = [("ADDRESS", place.Address), ("FOLDER", shop.Folder)];
        using var source = ChildProcess.Start(GetType(), nameof(Write_until_killed), told);
        await source.Until(() => File.Exists(shop.File("writing")), Ct);

        var (peak, kills) = (0L, 0);
        foreach (var after in (int[])[6, 16])
        {
            using var target = ChildProcess.Start(GetType(), nameof(Read_until_killed), told);
            await target.StopMidway(() => IsMidway(Progress(shop), after), Ct, Patience);
            Assert.InRange(Progress(shop)!.Done, after, RunProgress.Parts - 2);
            peak = Math.Max(peak, target.PeakBytes());
            target.Kill();
            if (kills++ == 0)
                AddOrphans(shop);
        }
        using (var target = ChildProcess.Start(GetType(), nameof(Read_until_killed), told))
        {
            await EndAsync(shop, source, target, leastWrites: 1_000);
            peak = Math.Max(peak, target.PeakBytes());
            target.Kill();
        }
        var sourcePeak = source.PeakBytes();
        source.Kill();

        var begun = Said(shop, StateOperation.RangeBegin);
        var rows = RowsSaid(shop);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"filled after {filled.TotalSeconds:f1} s, ended after {clock.Elapsed.TotalSeconds:f1} s, {begun} ranges begun, {rows} rows said to the target, peak of the source {sourcePeak >> 20} MB, of the target {peak >> 20} MB"
        );
        RequireOneRun(shop);
        // A range that was said again is a second begin.
        Assert.InRange(begun, RunProgress.Parts, RunProgress.Parts + kills);
        Assert.InRange(rows, States, States * 1.1 + kills * (States / RunProgress.Parts));
        RequireOrphansGone(shop);
        NotesPromises.RequireRows(shop, "target.db");
        Assert.InRange(peak, 1, MostBytes);
        Assert.InRange(sourcePeak, 1, MostBytes);
    }

    [Fact]
    public async Task Source_killed_in_a_range_goes_on_where_it_was_and_target_ends_equal()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Processes are stopped by Linux's signals.");
        await using var place = await rabbit.PlaceAsync();
        using var notes = new RabbitNotes(place.Address);
        var shop = notes.Shop;
        var clock = Stopwatch.StartNew();
        await FillAsync(shop, FewStates);
        var filled = clock.Elapsed;
        (string, string)[] told = [("ADDRESS", place.Address), ("FOLDER", shop.Folder)];
        using var killed = ChildProcess.Start(GetType(), nameof(Write_until_killed), told);
        // Killed early itself, for what no living target would have: rows that its source never had.
        using (var early = ChildProcess.Start(GetType(), nameof(Read_until_killed), told))
        {
            await early.StopMidway(() => IsMidway(Progress(shop), after: 2), Ct, Patience);
            early.Kill();
            AddOrphans(shop);
        }

        using var target = ChildProcess.Start(GetType(), nameof(Read_until_killed), told);
        await killed.StopMidway(() => Said(shop, StateOperation.RangeEnd) >= 10 && Walked(shop) > 0, Ct, Patience);
        var stopped = clock.Elapsed;
        var (ended, saidBefore) = (Said(shop, StateOperation.RangeEnd), RowsSaid(shop));
        var lastSaid = shop.Number("notes.db", "SELECT max(rowid) FROM said");
        Assert.InRange(ended, 10, RunProgress.Parts - 2);
        // Of the range that it is killed in some rows are said, and not all.
        Assert.True(Said(shop, StateOperation.RangeBegin) > ended);
        Assert.InRange(saidBefore, 1, FewStates - 1);
        killed.Kill();
        Assert.False(File.Exists(shop.File("live")), "The target is Live without what the source had not said.");

        using var again = ChildProcess.Start(GetType(), nameof(Write_until_killed), told);
        await EndAsync(shop, again, target, leastWrites: 100);
        target.Kill();
        again.Kill();

        var (begun, asked) = (Said(shop, StateOperation.RangeBegin), shop.Number("notes.db", "SELECT count(*) FROM asked"));
        var (begunAgain, saidAgain) = (Again("operation = 5"), Again("operation NOT IN (5, 6)"));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"filled after {filled.TotalSeconds:f1} s, killed after {stopped.TotalSeconds:f1} s with {ended} ranges and {saidBefore} rows said, ended after {clock.Elapsed.TotalSeconds:f1} s; {asked} ranges asked for, {begun} begun, {RowsSaid(shop)} rows said; after the kill {begunAgain} ranges and {saidAgain} rows again"
        );
        RequireOneRun(shop);
        // The kill alone has nothing begun anew: what was said before it is said again only where its range was, and a range only where it was asked for again.
        Assert.InRange(begun, RunProgress.Parts, asked);
        Assert.InRange(begunAgain, 0, asked - RunProgress.Parts);
        Assert.InRange(saidAgain, 0, begunAgain * FewStates * 1.5 / RunProgress.Parts);
        Assert.Equal(begun, Said(shop, StateOperation.RangeEnd));
        RequireOrphansGone(shop);
        NotesPromises.RequireRows(shop, "target.db");

        long Again(string what)
        {
            var alone = $"SELECT key FROM said WHERE {what} AND destination <> '{RabbitNotes.Destination}' AND rowid";
            return shop.Number("notes.db", $"SELECT count(*) FROM ({alone} > {lastSaid} AND key IN ({alone} <= {lastSaid}))");
        }
    }

    [Fact(Explicit = true)]
    public async Task Write_until_killed()
    {
        using var notes = new RabbitNotes(ChildProcess.Told("ADDRESS"), folder: ChildProcess.Told("FOLDER"));
        using var source = await notes.Shop.StartSourceAsync();
        File.WriteAllText(notes.Shop.File("writing"), "");
        // Another process may have written before.
        var states = (int)notes.Shop.Number("notes.db", "SELECT max(Id) FROM Notes");
        var next = states;
        for (var i = 0; !File.Exists(notes.Shop.File("enough")); i++)
        {
            await NotesShop.SaveAsync(
                source,
                db =>
                {
                    // Spread over all ranges, before and behind the walk.
                    for (var n = 0; n < 8; n++)
                        if (db.Notes.Find((i * 8 + n) * 7919 % states + 1) is { } note)
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

    // Captured and sent while nobody is bound; what the source writes into its outbox from then on is noted in its own file, as are the ranges that it is asked for.
    private static async Task FillAsync(NotesShop shop, int states)
    {
        const int Chunk = 5_000;
        using var source = await shop.StartSourceAsync();
        for (var first = 1; first <= states; first += Chunk)
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
            CREATE TRIGGER said AFTER INSERT ON statecast_outbox BEGIN INSERT INTO said VALUES (NEW.operation, NEW.destination, NEW.key); END;
            CREATE TABLE asked (destination TEXT NOT NULL, first_bucket INTEGER NOT NULL);
            CREATE TRIGGER asked AFTER INSERT ON statecast_republish WHEN NEW.destination GLOB '*>*' BEGIN
                INSERT INTO asked VALUES (NEW.destination, NEW.first_bucket);
            END
            """
        );
    }

    // Waits until the target is Live, and has all that was written until then.
    private static async Task EndAsync(NotesShop shop, ChildProcess source, ChildProcess target, int leastWrites)
    {
        await target.Until(() => File.Exists(shop.File("live")), Ct, Patience);
        var writes = Said(shop, StateOperation.Upsert, live: true);
        var deletes = Said(shop, StateOperation.Delete, live: true);
        File.WriteAllText(shop.File("enough"), "");
        await source.Until(() => File.Exists(shop.File("written")), Ct);
        await target.Until(() => File.Exists(shop.File("read")), Ct);
        Assert.True(
            writes > leastWrites && deletes > leastWrites / 10,
            $"{writes} writes and {deletes} deletes came meanwhile: that is no load."
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

    /// <summary>The rows that were said to the target alone.</summary>
    private static long RowsSaid(NotesShop shop) =>
        Said(shop, StateOperation.Snapshot) + Said(shop, StateOperation.Upsert) + Said(shop, StateOperation.Delete);

    /// <summary>The ranges that the source has said in part: it would go on behind the key in the cursor.</summary>
    private static long Walked(NotesShop shop) =>
        shop.Number("notes.db", "SELECT count(*) FROM statecast_republish WHERE key IS NULL AND cursor GLOB 's*:?*'");

    // Nothing began anew.
    private static void RequireOneRun(NotesShop shop) =>
        Assert.Equal(1, shop.Number("notes.db", "SELECT count(DISTINCT substr(key, -32)) FROM said WHERE operation = 5"));

    private static void RequireOrphansGone(NotesShop shop)
    {
        Assert.Equal(0, Number(shop, $"SELECT count(*) FROM {Rows} WHERE NOT deleted AND CAST(key AS INTEGER) >= {FirstOrphan}"));
        Assert.Equal(Orphans, Number(shop, $"SELECT count(*) FROM {Rows} WHERE deleted AND CAST(key AS INTEGER) >= {FirstOrphan}"));
    }

    private static long Number(NotesShop shop, string sql) => shop.Number("target.db", sql);
}
