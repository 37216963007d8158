using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
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
