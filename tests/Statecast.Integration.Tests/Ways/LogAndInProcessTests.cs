using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.EntityFrameworkCore;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Sqlite;
using Statecast.Sqlite.Transport;
using Statecast.Transport.InProcess;
using Xunit;

namespace Statecast.Integration.Tests.Ways;

/// <summary>One publication as objects within the process and as bytes over the log: two carriers of different kinds.</summary>
public sealed class LogAndInProcessTests : IAsyncDisposable
{
    private readonly Hosts _hosts = new();
    private volatile JobState? _mapped;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _hosts.DisposeAsync();

    [Fact]
    public async Task Object_goes_along_beside_its_bytes_and_both_replicas_are_equal()
    {
        var source = await _hosts.StartAsync(
            "jobs",
            services => _hosts.AddContext<JobDb>(services, "jobs.db"),
            s =>
                s.UseSqliteLog(_hosts.File("log"))
                    .UseInProcess()
                    .FromDbContext<JobDb>(db =>
                        db.Publish<Job, JobState>(j => Mapped(j.State()))
                            .Via(SqliteLogTransport.CarrierName, InProcessTransport.CarrierName)
                    )
                    .Replica<JobState>(r => r.InMemory().From(InProcessTransport.CarrierName))
        );
        var target = await _hosts.StartAsync(
            "reader",
            _ => { },
            s =>
                s.UseSqliteLog(_hosts.File("log"))
                    .Replica<JobState>(r => r.InSqlite(_hosts.File("reader.db")).From(SqliteLogTransport.CarrierName))
        );
        // The first publication is over before the rows are counted: nothing but the saves writes any more.
        await Hosts.IdleAsync(source, target);
        NoteRows();

        await Hosts.SaveAsync<JobDb>(source, db => db.AddRange(New(1), New(2), New(3)));
        await Hosts.SaveAsync<JobDb>(source, db => db.Remove(db.Set<Job>().Single(j => j.Id == 3)));
        await Hosts.SaveAsync<JobDb>(source, db => db.Set<JobStep>().Single(s => s.Id == 2).Text = "changed");
        await Hosts.IdleAsync(source, target);

        Assert.Equal(
            RowsOf(InProcessTransport.CarrierName).Concat(RowsOf(SqliteLogTransport.CarrierName)).Order(StringComparer.Ordinal),
            NotedRows()
        );
        var near = await Replica(source).GetAsync(2, ct: Ct);
        Assert.NotNull(near);
        Assert.Same(_mapped, near);
        Assert.NotSame(near, await Replica(target).GetAsync(2, ct: Ct));
        Assert.Equal(["1 Job 1", "2 changed"], await HeldAsync(source));
        Assert.Equal(await HeldAsync(source), await HeldAsync(target));
    }

    private static IEnumerable<string> RowsOf(string carrier) =>
        new[] { "1 1 1", "2 1 1", "3 1 1", "3 2 2", "2 2 1" }.Select(r => $"{carrier} {r}");

    private JobState Mapped(JobState state) => _mapped = state;

    private static IReplica<int, JobState> Replica(IHost host) => host.Services.GetRequiredService<IReplica<int, JobState>>();

    private static async Task<List<string>> HeldAsync(IHost host)
    {
        var held = new List<string>();
        await foreach (var (_, job) in Replica(host).EnumerateAsync(ct: Ct))
            held.Add($"{job.Id} {job.Steps[0]}");
        return [.. held.Order(StringComparer.Ordinal)];
    }

    // A relay deletes what it sent: a trigger keeps count of what capture wrote.
    private void NoteRows()
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = """
            CREATE TABLE noted (text TEXT NOT NULL);
            CREATE TRIGGER note AFTER INSERT ON statecast_outbox BEGIN
                INSERT INTO noted VALUES (NEW.carrier || ' ' || NEW.key || ' ' || NEW.revision || ' ' || NEW.operation);
            END;
            """;
        command.ExecuteNonQuery();
    }

    private List<string> NotedRows()
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT text FROM noted ORDER BY text";
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(reader.GetString(0));
        return rows;
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={_hosts.File("jobs.db")};Pooling=False");
        connection.Open();
        return connection;
    }

    private static Job New(int id) => new() { Id = id, Steps = [new() { Id = id, Text = $"Job {id}" }] };
}
