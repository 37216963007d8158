using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore;
using Statecast.Hosting;
using Statecast.Publishing;
using Statecast.Replicas;
using Statecast.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.Ways;

/// <summary>An operator republishes a contract piece by piece, slowly, and watches.</summary>
public sealed class RepublishByRangeTests : IAsyncDisposable
{
    private readonly Hosts _hosts = new();

    public ValueTask DisposeAsync() => _hosts.DisposeAsync();

    [Fact]
    public async Task Range_reaches_its_buckets_and_no_others()
    {
        var host = await StartAsync(null);
        var changed = await ChangePastCaptureAsync(host, 40);
        var statecast = host.Services.GetRequiredService<IStatecast>();
        await statecast.RepublishAsync<JobState>(BucketRange.Part(0, 2));
        await Hosts.IdleAsync(host);
        var expected = changed.Where(id => KeyText.Bucket($"{id}") < 2048).ToList();
        Assert.InRange(expected.Count, 1, 39);
        Assert.Equal(expected, await HeldAsync(host));

        await statecast.RepublishAsync<JobState>(BucketRange.Part(1, 2));
        await Hosts.IdleAsync(host);
        Assert.Equal(changed, await HeldAsync(host));
        var error = await Assert.ThrowsAsync<ArgumentException>(() => statecast.RepublishAsync("no.such", BucketRange.All));
        Assert.Contains("no.such", error.Message);
    }

    [Fact]
    public async Task Progress_is_seen_while_a_rate_limit_holds_it_back()
    {
        // 40 heads and 40 rows take more than a second, in chunks small enough that the way is seen.
        const int limit = 60;
        const int chunk = 5;
        var host = await StartAsync(limit, chunk);
        var changed = await ChangePastCaptureAsync(host, 40);
        var statecast = host.Services.GetRequiredService<IStatecast>();
        var began = Stopwatch.GetTimestamp();
        await statecast.RepublishAsync<JobState>();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        RepublishProgress seen;
        while ((seen = statecast.Republishing[0]).Done < 6 * chunk)
            await Task.Delay(1, deadline.Token);
        var elapsed = Stopwatch.GetElapsedTime(began).TotalSeconds;
        Assert.Equal(("JobDb", 1), (seen.Source, seen.Requests));
        // Every key by its head and by its row.
        Assert.Equal(80, seen.Done + seen.Remaining);
        // Every chunk but the last was waited for, and no key was done before it was asked for; a little for the timers.
        var (least, most) = (seen.Done / elapsed, (double)limit * seen.Done / (seen.Done - chunk));
        Assert.InRange(seen.KeysPerSecond, 0.9 * least, 1.1 * most);

        await Hosts.IdleAsync(host);
        Assert.Equal(changed, await HeldAsync(host));
        Assert.Equal((0, 0, 0), (statecast.Republishing[0].Requests, statecast.Republishing[0].Done, statecast.Republishing[0].Remaining));
    }

    [Theory, InlineData(0), InlineData(-5), InlineData(10_000_001)]
    public async Task Rate_that_is_none_stops_the_start(int keysPerSecond)
    {
        var error = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => StartAsync(keysPerSecond));
        Assert.Contains($"Statecast:Republish:KeysPerSecond is {keysPerSecond}", error.Message);
    }

    private Task<IHost> StartAsync(int? keysPerSecond, int chunkSize = 200) =>
        _hosts.StartAsync(
            "jobs",
            services => _hosts.AddContext<JobDb>(services, "jobs.db"),
            s =>
                s.UseSqliteLog(_hosts.File("log"))
                    .FromDbContext<JobDb>(db => db.Publish<Job, JobState>(j => j.State()))
                    .Replica<JobState>(r => r.InMemory())
                    .Configure(o => (o.Republish.KeysPerSecond, o.Republish.ChunkSize) = (keysPerSecond, chunkSize))
        );

    private async Task<List<int>> ChangePastCaptureAsync(IHost host, int count)
    {
        await Hosts.SaveAsync<JobDb>(host, db => db.AddRange(Enumerable.Range(1, count).Select(i => new Job { Id = i })));
        await Hosts.IdleAsync(host);
        await using var connection = new SqliteConnection($"Data Source={_hosts.File("jobs.db")};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "UPDATE Job SET Note = 'past capture'";
        await command.ExecuteNonQueryAsync();
        return [.. Enumerable.Range(1, count)];
    }

    private static async Task<List<int>> HeldAsync(IHost host)
    {
        var changed = new List<int>();
        await foreach (var (id, job) in host.Services.GetRequiredService<IReplica<int, JobState>>().EnumerateAsync())
            if (job.Note == "past capture")
                changed.Add(id);
        return [.. changed.Order()];
    }
}
