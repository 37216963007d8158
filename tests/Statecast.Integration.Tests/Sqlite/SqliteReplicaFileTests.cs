using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Statecast.Conformance.Replicas;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Replicas;
using Statecast.Sqlite;
using Statecast.Sqlite.Replicas;
using Xunit;
using static Statecast.Conformance.Replicas.ReplicaSamples;

namespace Statecast.Integration.Tests.Sqlite;

/// <summary>What befalls a replica's file.</summary>
public sealed class SqliteReplicaFileTests : IDisposable
{
    private static readonly SqliteOptions Impatient = new() { BusyTimeout = TimeSpan.FromMilliseconds(50) };
    private readonly TempDirectory _directory = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string FilePath => _directory.File("replica.db");

    [Fact]
    public async Task Second_process_is_refused_until_the_first_is_killed()
    {
        var marker = _directory.File("held");
        using var holder = ChildProcess.Start(
            typeof(SqliteReplicaFileTests),
            nameof(Hold_a_replica_until_killed),
            ("REPLICA", FilePath),
            ("MARKER", marker)
        );
        await holder.Until(() => File.Exists(marker), Ct);
        await using var store = new SqliteReplicaStore(FilePath);
        var refused = await Assert.ThrowsAsync<ReplicaStoreException>(async () => await store.OpenAsync(Layout(), Ct));
        Assert.Contains(FilePath, refused.Message, StringComparison.Ordinal);
        Assert.Contains("InSqlite", refused.Message, StringComparison.Ordinal);

        holder.Kill();
        var contents = await store.OpenAsync(Layout(), Ct);
        Assert.Equal(1, contents.Keys);
        Assert.NotNull(await store.FindAsync("a", Ct));
    }

    [Fact(Explicit = true)]
    public async Task Hold_a_replica_until_killed()
    {
        var store = new SqliteReplicaStore(ChildProcess.Told("REPLICA"));
        await store.OpenAsync(Layout(), Ct);
        await Commit(store, Row("a", 1, "x"));
        await using var unit = await store.BeginAsync(["a"], Ct);
        await File.WriteAllTextAsync(ChildProcess.Told("MARKER"), "held", Ct);
        await Task.Delay(TimeSpan.FromMinutes(2), Ct);
    }

    [Fact]
    public async Task Directory_is_no_replica_file()
    {
        Directory.CreateDirectory(FilePath);
        await using var store = new SqliteReplicaStore(FilePath);
        var refused = await Assert.ThrowsAsync<ReplicaStoreException>(async () => await store.OpenAsync(Layout(), Ct));
        Assert.Contains("is a directory", refused.Message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(FilePath, "replica.db"), refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "path")]
    [InlineData(":memory:", "InMemory()")]
    public void Path_that_names_no_file_is_refused_where_it_is_given(string path, string said)
    {
        var error = Assert.ThrowsAny<ArgumentException>(() =>
            new ServiceCollection().AddStatecast("notes", s => s.Replica<NoteState>(r => r.InSqlite(path)))
        );
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Locked_file_is_a_clear_error_and_works_once_it_is_free()
    {
        await using var store = new SqliteReplicaStore(FilePath, Impatient);
        await store.OpenAsync(Layout(), Ct);
        await Commit(store, Row("a", 1, "x"));
        await using (var other = await Raw())
        {
            await Execute(other, "BEGIN IMMEDIATE");
            var locked = await Assert.ThrowsAsync<ReplicaStoreException>(async () => await store.BeginAsync(["a"], Ct));
            Assert.Contains(FilePath, locked.Message, StringComparison.Ordinal);
            Assert.Contains("BusyTimeout", locked.Message, StringComparison.Ordinal);
            Assert.NotNull(await store.FindAsync("a", Ct));
            await using var second = new SqliteReplicaStore(FilePath, Impatient);
            await Assert.ThrowsAsync<ReplicaStoreException>(async () => await second.OpenAsync(Layout("other.v1"), Ct));
        }
        await Commit(store, Row("a", 2, "y"));
        await using var late = new SqliteReplicaStore(FilePath, Impatient);
        await late.OpenAsync(Layout("other.v1"), Ct);
    }

    [Theory]
    [InlineData("3.40.1", false)]
    [InlineData("3.51.2", false)]
    [InlineData("3.51.3", true)]
    [InlineData("3.53.3", true)]
    public async Task Older_library_is_refused_unless_it_is_allowed(string version, bool accepted)
    {
        await using var store = new SqliteReplicaStore(FilePath, new SqliteOptions { LibraryVersion = Version.Parse(version) });
        if (accepted)
        {
            await store.OpenAsync(Layout(), Ct);
            return;
        }
        var refused = await Assert.ThrowsAsync<ReplicaStoreException>(async () => await store.OpenAsync(Layout(), Ct));
        Assert.Contains(version, refused.Message, StringComparison.Ordinal);
        Assert.Contains("AllowOlderLibrary", refused.Message, StringComparison.Ordinal);
        var allowing = new SqliteOptions { LibraryVersion = Version.Parse(version), AllowOlderLibrary = true };
        await using var allowed = new SqliteReplicaStore(FilePath, allowing);
        await allowed.OpenAsync(Layout(), Ct);
    }

    [Fact]
    public void Loaded_library_is_new_enough() => Assert.True(SqliteLibrary.Version >= SqliteLibrary.Required);

    [Fact]
    public async Task File_of_something_else_is_a_clear_error()
    {
        await File.WriteAllTextAsync(FilePath, string.Concat(Enumerable.Repeat("no database at all. ", 500)), Ct);
        await using var store = new SqliteReplicaStore(FilePath);
        var damaged = await Assert.ThrowsAsync<ReplicaStoreException>(async () => await store.OpenAsync(Layout(), Ct));
        Assert.Contains(FilePath, damaged.Message, StringComparison.Ordinal);
        Assert.Contains("damaged", damaged.Message, StringComparison.Ordinal);

        File.Delete(FilePath);
        await store.OpenAsync(Layout(), Ct);
    }

    [Fact]
    public async Task Damaged_page_fails_the_read_that_meets_it_and_no_other()
    {
        await using (var store = await Opened())
            await Commit(store, [.. Enumerable.Range(0, 400).Select(i => Row($"k{i:000}", 1, new string('x', 500)))]);
        await using (var file = new FileStream(FilePath, FileMode.Open))
        {
            file.Position = file.Length * 3 / 4 / 4096 * 4096;
            await file.WriteAsync(Enumerable.Repeat((byte)0x55, 4096).ToArray(), Ct);
        }
        await using var reopened = await Opened();
        var failed = 0;
        for (var i = 0; i < 400; i++)
            try
            {
                Assert.NotNull(await reopened.FindAsync($"k{i:000}", Ct));
            }
            catch (ReplicaStoreException e)
            {
                Assert.Contains("damaged", e.Message, StringComparison.Ordinal);
                failed++;
            }
        Assert.InRange(failed, 1, 300);
        await Assert.ThrowsAsync<ReplicaStoreException>(async () => await reopened.EnumerateAsync(Ct).CountAsync(Ct));
    }

    [Fact]
    public async Task Row_that_cannot_be_read_holds_up_no_checkpoint()
    {
        await using var store = await Opened();
        await Commit(store, Row("a", 1, "x"));
        await using var raw = await Raw();
        await Execute(raw, $"UPDATE {SqliteReplicaTables.Rows(Layout().Name)} SET schema = x'00'");
        await Assert.ThrowsAnyAsync<Exception>(async () => await store.FindAsync("a", Ct));
        await Execute(raw, "CREATE TABLE more (id INTEGER)");
        await using var command = raw.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
        Assert.Equal(0L, await command.ExecuteScalarAsync(Ct));
    }

    [Fact]
    public async Task Tables_of_another_version_are_refused()
    {
        await using (var store = await Opened())
            await Commit(store, Row("a", 1, "x"));
        await using (var raw = await Raw())
            await Execute(raw, "UPDATE statecast_replica SET layout = 99");
        await using var reopened = new SqliteReplicaStore(FilePath);
        var refused = await Assert.ThrowsAsync<ReplicaStoreException>(async () => await reopened.OpenAsync(Layout(), Ct));
        Assert.Contains("99", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_replicas_share_a_file_and_nothing_else()
    {
        await using var first = new SqliteReplicaStore(FilePath);
        await using var second = new SqliteReplicaStore(_directory.Path + "/./replica.db");
        await first.OpenAsync(Layout("shop.order.v1", indexes: ["i"], handlers: ["h"]), Ct);
        await second.OpenAsync(Layout("shop.customer.v1", indexes: ["i"], handlers: ["h"], retained: false), Ct);
        var plan = new ReplicaPlan { Counters = new(1, 1, 0, 0), BecameLive = true };
        plan.Rows.Add(Row("a", 1, "order", new IndexEntry("i", "v")));
        plan.Positions.Add(new(new("shop.order.v1", 0), 1, 5));
        plan.Park.Add(Parked("p", "why", null));
        plan.Pending.Add(Change("a", 1, "order", handler: "h"));
        await using (var unit = await first.BeginAsync(["a"], Ct))
            await unit.CommitAsync(plan, Ct);
        await Commit(second, Row("b", 1, "customer"));

        Assert.Null(await second.FindAsync("a", Ct));
        Assert.Empty(await second.QueryAsync("i", "v", Ct).ToListAsync(Ct));
        Assert.Empty(await second.Inbox.ParkedAsync(Ct).ToListAsync(Ct));
        Assert.Empty(await second.Inbox.PendingAsync(null, 10, Ct));
        var contents = await second.OpenAsync(Layout("shop.customer.v1", indexes: ["i"], handlers: ["h"]), Ct);
        Assert.Equal((1, 0, false, 0), (contents.Keys, contents.Parked, contents.WasLive, contents.Positions.Count));
        await first.DisposeAsync();
        Assert.NotNull(await second.FindAsync("b", Ct));
        await using var again = new SqliteReplicaStore(FilePath);
        await again.OpenAsync(Layout("shop.order.v1"), Ct);
    }

    [Fact]
    public async Task Batches_of_replicas_in_one_file_take_turns()
    {
        await using var first = new SqliteReplicaStore(FilePath, Impatient);
        await using var second = new SqliteReplicaStore(FilePath, Impatient);
        await first.OpenAsync(Layout("a.v1"), Ct);
        await second.OpenAsync(Layout("b.v1"), Ct);
        await Task.WhenAll(
            new[] { first, second }.Select(store =>
                Task.Run(
                    async () =>
                    {
                        for (var i = 1; i <= 200; i++)
                            await Commit(store, Row("a", i, $"{i}"), Row($"k{i}", 1, "x"));
                    },
                    Ct
                )
            )
        );
        Assert.Equal(201, (await first.OpenAsync(Layout("a.v1"), Ct)).Keys);
        Assert.Equal(201, await second.EnumerateAsync(Ct).CountAsync(Ct));
    }

    [Fact]
    public async Task Files_are_for_their_owner_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no modes.");
            return;
        }
        await using var store = await Opened();
        await Commit(store, Row("a", 1, "x"));
        foreach (var file in new[] { "replica.db", "replica.db-wal", "replica.db-shm", "replica.db.lock" })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_directory.File(file)));
    }

    [Fact]
    public async Task Name_that_is_no_destination_makes_no_table()
    {
        await using var store = new SqliteReplicaStore(FilePath);
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.OpenAsync(Layout("x\"; DROP TABLE statecast_replica; --"), Ct));
        await store.OpenAsync(Layout(), Ct);
    }

    [Fact]
    public async Task Place_that_cannot_hold_a_file_is_a_clear_error()
    {
        await File.WriteAllTextAsync(_directory.File("plain"), "", Ct);
        await using var store = new SqliteReplicaStore(_directory.File("plain/replica.db"));
        var failed = await Assert.ThrowsAsync<ReplicaStoreException>(async () => await store.OpenAsync(Layout(), Ct));
        Assert.Contains("plain/replica.db", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("in use", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_revisions_of_a_waiting_change_stay_bounded()
    {
        await using var store = new SqliteReplicaStore(FilePath);
        await store.OpenAsync(Layout(handlers: ["first"]), Ct);
        for (var i = 1; i <= 300; i++)
        {
            var plan = new ReplicaPlan();
            plan.Rows.Add(Row("a", i, $"{i}"));
            plan.Pending.Add(Change("a", i, $"{i}", causes: $"Cause{i % 5}"));
            await using var unit = await store.BeginAsync(["a"], Ct);
            await unit.CommitAsync(plan, Ct);
        }
        var change = Assert.Single(await store.Inbox.PendingAsync(null, 10, Ct));
        Assert.Equal("Cause1,Cause2,Cause3,Cause4,Cause0", change.Causes);
        await using var raw = await Raw();
        await using var command = raw.CreateCommand();
        command.CommandText = "SELECT length(steps) FROM statecast_replica_pending";
        Assert.InRange((long)(await command.ExecuteScalarAsync(Ct))!, 1, 2000);
    }

    public void Dispose() => _directory.Dispose();

    private static async Task Commit(IReplicaStore store, params ReplicaRow[] rows)
    {
        var plan = new ReplicaPlan();
        plan.Rows.AddRange(rows);
        await using var unit = await store.BeginAsync([.. rows.Select(r => r.Key)], Ct);
        await unit.CommitAsync(plan, Ct);
    }

    private async Task<SqliteReplicaStore> Opened()
    {
        var store = new SqliteReplicaStore(FilePath);
        await store.OpenAsync(Layout(), Ct);
        return store;
    }

    private async Task<SqliteConnection> Raw()
    {
        var connection = new SqliteConnection($"Data Source={FilePath};Pooling=False");
        await connection.OpenAsync(Ct);
        return connection;
    }

    private static async Task Execute(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Ct);
    }
}
