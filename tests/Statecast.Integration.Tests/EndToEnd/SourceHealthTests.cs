using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Statecast.Hosting;
using Statecast.Publishing;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>A source that sends nothing, or cannot publish a row, says so to whoever watches its health; one that cannot start says why.</summary>
public sealed class SourceHealthTests
{
    [Fact]
    public async Task Relay_that_cannot_write_its_log_makes_degraded_until_it_can()
    {
        using var shop = new NotesShop();
        await File.WriteAllTextAsync(shop.Log, "where a folder should be", TestContext.Current.CancellationToken);
        using var source = await shop.StartSourceAsync();
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Text = "a" }));
        await NotesShop.UntilAsync(() => Ready(source).Status == HealthStatus.Degraded);
        Assert.Contains("relay", Ready(source).Text, StringComparison.Ordinal);

        File.Delete(shop.Log);
        await NotesShop.UntilAsync(() => Ready(source).Status == HealthStatus.Healthy);
        await NotesShop.StopAsync(source);
    }

    [Fact]
    public async Task Row_that_cannot_be_published_makes_degraded_and_no_replica_takes_it_for_absent()
    {
        using var shop = new NotesShop();
        using (var never = await shop.BuildSourceAsync())
            await FillAsync(never, "good", "bad");
        using var source = await shop.StartSourceAsync(db =>
            db.Publish<Note, NoteState>(n => n.Text == "bad" ? throw new InvalidOperationException("planted") : new(n.Id, n.Text))
        );
        using var target = await shop.StartTargetAsync<NoteState>();
        var replica = target.Services.GetRequiredService<Replicas.IReplica<int, NoteState>>();
        await NotesShop.UntilAsync(() => Ready(source).Status == HealthStatus.Degraded);
        Assert.Contains("1 row(s) cannot be published", Ready(source).Text, StringComparison.Ordinal);
        Assert.Equal(1, source.Services.GetRequiredService<IStatecast>().Republishing.Single().Withheld);
        Assert.Equal("good", (await UntilThere(replica))?.Text);
        // Twenty heartbeats: time enough to become Live in, for a replica that takes what is there for all.
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<Replicas.ReplicaNotReadyException>(async () => await replica.GetAsync(2));
        await NotesShop.StopAsync(target);
        await NotesShop.StopAsync(source);
    }

    [Fact]
    public async Task Database_that_is_locked_at_start_is_named_with_what_mends_it()
    {
        using var shop = new NotesShop { Patience = 1 };
        using var source = await shop.BuildSourceAsync();
        using var holder = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={shop.Database};Pooling=False");
        holder.Open();
        using var hold = holder.BeginTransaction();
        var error = await Assert.ThrowsAsync<SourceException>(() => source.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains("NotesDb", error.Message, StringComparison.Ordinal);
        Assert.Contains("locked", error.Message, StringComparison.Ordinal);
        Assert.Contains("Default Timeout", error.Message, StringComparison.Ordinal);
    }

    private static async Task<NoteState?> UntilThere(Replicas.IReplica<int, NoteState> replica)
    {
        NoteState? found = null;
        await NotesShop.UntilAsync(() => (found = replica.GetAsync(1, options: Replicas.ReadOptions.Partial).AsTask().Result) is not null);
        return found;
    }

    private static async Task FillAsync(IHost source, params string[] texts)
    {
        using var scope = source.Services.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDb>();
        foreach (var text in texts)
            // As before Statecast was added: past the save.
            await db.Database.ExecuteSqlAsync($"INSERT INTO Notes (Text) VALUES ({text}) /* statecast:allow */");
    }

    private static (HealthStatus Status, string? Text) Ready(IHost host)
    {
        var report = host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(c => c.Tags.Contains("ready")).Result;
        var entry = Assert.Single(report.Entries).Value;
        return (entry.Status, entry.Description);
    }
}
