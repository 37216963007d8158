using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Sqlite.Capture;
using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>What only SQLite's own SQL can get wrong.</summary>
public sealed class SqliteCaptureStoreTests
{
    [Fact]
    public async Task Statements_go_with_their_connection()
    {
        using var world = await CaptureWorld.CreateAsync();
        SqliteConnection.ClearAllPools();
        var options = new DbContextOptionsBuilder<ShopDb>().UseSqlite(world.ConnectionString + ";Pooling=False");
        EntityFrameworkCore.DbContextOptionsBuilderExtensions.UseStatecast(options, world.Source);
        options.ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning));
        using (var db = new ShopDb(options.Options))
        {
            // One connection over several saves, then over its own end and beginning.
            db.Database.OpenConnection();
            var order = db.Add(CaptureWorld.NewOrder()).Entity;
            db.SaveChanges();
            order.Status = "paid";
            db.SaveChanges();
            db.Database.CloseConnection();
            order.Status = "shipped";
            db.SaveChanges();
        }

        // The last connection to close takes the log file along; a statement left over would keep it open.
        Assert.False(File.Exists(new SqliteConnectionStringBuilder(world.ConnectionString).DataSource + "-wal"));
        Assert.Equal("U1,U2,U3", world.Story());
        world.AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Failed_statement_leaves_the_connection_usable()
    {
        using var world = await CaptureWorld.CreateAsync();
        using var connection = new SqliteConnection(world.ConnectionString);
        connection.Open();
        using var transaction = connection.BeginTransaction();
        var scope = new CaptureScope(connection, transaction, Synchronous: true, CancellationToken.None);
        using (var trigger = connection.CreateCommand())
        {
            trigger.CommandText =
                "CREATE TEMP TRIGGER refuse BEFORE INSERT ON statecast_outbox WHEN NEW.key = 'bad' BEGIN SELECT RAISE(FAIL, 'planted'); END";
            trigger.ExecuteNonQuery();
        }
        await Assert.ThrowsAsync<SqliteException>(async () => await SqliteCaptureStore.Instance.WriteAsync(scope, [], [Row("bad")]));
        await SqliteCaptureStore.Instance.WriteAsync(scope, [], [Row("good")]);
        transaction.Commit();

        Assert.Equal("good", Assert.Single(world.Outbox()).Key);
    }

    [Fact]
    public async Task Bucket_ranges_are_walked_and_counted_once_each_wherever_a_walk_goes_on()
    {
        using var world = await CaptureWorld.CreateAsync();
        using var connection = new SqliteConnection(world.ConnectionString);
        connection.Open();
        using var transaction = connection.BeginTransaction();
        var scope = new CaptureScope(connection, transaction, Synchronous: true, CancellationToken.None);
        var store = SqliteCaptureStore.Instance;
        var keys = Enumerable.Range(0, 500).Select(i => $"key {i * 7919 % 1000}").ToList();
        await store.WriteAsync(scope, [.. keys.Select(k => new HeadWrite("walked", k, new(1, false, null, null), Guid.Empty))], []);
        // Another contract's.
        await store.WriteAsync(scope, [new("other", "key", new(1, false, null, null), Guid.Empty)], []);

        foreach (var parts in (int[])[1, 2, 32])
        {
            var walked = new List<string>();
            for (var part = 0; part < parts; part++)
            {
                var range = BucketRange.Part(part, parts);
                var expected = keys.Where(k => KeyText.Bucket(k) >= range.First && KeyText.Bucket(k) <= range.Last).ToList();
                var ofPart = new List<string>();
                IReadOnlyList<WalkedHead> page;
                do
                {
                    var after = ofPart.LastOrDefault();
                    Assert.Equal(
                        expected.Count - ofPart.Count,
                        await store.Republish.CountHeadsAsync(scope, "walked", after, range.First, range.Last)
                    );
                    page = await store.WalkAsync(scope, "walked", after, range.First, range.Last, 7);
                    Assert.All(page, h => Assert.Equal(new(1, false, null, null), h.Head));
                    ofPart.AddRange(page.Select(h => h.Key));
                } while (page.Count == 7);
                Assert.Equal(expected.Order(StringComparer.Ordinal), ofPart.Order(StringComparer.Ordinal));
                walked.AddRange(ofPart);
            }
            Assert.Equal(keys.Count, walked.Count);
        }
    }

    [Fact]
    public async Task Capture_takes_the_write_lock_before_it_reads_heads()
    {
        using var world = await CaptureWorld.CreateAsync();
        using var reader = new SqliteConnection(world.ConnectionString);
        reader.Open();
        using var transaction = reader.BeginTransaction(deferred: true);
        var scope = new CaptureScope(reader, transaction, Synchronous: true, CancellationToken.None);
        await world.Store.LockAsync(scope, [new("test.order", ["a"])]);

        using var writer = new SqliteConnection(world.ConnectionString + ";Default Timeout=1");
        writer.Open();
        using var command = writer.CreateCommand();
        command.CommandText = "UPDATE statecast_head SET revision = revision";
        var busy = Assert.Throws<SqliteException>(() => command.ExecuteNonQuery());
        Assert.Equal(5, busy.SqliteErrorCode);
    }

    [Fact]
    public async Task Capture_without_a_transaction_is_refused()
    {
        using var world = await CaptureWorld.CreateAsync();
        using var connection = new SqliteConnection(world.ConnectionString);
        connection.Open();
        var scope = new CaptureScope(connection, null, Synchronous: true, CancellationToken.None);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await world.Store.LockAsync(scope, [new("test.order", ["a"])])
        );
        Assert.Contains("BeginTransaction", error.Message);
    }

    [Fact]
    public async Task Base_comes_back_where_it_is_wanted_and_goes_with_a_head_that_keeps_none()
    {
        using var world = await CaptureWorld.CreateAsync();
        using var connection = new SqliteConnection(world.ConnectionString);
        connection.Open();
        using var transaction = connection.BeginTransaction();
        var scope = new CaptureScope(connection, transaction, Synchronous: true, CancellationToken.None);
        var store = SqliteCaptureStore.Instance;
        for (var revision = 1; revision <= 3; revision++)
        {
            var kept = new PatchBase(new byte[] { 1, (byte)revision }, revision - 1, DateTimeOffset.UnixEpoch.AddMicroseconds(revision));
            await store.WriteAsync(scope, [Write("a", revision, kept), Write("b", revision, null)], []);

            var heads = (await store.LockAsync(scope, [new("c", ["a", "b", "never"]) { WithBases = true }])).Heads;
            Assert.Equal((revision, false), (heads[0].Revision, heads[0].Deleted));
            Assert.Equal(kept with { Body = heads[0].Base!.Body }, heads[0].Base);
            Assert.Equal(kept.Body.ToArray(), heads[0].Base!.Body.ToArray());
            Assert.Null(heads[1].Base);
            Assert.Equal(Head.None, heads[2]);
            Assert.Null((await store.LockAsync(scope, [new("c", ["a"])])).Heads[0].Base);
        }
        // A publication that sends no patches any more: a base of an earlier revision must not be found later.
        await store.WriteAsync(scope, [Write("a", 4, null)], []);
        Assert.Null((await store.LockAsync(scope, [new("c", ["a"]) { WithBases = true }])).Heads[0].Base);
    }

    private static HeadWrite Write(string key, long revision, PatchBase? kept) =>
        new("c", key, new(revision, false, new(1), new(2)) { Base = kept }, Guid.Empty);

    private static OutboxRow Row(string key) =>
        new()
        {
            Carrier = "test",
            Lane = new("d", 0),
            Contract = "c",
            Key = key,
            Revision = 1,
            Operation = StateOperation.Delete,
            Codec = "json",
            Schema = new(1),
            CapturedAt = DateTimeOffset.UnixEpoch,
        };
}
