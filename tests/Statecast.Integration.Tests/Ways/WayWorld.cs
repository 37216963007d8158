using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Integration.Tests.Capture;
using Statecast.Integration.Tests.Sqlite;
using Statecast.Outbox;
using Statecast.Sqlite.Capture;
using Xunit;

namespace Statecast.Integration.Tests.Ways;

/// <summary>A context of any kind on a real SQLite file, whose relay never runs: every captured event stays in the outbox.</summary>
internal sealed class WayWorld<TContext> : IAsyncDisposable
    where TContext : DbContext
{
    private readonly TempDirectory _directory = new();
    private readonly Action<DbContextOptionsBuilder> _configure;
    private readonly ServiceProvider _services;

    private WayWorld(Action<EfSourceBuilder<TContext>> publish, Action<DbContextOptionsBuilder>? context)
    {
        _configure = o =>
        {
            o.UseSqlite($"Data Source={_directory.File("way.db")};Pooling=False");
            o.ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning));
            context?.Invoke(o);
        };
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddDbContext<TContext>(_configure);
        services.AddStatecast(
            "ways",
            s =>
                s.AddTransport("test", _ => new NoTransport("test"))
                    .AddDatabase("Microsoft.EntityFrameworkCore.Sqlite", _ => new TestDatabaseAdapter(SqliteCaptureStore.Instance))
                    .FromDbContext(publish)
        );
        _services = services.BuildServiceProvider();
        Source = _services.GetRequiredService<EfStateSource<TContext>>();
    }

    public EfStateSource<TContext> Source { get; }

    /// <summary>A world that is ready to save.</summary>
    /// <param name="publish">What is published.</param>
    /// <param name="context">Settings of the context.</param>
    /// <param name="create">Makes the tables; by default the model does.</param>
    public static async Task<WayWorld<TContext>> CreateAsync(
        Action<EfSourceBuilder<TContext>> publish,
        Action<DbContextOptionsBuilder>? context = null,
        string? create = null
    )
    {
        var world = new WayWorld<TContext>(publish, context);
        await using (var plain = world.Plain())
            if (create is null)
                await plain.Database.EnsureCreatedAsync();
            else
                world.Sql(create);
        await world.Source.PrepareAsync(CancellationToken.None);
        await world.DrainAsync();
        return world;
    }

    /// <summary>A captured context, in a scope of its own that ends with the test.</summary>
    public TContext Open() => _services.CreateScope().ServiceProvider.GetRequiredService<TContext>();

    /// <summary>A context of the same kind that Statecast knows nothing of.</summary>
    public TContext Plain()
    {
        var options = new DbContextOptionsBuilder<TContext>();
        _configure(options);
        return (TContext)Activator.CreateInstance(typeof(TContext), options.Options)!;
    }

    /// <summary>Saves something in a captured context of its own.</summary>
    public async Task SaveAsync(Action<TContext> change)
    {
        await using var db = Open();
        change(db);
        await db.SaveChangesAsync();
    }

    public void Sql(string sql) => Scalar(sql);

    public long Number(string sql) => Convert.ToInt64(Scalar(sql), null);

    /// <summary>Republishes everything of a contract.</summary>
    public async Task RepublishAsync(string contract)
    {
        await Source.RequestRepublishAsync([RepublishRequest.All(contract, "test")], CancellationToken.None);
        await DrainAsync();
    }

    public Task DrainAsync() => RepublishTests.DrainAsync(Source, 10);

    /// <summary>The operations and revisions of a key, or of a whole contract, in order: <c>U1,U2,D3</c>.</summary>
    public string Story(string contract, string? key = null) =>
        string.Join(
            ',',
            Outbox()
                .Where(r => r.Contract == contract && (key is null || r.Key == key))
                .Select(r => $"{r.Operation.ToString()[0]}{r.Revision}")
        );

    /// <summary>The newest captured state of every key equals the map of the rows as a fresh context reads them; what is gone ended as Delete.</summary>
    public void AssertCapturedEqualsRows<TRoot, TState>(Func<TContext, IEnumerable<TRoot>> read, Func<TRoot, TState> map)
        where TState : class, IStateContract<TState>
    {
        using var db = Plain();
        var expected = read(db).Select(map).ToDictionary(s => TState.Contract.KeyTextOf(s), CaptureWorld.Json);
        var captured = Outbox()
            .Where(r => r.Contract == TState.Contract.Name)
            .GroupBy(r => r.Key)
            .Select(g => g.MaxBy(r => r.Revision)!)
            .Where(r => r.Body is not null)
            .ToDictionary(r => r.Key, r => r.Body);
        Assert.Equal(expected.OrderBy(e => e.Key, StringComparer.Ordinal)!, captured.OrderBy(c => c.Key, StringComparer.Ordinal)!);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _directory.Dispose();
    }

    private List<(string Contract, string Key, long Revision, StateOperation Operation, string? Body)> Outbox()
    {
        using var connection = Connection();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT contract, key, revision, operation, body FROM statecast_outbox ORDER BY sequence";
        using var reader = command.ExecuteReader();
        var rows = new List<(string, string, long, StateOperation, string?)>();
        while (reader.Read())
            rows.Add(
                (
                    reader.GetString(0),
                    reader.GetString(1),
                    reader.GetInt64(2),
                    (StateOperation)reader.GetInt32(3),
                    reader.IsDBNull(4) ? null : Encoding.UTF8.GetString((byte[])reader[4])
                )
            );
        return rows;
    }

    private object? Scalar(string sql)
    {
        using var connection = Connection();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private SqliteConnection Connection()
    {
        var connection = new SqliteConnection($"Data Source={_directory.File("way.db")};Pooling=False");
        connection.Open();
        return connection;
    }
}
