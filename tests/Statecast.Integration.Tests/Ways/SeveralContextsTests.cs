using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Sqlite.Infrastructure.Internal;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.EntityFrameworkCore;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Hosting;
using Statecast.Integration.Tests.Capture;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Replicas;
using Statecast.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.Ways;

/// <summary>Several contexts of one host, each with its own publications, database and provider: each is captured by its own provider's adapter.</summary>
public sealed class SeveralContextsTests : IAsyncDisposable
{
    private const string OtherProvider = "Tests.OtherProvider";

    private readonly Hosts _hosts = new();
    private readonly OtherAdapter _other = new();

    public ValueTask DisposeAsync() => _hosts.DisposeAsync();

    [Fact]
    public async Task Each_context_publishes_its_own_by_its_own_adapter()
    {
        var host = await StartAsync();
        await Hosts.SaveAsync<JobDb>(host, db => db.Add(new Job { Id = 1, Steps = [new() { Id = 1, Text = "a" }] }));
        Assert.Equal(0, _other.Saves);
        await Hosts.SaveAsync<SheetDb>(host, db => db.Add(new Sheet { Id = 1, Remarks = [new() { Id = 1, Text = "b" }] }));
        Assert.Equal(1, _other.Saves);
        // A child of each, without its root.
        await Hosts.SaveAsync<JobDb>(host, db => db.Set<JobStep>().Single().Text = "changed");
        await Hosts.SaveAsync<SheetDb>(host, db => db.Set<Remark>().Single().Text = "changed too");
        await Hosts.IdleAsync(host);

        var statecast = host.Services.GetRequiredService<IStatecast>();
        Assert.Equal("changed", (await host.Services.GetRequiredService<IReplica<int, JobState>>().GetAsync(1))!.Steps[0]);
        Assert.Equal("changed too", (await host.Services.GetRequiredService<IReplica<int, SheetState>>().GetAsync(1))!.Remarks[0]);
        Assert.Equal(["JobDb", "SheetDb"], statecast.Republishing.Select(r => r.Source));
        Assert.Equal(2, _other.Saves);

        // A republish goes to the source that has the contract.
        await statecast.RepublishAsync<SheetState>(BucketRange.All);
        await Hosts.IdleAsync(host);
        Assert.Equal(3, _other.Saves);
    }

    [Fact]
    public async Task Guards_of_one_context_leave_the_other_alone()
    {
        var host = await StartAsync(jobs => jobs.Publish<Job, OpenJobState>(j => j.Open()).Except(j => j.Steps));
        using var scope = host.Services.CreateScope();
        var jobs = scope.ServiceProvider.GetRequiredService<JobDb>();
        var sheets = scope.ServiceProvider.GetRequiredService<SheetDb>();

        Assert.Throws<InvalidOperationException>(() => jobs.Set<Job>().ExecuteDelete());
        Assert.Equal(0, jobs.Set<JobStep>().ExecuteDelete());
        Assert.Throws<InvalidOperationException>(() => sheets.Set<Remark>().ExecuteDelete());
        Assert.Throws<InvalidOperationException>(() => sheets.Database.ExecuteSqlRaw("DELETE FROM Sheet"));
        sheets.Database.ExecuteSqlRaw("CREATE TABLE Job (Id INTEGER)");
        Assert.Equal(0, sheets.Database.ExecuteSqlRaw("DELETE FROM Job"));
    }

    [Fact]
    public async Task Context_without_an_adapter_names_those_that_there_are()
    {
        var error = await Assert.ThrowsAsync<SourceException>(() =>
            _hosts.StartAsync(
                "both",
                AddContexts,
                s =>
                    s.UseSqliteLog(_hosts.File("log"))
                        .FromDbContext<JobDb>(db => db.Publish<Job, JobState>(j => j.State()))
                        .FromDbContext<SheetDb>(db => db.Publish<Sheet, SheetState>(x => x.State()))
            )
        );
        Assert.Contains(OtherProvider, error.Message);
        Assert.Contains("registered: Microsoft.EntityFrameworkCore.Sqlite", error.Message);
    }

    [Fact]
    public async Task Context_that_is_not_registered_says_how_to()
    {
        var error = await Assert.ThrowsAsync<SourceException>(() =>
            _hosts.StartAsync(
                "both",
                _ => { },
                s => s.UseSqliteLog(_hosts.File("log")).FromDbContext<JobDb>(db => db.Publish<Job, JobState>(j => j.State()))
            )
        );
        Assert.Contains("JobDb is not registered: call AddDbContext<JobDb>", error.Message);
    }

    private Task<IHost> StartAsync(Action<EfSourceBuilder<JobDb>>? jobs = null) =>
        _hosts.StartAsync(
            "both",
            AddContexts,
            s =>
            {
                s.UseSqliteLog(_hosts.File("log"))
                    .AddDatabase(OtherProvider, _ => _other)
                    .FromDbContext(jobs ?? (db => db.Publish<Job, JobState>(j => j.State())))
                    .FromDbContext<SheetDb>(db => db.Publish<Sheet, SheetState>(x => x.State()));
                if (jobs is null)
                    s.Replica<JobState>(r => r.InMemory());
                s.Replica<SheetState>(r => r.InMemory());
            }
        );

    private void AddContexts(IServiceCollection services)
    {
        _hosts.AddContext<JobDb>(services, "jobs.db");
        // SQLite under another name is as good as another provider to everything here.
        _hosts.AddContext<SheetDb>(services, "sheets.db", o => o.ReplaceService<IDatabaseProvider, RenamedProvider>());
    }

#pragma warning disable EF1001
    private sealed class RenamedProvider(DatabaseProviderDependencies dependencies) : DatabaseProvider<SqliteOptionsExtension>(dependencies)
    {
        public override string Name => OtherProvider;
    }
#pragma warning restore EF1001

    private sealed class OtherAdapter : IDatabaseAdapter
    {
        private readonly IDatabaseAdapter _inner = new SqliteAdapter();
        private readonly FaultyCaptureStore _store = new();
        private int _saves;

        public OtherAdapter() => _store.BeforeWrite = () => Interlocked.Increment(ref _saves);

        public int Saves => Volatile.Read(ref _saves);

        public string ProviderName => OtherProvider;

        public Type ConnectionType => _inner.ConnectionType;

        public string TableScript => _inner.TableScript;

        public ICaptureStore Capture => _store;

        public string Locate(System.Data.Common.DbConnection connection) => _inner.Locate(connection);

        public IOutboxStore OpenOutbox(string connectionString) => _inner.OpenOutbox(connectionString);
    }
}
