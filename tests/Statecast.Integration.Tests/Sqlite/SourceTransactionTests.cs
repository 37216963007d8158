using Microsoft.Data.Sqlite;
using Statecast.Outbox;
using Statecast.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.Sqlite;

/// <summary>The source's own loops take turns, wait for SQLite's one writer by looking, not by sleeping, and hold the write lock from the start.</summary>
public sealed class SourceTransactionTests : IDisposable
{
    private const int Busy = 5;
    private readonly TempDirectory _directory = new();
    private readonly SqliteAdapter _adapter = new();

    [Fact]
    public async Task Transaction_waits_for_another_writer_and_then_is_the_writer()
    {
        using var own = Open();
        using var other = Open();
        await using var writes = other.BeginTransaction(deferred: false);
        var begins = _adapter.BeginAsync(own, TestContext.Current.CancellationToken).AsTask();
        await Task.Delay(30, TestContext.Current.CancellationToken);
        Assert.False(begins.IsCompleted);

        await writes.CommitAsync(TestContext.Current.CancellationToken);
        await using var transaction = await begins.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        other.DefaultTimeout = 1;
        Assert.Equal(Busy, Assert.Throws<SqliteException>(() => other.BeginTransaction(deferred: false)).SqliteErrorCode);
    }

    [Fact]
    public async Task Writer_that_does_not_end_is_waited_for_as_long_as_the_application_lets_its_commands_wait()
    {
        using var own = Open();
        using var other = Open();
        await using var writes = other.BeginTransaction(deferred: false);
        own.DefaultTimeout = 1;

        var fault = await Assert.ThrowsAsync<SqliteException>(async () =>
            await _adapter.BeginAsync(own, TestContext.Current.CancellationToken)
        );

        Assert.Equal(Busy, fault.SqliteErrorCode);
        await writes.CommitAsync(TestContext.Current.CancellationToken);
        // Nothing of the failed one is left open.
        await using var again = await _adapter.BeginAsync(own, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Writer_that_shuts_out_readers_too_is_waited_for()
    {
        using var other = Open("DELETE");
        await using var command = other.CreateCommand();
        command.CommandText = "BEGIN EXCLUSIVE";
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        // It has not read the schema yet, and cannot.
        await using var own = new SqliteConnection(other.ConnectionString);
        await own.OpenAsync(TestContext.Current.CancellationToken);
        var begins = Task.Run(
            () => _adapter.BeginAsync(own, TestContext.Current.CancellationToken).AsTask(),
            TestContext.Current.CancellationToken
        );
        await Task.WhenAny(begins, Task.Delay(100, TestContext.Current.CancellationToken));
        Assert.False(begins.IsCompleted);

        command.CommandText = "COMMIT";
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        await using var transaction = await begins.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Database_in_memory_is_written_to_as_well()
    {
        await using var own = new SqliteConnection("Data Source=:memory:");
        await own.OpenAsync(TestContext.Current.CancellationToken);
        await using var script = own.CreateCommand();
        script.CommandText = _adapter.TableScript;
        await script.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        await using var transaction = await _adapter.BeginAsync(own, TestContext.Current.CancellationToken);

        await transaction.Transaction.CommitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Look_keeps_no_writer_waiting_and_sees_one_moment()
    {
        using var own = Open();
        using var other = Open();
        other.DefaultTimeout = 1;
        await using var look = await _adapter.BeginReadAsync(own, TestContext.Current.CancellationToken);
        Assert.Equal(0L, Count(own, look!.Transaction));
        using (var writes = other.BeginTransaction(deferred: false))
        {
            using var add = other.CreateCommand();
            add.CommandText = "CREATE TABLE of_another(id INTEGER)";
            add.ExecuteNonQuery();
            writes.Commit();
        }
        Assert.Equal(0L, Count(own, look.Transaction));

        static object? Count(SqliteConnection connection, System.Data.Common.DbTransaction transaction)
        {
            using var command = connection.CreateCommand();
            command.Transaction = (SqliteTransaction)transaction;
            command.CommandText = "SELECT count(*) FROM sqlite_schema WHERE name = 'of_another'";
            return command.ExecuteScalar();
        }
    }

    [Fact]
    public async Task There_is_no_look_where_readers_and_writers_shut_each_other_out()
    {
        using var rollback = Open("DELETE");
        await using var memory = new SqliteConnection("Data Source=:memory:");
        await memory.OpenAsync(TestContext.Current.CancellationToken);
        foreach (var connection in new[] { rollback, memory })
            Assert.Null(await _adapter.BeginReadAsync(connection, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Wait_ends_when_it_is_called_off()
    {
        using var own = Open();
        using var other = Open();
        await using var writes = other.BeginTransaction(deferred: false);
        using var called = new CancellationTokenSource();
        var begins = _adapter.BeginAsync(own, called.Token).AsTask();

        await called.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => begins.WaitAsync(TimeSpan.FromSeconds(20)));
        await writes.CommitAsync(TestContext.Current.CancellationToken);
        await using var again = await _adapter.BeginAsync(own, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Who_waited_comes_before_who_has_just_ended()
    {
        using var first = Open();
        using var second = Open();
        var held = await _adapter.BeginAsync(first, TestContext.Current.CancellationToken);
        var waits = _adapter.BeginAsync(second, TestContext.Current.CancellationToken).AsTask();

        await held.DisposeAsync();
        var again = _adapter.BeginAsync(first, TestContext.Current.CancellationToken).AsTask();

        var next = await waits.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.False(again.IsCompleted);
        await next.DisposeAsync();
        await using var last = await again.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Relay_has_its_turn_between_two_chunks()
    {
        using var own = Open();
        await using var outbox = _adapter.OpenOutbox(own.ConnectionString);
        var held = await _adapter.BeginAsync(own, TestContext.Current.CancellationToken);
        // SQLite's lock is free from here on: what is waited for is the turn.
        await held.Transaction.CommitAsync(TestContext.Current.CancellationToken);
        var commits = outbox.CommitAsync(NobodysCommit, TestContext.Current.CancellationToken).AsTask();
        await Task.Delay(30, TestContext.Current.CancellationToken);
        Assert.False(commits.IsCompleted);

        await held.DisposeAsync();

        Assert.False(await commits.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Turn_that_does_not_come_in_time_is_done_without()
    {
        using var own = Open();
        using var other = Open();
        other.DefaultTimeout = 1;
        await using var held = await _adapter.BeginAsync(own, TestContext.Current.CancellationToken);
        await held.Transaction.CommitAsync(TestContext.Current.CancellationToken);

        await using var impatient = await _adapter.BeginAsync(other, TestContext.Current.CancellationToken);
    }

    public void Dispose() => _directory.Dispose();

    // Of a lease that nobody holds: it changes nothing.
    private static OutboxCommit NobodysCommit { get; } =
        new()
        {
            Shard = "carrier",
            LeaseId = Guid.NewGuid(),
            Counter = 0,
            Epoch = 1,
            Renew = TimeSpan.FromSeconds(1),
        };

    private SqliteConnection Open(string journal = "WAL")
    {
        var connection = new SqliteConnection($"Data Source={_directory.File("source.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA journal_mode = {journal}; {_adapter.TableScript}";
        command.ExecuteNonQuery();
        return connection;
    }
}
