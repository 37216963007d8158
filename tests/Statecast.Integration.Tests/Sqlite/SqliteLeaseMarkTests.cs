using Statecast.Outbox;
using Statecast.Sqlite.Outbox;
using Xunit;

namespace Statecast.Integration.Tests.Sqlite;

/// <summary>Whether a lease's holder lives: its successor need not wait for one that died, and must for one that only may have.</summary>
public sealed class SqliteLeaseMarkTests : IAsyncLifetime
{
    // Nothing here is taken because its time ran out.
    private static readonly TimeSpan Duration = TimeSpan.FromHours(1);

    private SqliteOutboxDatabase _database = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Mark => $"{_database.File}-relay-carrier.lock";

    private string Note => $"{_database.File}.note";

    public async ValueTask InitializeAsync() => _database = (SqliteOutboxDatabase)await SqliteOutboxDatabase.CreateAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Lease_of_a_killed_holder_is_taken_at_once()
    {
        await using var store = Open(_database.File);
        using var holder = await StartAsync(nameof(Hold_until_killed));
        Assert.Null(await store.AcquireAsync(Ask(), Ct));
        holder.Kill();
        var grant = await store.AcquireAsync(Ask(), Ct);
        Assert.NotNull(grant);
        // What it sent may still be on its way: on carriers that need it the core waits for that.
        Assert.True(grant.TakenOver);
        Assert.Equal(2, grant.Fencing);

        // The successor has a mark of its own.
        await using var third = Open(_database.File);
        Assert.Null(await third.AcquireAsync(Ask(), Ct));
        await store.ReleaseAsync("carrier", grant.LeaseId, Ct);
        Assert.False((await third.AcquireAsync(Ask(), Ct))?.TakenOver);
    }

    [Fact]
    public async Task Refused_tries_do_not_hide_a_death()
    {
        await using var store = Open(_database.File);
        using (var holder = await StartAsync(nameof(Hold_until_killed)))
            for (var i = 0; i < 3; i++)
                Assert.Null(await store.AcquireAsync(Ask(), Ct));
        await _database.ExecuteAsync("UPDATE statecast_source SET layout = layout + 1");
        await Assert.ThrowsAnyAsync<Exception>(async () => await store.AcquireAsync(Ask(), Ct));
        await _database.ExecuteAsync("UPDATE statecast_source SET layout = layout - 1");
        Assert.NotNull(await store.AcquireAsync(Ask(), Ct));
    }

    [Fact]
    public async Task Holder_that_closed_in_order_is_not_taken_for_dead()
    {
        await using (var first = Open(_database.File))
            Assert.NotNull(await first.AcquireAsync(Ask(), Ct));
        await using var second = Open(_database.File);
        Assert.Null(await second.AcquireAsync(Ask(), Ct));
    }

    [Fact]
    public async Task Removed_mark_of_a_live_holder_shows_no_death()
    {
        await using var first = Open(_database.File);
        Assert.NotNull(await first.AcquireAsync(Ask(), Ct));
        File.Delete(Mark);
        await using var second = Open(_database.File);
        Assert.Null(await second.AcquireAsync(Ask(), Ct));
        Assert.Null(await second.AcquireAsync(Ask(), Ct));
    }

    [Fact]
    public async Task Mark_of_an_earlier_lease_shows_no_death()
    {
        using (var holder = await StartAsync(nameof(Hold_until_killed)))
            Assert.Equal(16, new FileInfo(Mark).Length);
        var stale = await File.ReadAllBytesAsync(Mark, Ct);
        await using var first = Open(_database.File);
        Assert.NotNull(await first.AcquireAsync(Ask(), Ct));
        File.Delete(Mark);
        await File.WriteAllBytesAsync(Mark, stale, Ct);
        await using var second = Open(_database.File);
        Assert.Null(await second.AcquireAsync(Ask(), Ct));
    }

    [Fact]
    public async Task Live_holder_that_cannot_lock_files_is_left_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Files are always locked there.");
        await using var store = Open(_database.File);
        using var holder = await StartAsync(nameof(Hold_until_killed), ("DOTNET_SYSTEM_IO_DISABLEFILELOCKING", "1"));
        Assert.Null(await store.AcquireAsync(Ask(), Ct));
    }

    [Fact]
    public async Task Successor_that_cannot_lock_files_leaves_a_live_holder_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Files are always locked there.");
        await using var store = Open(_database.File);
        Assert.NotNull(await store.AcquireAsync(Ask(), Ct));
        using var successor = await StartAsync(nameof(Try_once), ("DOTNET_SYSTEM_IO_DISABLEFILELOCKING", "1"));
        Assert.Equal("refused", await File.ReadAllTextAsync(Note, Ct));
    }

    [Fact(Explicit = true)]
    public async Task Hold_until_killed()
    {
        await using var store = Open(ChildProcess.Told("DATABASE"));
        Assert.NotNull(await store.AcquireAsync(Ask(), Ct));
        await TellAsync("held");
        await Task.Delay(TimeSpan.FromMinutes(2), Ct);
    }

    [Fact(Explicit = true)]
    public async Task Try_once()
    {
        await using var store = Open(ChildProcess.Told("DATABASE"));
        await TellAsync(await store.AcquireAsync(Ask(), Ct) is null ? "refused" : "taken");
        await Task.Delay(TimeSpan.FromMinutes(2), Ct);
    }

    private static async Task TellAsync(string what)
    {
        await File.WriteAllTextAsync(ChildProcess.Told("NOTE") + ".new", what, Ct);
        File.Move(ChildProcess.Told("NOTE") + ".new", ChildProcess.Told("NOTE"));
    }

    private static SqliteOutboxStore Open(string file) => new($"Data Source={file}");

    private static LeaseRequest Ask() => new("carrier", "host/1", Guid.NewGuid(), Duration, [new("d", 0)]);

    private async Task<ChildProcess> StartAsync(string method, params (string Name, string Value)[] told)
    {
        var child = ChildProcess.Start(typeof(SqliteLeaseMarkTests), method, [("DATABASE", _database.File), ("NOTE", Note), .. told]);
        await child.Until(() => File.Exists(Note), Ct);
        return child;
    }
}
