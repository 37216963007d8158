using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.EntityFrameworkCore;
using Statecast.Hosting;
using Statecast.Integration.Tests.Capture;
using Statecast.Publishing;
using Statecast.Replicas;
using Statecast.Sqlite;
using Statecast.Sqlite.Transport;
using Statecast.Transport;
using Xunit;

namespace Statecast.Integration.Tests.Ways;

/// <summary>One publication on two carriers at once: one row per destination, each relayed by itself, and a target on each holds the same.</summary>
public sealed class TwoCarriersTests : IAsyncDisposable
{
    private readonly Hosts _hosts = new();

    public ValueTask DisposeAsync() => _hosts.DisposeAsync();

    [Fact]
    public async Task Targets_of_both_carriers_hold_the_same()
    {
        var source = await StartSourceAsync();
        var first = await StartTargetAsync("first", SqliteLogTransport.CarrierName);
        var second = await StartTargetAsync("second", "second");
        await Hosts.SaveAsync<JobDb>(source, db => db.AddRange(New(1), New(2), New(3)));
        await Hosts.SaveAsync<JobDb>(source, db => db.Set<JobStep>().Single(s => s.Id == 2).Text = "changed");
        await Hosts.SaveAsync<JobDb>(source, db => db.Remove(db.Set<Job>().Single(j => j.Id == 3)));
        await Hosts.IdleAsync(source, first, second);

        foreach (var target in new[] { first, second })
        {
            Assert.Equal(["1 Job 1", "2 changed"], await HeldAsync(target));
            Assert.Equal(ReplicaState.Live, target.Services.GetRequiredService<IStatecast>().Replicas[0].State);
        }
        await _hosts.StopAsync(second);

        // One carrier's target is away: the other does not wait, and nothing is lost for it.
        await Hosts.SaveAsync<JobDb>(source, db => db.Set<JobStep>().Single(s => s.Id == 1).Text = "meanwhile");
        await Hosts.IdleAsync(source, first);
        Assert.Equal(["1 meanwhile", "2 changed"], await HeldAsync(first));
        second = await StartTargetAsync("second", "second");
        await Hosts.IdleAsync(source, second);
        Assert.Equal(["1 meanwhile", "2 changed"], await HeldAsync(second));
    }

    [Fact]
    public async Task Carrier_that_is_down_holds_up_only_its_own_rows()
    {
        var down = new Faults { IsDown = true };
        var source = await StartSourceAsync(down);
        var first = await StartTargetAsync("first", SqliteLogTransport.CarrierName);
        await Hosts.SaveAsync<JobDb>(source, db => db.AddRange(New(1), New(2)));
        await UntilAsync(async () => (await HeldAsync(first)).Count == 2);

        // More than one row a job, where the first republish met them too.
        await UntilAsync(() => Task.FromResult(Rows().All(r => r == "second")));
        Assert.InRange(Rows().Count, 2, 4);
        down.IsDown = false;
        var second = await StartTargetAsync("second", "second");
        await Hosts.IdleAsync(source, second);
        Assert.Empty(Rows());
        Assert.Equal(await HeldAsync(first), await HeldAsync(second));
    }

    [Fact]
    public async Task Republish_reaches_both()
    {
        var source = await StartSourceAsync();
        await Hosts.SaveAsync<JobDb>(source, db => db.AddRange(New(1), New(2)));
        Sql("UPDATE JobStep SET Text = 'past capture'");
        await source.Services.GetRequiredService<IStatecast>().RepublishAsync<JobState>();
        var first = await StartTargetAsync("first", SqliteLogTransport.CarrierName);
        var second = await StartTargetAsync("second", "second");
        await Hosts.IdleAsync(source, first, second);

        Assert.Equal(["1 past capture", "2 past capture"], await HeldAsync(first));
        Assert.Equal(await HeldAsync(first), await HeldAsync(second));
    }

    [Fact]
    public async Task Save_writes_one_row_per_carrier_and_one_head()
    {
        using var world = await CaptureWorld.CreateAsync(o =>
        {
            o.Carriers = ["one", "two"];
            o.Publish = db => db.Publish<Ticket, TicketState>(TicketState.From).Via("one", "two");
        });
        var id = new TicketId(Guid.NewGuid());
        world.Save(db => db.Add(new Ticket { Id = id, Code = "c" }));
        world.Save(db => db.Remove(db.Tickets.Single()));

        Assert.Equal(
            ["one U1", "two U1", "one D2", "two D2"],
            world.Outbox().Select(r => $"{r.Carrier} {r.Operation.ToString()[0]}{r.Revision}")
        );
        Assert.Equal(1, world.Number("SELECT count(*) FROM statecast_head"));
    }

    private Task<IHost> StartSourceAsync(Faults? faults = null) =>
        _hosts.StartAsync(
            "jobs",
            services => _hosts.AddContext<JobDb>(services, "jobs.db"),
            s =>
                s.UseSqliteLog(_hosts.File("log"))
                    .AddTransport("second", _ => new CarrierAlias("second", Second(faults)))
                    .FromDbContext<JobDb>(db => db.Publish<Job, JobState>(j => j.State()).Via(SqliteLogTransport.CarrierName, "second"))
        );

    private Task<IHost> StartTargetAsync(string name, string carrier) =>
        _hosts.StartAsync(
            name,
            _ => { },
            s =>
                s.UseSqliteLog(_hosts.File("log"))
                    .AddTransport("second", _ => new CarrierAlias("second", Second(null)))
                    .Replica<JobState>(r => r.InSqlite(_hosts.File($"{name}.db")).From(carrier))
        );

    private ITransport Second(Faults? faults)
    {
        var log = new SqliteLogTransport(new SqliteLogOptions { Directory = _hosts.File("second-log") });
        return faults is null ? log : new FaultyCarrier(log, faults);
    }

    private static async Task<List<string>> HeldAsync(IHost target)
    {
        var held = new List<string>();
        await foreach (var (_, job) in target.Services.GetRequiredService<IReplica<int, JobState>>().EnumerateAsync(ReadOptions.Partial))
            held.Add($"{job.Id} {job.Steps[0]}");
        return [.. held.Order()];
    }

    private List<string> Rows()
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT carrier FROM statecast_outbox";
        using var reader = command.ExecuteReader();
        var carriers = new List<string>();
        while (reader.Read())
            carriers.Add(reader.GetString(0));
        return carriers;
    }

    private void Sql(string sql)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={_hosts.File("jobs.db")};Pooling=False");
        connection.Open();
        return connection;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition())
            await Task.Delay(5, deadline.Token);
    }

    private static Job New(int id) => new() { Id = id, Steps = [new() { Id = id, Text = $"Job {id}" }] };

    private sealed class Faults
    {
        public volatile bool IsDown;
    }

    /// <summary>A carrier that cannot be reached for a while.</summary>
    private sealed class FaultyCarrier(ITransport inner, Faults faults) : ITransport
    {
        public string Carrier => inner.Carrier;

        public TransportAbilities Abilities => inner.Abilities;

        public ValueTask<ITransportSender> OpenSenderAsync(SenderOptions options, CancellationToken ct) =>
            faults.IsDown ? throw new TransportException("planted") : inner.OpenSenderAsync(options, ct);

        public ValueTask<ITransportReceiver> OpenReceiverAsync(ReceiverOptions options, CancellationToken ct) =>
            inner.OpenReceiverAsync(options, ct);
    }
}
