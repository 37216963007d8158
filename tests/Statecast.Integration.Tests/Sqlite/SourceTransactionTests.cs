using Microsoft.Data.Sqlite;
using Statecast.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.Sqlite;

/// <summary>The source's own loops wait for SQLite's one writer by looking, not by sleeping, and hold the write lock from the start.</summary>
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

    public void Dispose() => _directory.Dispose();

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={_directory.File("source.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA journal_mode = WAL; {_adapter.TableScript}";
        command.ExecuteNonQuery();
        return connection;
    }
}
