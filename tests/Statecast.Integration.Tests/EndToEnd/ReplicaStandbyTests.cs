using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Statecast.Hosting;
using Statecast.Integration.Tests.Sqlite;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>Two processes with one replica file.</summary>
public sealed class ReplicaStandbyTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Second_process_stands_by_and_says_why_until_the_first_is_killed()
    {
        using var shop = new NotesShop();
        using var source = await shop.StartSourceAsync();
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Text = "hello" }));
        using var owner = ChildProcess.Start(GetType(), nameof(Own_the_replica_until_killed), ("FOLDER", shop.Folder));
        await owner.Until(() => File.Exists(shop.File("live")), Ct);

        using var second = await shop.StartTargetAsync<NoteState>();
        var health = second.Services.GetRequiredService<HealthCheckService>();
        var report = await UntilAsync(health, r => r.Description?.Contains("another process", StringComparison.Ordinal) == true);
        Assert.Equal(HealthStatus.Unhealthy, report.Status);
        Assert.Contains(shop.File("target.db"), report.Description, StringComparison.Ordinal);
        var replica = second.Services.GetRequiredService<IReplica<int, NoteState>>();
        await Assert.ThrowsAsync<ReplicaNotReadyException>(async () => await replica.GetAsync(1, ct: Ct));

        owner.Kill();
        await UntilAsync(health, r => r.Status == HealthStatus.Healthy);
        Assert.Equal("hello", (await replica.GetAsync(1, ct: Ct))?.Text);
        await NotesShop.StopAsync(second);
        await NotesShop.StopAsync(source);
    }

    [Fact(Explicit = true)]
    public async Task Own_the_replica_until_killed()
    {
        using var shop = new NotesShop(ChildProcess.Told("FOLDER"));
        using var target = await shop.StartTargetAsync<NoteState>();
        var replica = target.Services.GetRequiredService<IReplica<int, NoteState>>();
        while (replica.State != ReplicaState.Live)
            await Task.Delay(20, Ct);
        await File.WriteAllTextAsync(shop.File("live"), "", Ct);
        await Task.Delay(TimeSpan.FromMinutes(2), Ct);
    }

    private static async Task<HealthReportEntry> UntilAsync(HealthCheckService health, Func<HealthReportEntry, bool> holds)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            var entry = (await health.CheckHealthAsync(r => r.Name == "statecast-ready", deadline.Token)).Entries["statecast-ready"];
            if (holds(entry))
                return entry;
            await Task.Delay(20, deadline.Token);
        }
    }

    [Fact]
    public async Task File_of_another_service_is_refused_and_left_alone()
    {
        using var shop = new NotesShop();
        using var source = await shop.StartSourceAsync();
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Text = "a" }));
        var reader = await shop.StartTargetAsync<NoteState>();
        await NotesShop.IdleAsync(source, reader);
        await NotesShop.StopAsync(reader);

        using var other = await shop.StartTargetAsync<NoteState>(service: "other");
        var status = other.Services.GetRequiredService<IStatecast>().Replicas.Single();
        await NotesShop.UntilAsync(() => status.Failure is not null);
        Assert.Contains("belongs to the service 'reader', and this is 'other'", status.Failure, StringComparison.Ordinal);
        Assert.False(status.WasLive);
        await NotesShop.StopAsync(other);

        reader = await shop.StartTargetAsync<NoteState>();
        await NotesShop.IdleAsync(source, reader);
        await NotesShop.StopAsync(reader);
        await NotesShop.StopAsync(source);
    }
}
