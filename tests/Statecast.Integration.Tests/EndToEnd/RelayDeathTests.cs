using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.EntityFrameworkCore;
using Statecast.Events;
using Statecast.Integration.Tests.Sqlite;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>Two processes on one source's database; the one whose relay works is killed.</summary>
public sealed class RelayDeathTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_relay_is_followed_long_before_its_lease_ends()
    {
        using var shop = Shop(null);
        using var target = await shop.StartTargetAsync<NoteState>();
        var replica = target.Services.GetRequiredService<IReplica<int, NoteState>>();
        using var holder = ChildProcess.Start(GetType(), nameof(Relay_until_killed), ("FOLDER", shop.Folder));
        await holder.Until(() => replica.State == ReplicaState.Live, Ct);

        using var standby = await shop.StartSourceAsync();
        await replica.WaitForAsync(await SaveAsync(standby, "while the holder lives"), TimeSpan.FromSeconds(60), Ct);
        holder.Kill();
        var since = Stopwatch.StartNew();
        await replica.WaitForAsync(await SaveAsync(standby, "after its death"), TimeSpan.FromSeconds(60), Ct);
        // A standby asks about once a heartbeat interval; the rest is a busy machine's.
        Assert.True(since.Elapsed < TimeSpan.FromSeconds(10), $"The successor took over only after {since.Elapsed}.");
        TestContext.Current.SendDiagnosticMessage("Relayed {0} after the kill.", since.Elapsed);
        await NotesShop.StopAsync(standby);
        await NotesShop.StopAsync(target);
    }

    [Fact(Explicit = true)]
    public async Task Relay_until_killed()
    {
        using var source = await Shop(ChildProcess.Told("FOLDER")).StartSourceAsync();
        await Task.Delay(TimeSpan.FromMinutes(2), Ct);
    }

    private static NotesShop Shop(string? folder) => new(folder) { LeaseDuration = "01:00:00", HeartbeatInterval = "00:00:01" };

    private static async Task<StateToken> SaveAsync(IHost source, string text)
    {
        using var scope = source.Services.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDb>();
        var note = db.Add(new Note { Text = text }).Entity;
        await db.SaveChangesAsync(Ct);
        return db.StateToken<NoteState>(note.Id);
    }
}
