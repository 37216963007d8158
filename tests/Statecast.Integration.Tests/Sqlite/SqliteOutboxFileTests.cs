using Microsoft.Data.Sqlite;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Sqlite;
using Statecast.Sqlite.Outbox;
using Xunit;

namespace Statecast.Integration.Tests.Sqlite;

/// <summary>The relay's view of a source's file: what befalls the file, and how a commit is noticed.</summary>
public sealed class SqliteOutboxFileTests
{
    private static readonly SqliteOptions Impatient = new() { BusyTimeout = TimeSpan.FromMilliseconds(50) };
    private static readonly OutboxQuery Fresh = new("carrier", false, 10, 0, []);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Locked_database_is_a_clear_error_and_works_once_it_is_free()
    {
        await using var database = (SqliteOutboxDatabase)await SqliteOutboxDatabase.CreateAsync();
        await using var store = new SqliteOutboxStore($"Data Source={database.File}", Impatient);
        await database.ExecuteAsync("BEGIN IMMEDIATE");
        var locked = await Assert.ThrowsAsync<SourceException>(async () => await store.AcquireAsync(Ask(), Ct));
        Assert.Contains(database.File, locked.Message, StringComparison.Ordinal);
        Assert.Contains("BusyTimeout", locked.Message, StringComparison.Ordinal);
        Assert.Empty((await store.ReadAsync(Fresh, Ct)).Rows);
        await database.ExecuteAsync("ROLLBACK");
        Assert.NotNull(await store.AcquireAsync(Ask(), Ct));
    }

    [Fact]
    public async Task Write_waits_for_another_writer_within_the_busy_time_out()
    {
        await using var database = (SqliteOutboxDatabase)await SqliteOutboxDatabase.CreateAsync();
        await using var store = database.Open();
        await database.ExecuteAsync("BEGIN IMMEDIATE");
        var acquiring = Task.Run(() => store.AcquireAsync(Ask(), Ct).AsTask(), Ct);
        await Task.WhenAny(acquiring, Task.Delay(100, Ct));
        Assert.False(acquiring.IsCompleted);
        await database.ExecuteAsync("COMMIT");
        Assert.NotNull(await acquiring);
    }

    [Fact]
    public void Older_library_is_refused()
    {
        var options = new SqliteOptions { LibraryVersion = new(3, 51, 2) };
        var refused = Assert.Throws<SourceException>(() => new SqliteAdapter(options).OpenOutbox("Data Source=never-opened.db"));
        Assert.Contains("3.51.2", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists("never-opened.db"));
    }

    [Theory]
    [InlineData("Data Source=:memory:")]
    [InlineData("Data Source=shared;Mode=Memory;Cache=Shared")]
    [InlineData("")]
    public void Database_in_memory_is_refused(string connectionString) =>
        Assert.Throws<SourceException>(() => new SqliteOutboxStore(connectionString));

    [Fact]
    public void Missing_database_is_refused_and_not_made()
    {
        using var directory = new TempDirectory();
        var refused = Assert.Throws<SourceException>(() => new SqliteOutboxStore($"Data Source={directory.File("none.db")}"));
        Assert.Contains("cannot be opened", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(directory.Path));
    }

    [Fact]
    public async Task Missing_tables_say_how_to_make_them()
    {
        using var directory = new TempDirectory();
        await using (var raw = new SqliteConnection($"Data Source={directory.File("plain.db")};Pooling=False"))
        {
            await raw.OpenAsync(Ct);
            await using var command = raw.CreateCommand();
            command.CommandText = "CREATE TABLE own (id INTEGER)";
            await command.ExecuteNonQueryAsync(Ct);
        }
        await using var store = new SqliteOutboxStore($"Data Source={directory.File("plain.db")}");
        var missing = await Assert.ThrowsAsync<SourceException>(async () => await store.ReadAsync(Fresh, Ct));
        Assert.Contains("AddStatecast", missing.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<SourceException>(async () => await store.AcquireAsync(Ask(), Ct));
    }

    [Fact]
    public async Task Tables_of_another_layout_are_refused()
    {
        await using var database = (SqliteOutboxDatabase)await SqliteOutboxDatabase.CreateAsync();
        await database.ExecuteAsync("INSERT INTO statecast_source (id, epoch, layout) VALUES (1, 5, 99)");
        await using var store = database.Open();
        var refused = await Assert.ThrowsAsync<SourceException>(async () => await store.AcquireAsync(Ask(), Ct));
        Assert.Contains("99", refused.Message, StringComparison.Ordinal);
        await database.ExecuteAsync($"UPDATE statecast_source SET layout = {TableLayout.Version}");
        Assert.Equal(5, (await store.AcquireAsync(Ask(), Ct))!.Epoch);
    }

    [Fact]
    public async Task Own_commits_do_not_end_the_wait()
    {
        await using var database = (SqliteOutboxDatabase)await SqliteOutboxDatabase.CreateAsync();
        await using var store = database.Open();
        await store.ReadAsync(Fresh, Ct);
        Assert.NotNull(await store.AcquireAsync(Ask(), Ct));
        var waiting = store.WaitAsync(TimeSpan.FromMinutes(1), Ct).AsTask();
        await Task.WhenAny(waiting, Task.Delay(200, Ct));
        Assert.False(waiting.IsCompleted);
        await database.ExecuteAsync("CREATE TABLE other (id INTEGER)");
        await waiting.WaitAsync(TimeSpan.FromSeconds(20), Ct);
    }

    [Fact]
    public async Task Wait_goes_on_when_the_last_look_showed_the_change()
    {
        await using var database = (SqliteOutboxDatabase)await SqliteOutboxDatabase.CreateAsync();
        await using var store = database.Open();
        await store.ReadAsync(Fresh, Ct);
        await database.ExecuteAsync("CREATE TABLE other (id INTEGER)");
        await store.ReadAsync(Fresh, Ct);
        var waiting = store.WaitAsync(TimeSpan.FromMinutes(1), Ct).AsTask();
        await Task.WhenAny(waiting, Task.Delay(200, Ct));
        Assert.False(waiting.IsCompleted);
        await database.ExecuteAsync("DROP TABLE other");
        await waiting.WaitAsync(TimeSpan.FromSeconds(20), Ct);
    }

    [Fact]
    public async Task Wake_before_the_commit_ends_the_wait_after_it()
    {
        await using var database = (SqliteOutboxDatabase)await SqliteOutboxDatabase.CreateAsync();
        await using var store = database.Open();
        await store.ReadAsync(Fresh, Ct);
        var waiting = store.WaitAsync(TimeSpan.FromMinutes(1), Ct).AsTask();
        await database.ExecuteAsync("BEGIN IMMEDIATE");
        SqliteWake.Notify(database.File);
        await Task.WhenAny(waiting, Task.Delay(100, Ct));
        Assert.False(waiting.IsCompleted);
        await database.ExecuteAsync("CREATE TABLE other (id INTEGER)");
        await database.ExecuteAsync("COMMIT");
        await waiting.WaitAsync(TimeSpan.FromSeconds(20), Ct);
    }

    [Fact]
    public async Task Backlog_is_counted_without_reading_all_of_it()
    {
        await using var database = (SqliteOutboxDatabase)await SqliteOutboxDatabase.CreateAsync();
        await using var store = database.Open();
        await database.ExecuteAsync(
            "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
                + "INSERT INTO statecast_outbox (carrier, destination, lane, contract, key, revision, operation, codec, schema, captured_at, keep_each) "
                + "SELECT 'carrier', 'd', 0, 'c', i, 1, 1, 'json', zeroblob(16), 0, 0 FROM n"
        );
        Assert.Equal(2000, (await store.ReadAsync(Fresh, Ct)).Count);
        await database.ExecuteAsync("DELETE FROM statecast_outbox WHERE sequence BETWEEN 2 AND 1000");
        var estimated = await store.ReadAsync(Fresh, Ct);
        Assert.InRange(estimated.Count, 1001, 2000);
        await database.ExecuteAsync("DELETE FROM statecast_outbox WHERE sequence BETWEEN 1001 AND 1999 OR sequence < 500");
        Assert.Equal(1, (await store.ReadAsync(Fresh, Ct)).Count);
        await database.ExecuteAsync("DELETE FROM statecast_outbox");
        Assert.Equal(0, (await store.ReadAsync(Fresh, Ct)).Count);
    }

    private static LeaseRequest Ask() => new("carrier", "host/1", Guid.NewGuid(), TimeSpan.FromSeconds(20), [new("d", 0)]);
}
