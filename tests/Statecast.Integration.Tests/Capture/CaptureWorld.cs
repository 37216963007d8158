using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Hosting;
using Statecast.Integration.Tests.Sqlite;
using Statecast.Serialization;
using Statecast.Serialization.Json;
using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>A source on a real SQLite file, whose relay never runs: every captured event stays in the outbox.</summary>
internal sealed class CaptureWorld : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly ServiceProvider _services;

    private CaptureWorld(WorldOptions options)
    {
        var file = _directory.File("shop.db");
        ConnectionString = $"Data Source={file}";
        _services = Services(options);
        Source = _services.GetRequiredService<EfStateSource<ShopDb>>();
        using var plain = Plain();
        plain.Database.EnsureCreated();
        Sql("PRAGMA journal_mode = wal");
    }

    public string ConnectionString { get; }

    public FaultyCaptureStore Store { get; } = new();

    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.Parse("2026-07-01T10:00:00Z", null));

    public EfStateSource<ShopDb> Source { get; }

    public IServiceProvider ServiceProvider => _services;

    /// <summary>Ready to save, with the usual publications unless others are given.</summary>
    public static async Task<CaptureWorld> CreateAsync(Action<WorldOptions>? configure = null)
    {
        var options = new WorldOptions();
        configure?.Invoke(options);
        var world = new CaptureWorld(options);
        if (options.Prepare)
            await world.Source.PrepareAsync(CancellationToken.None);
        return world;
    }

    public static void PublishAll(EfSourceBuilder<ShopDb> db)
    {
        db.Publish<Order, OrderState>(OrderState.From).ReadsAlso(o => o.Tags).IgnoreFilters();
        db.Publish<Invoice, InvoiceState>(InvoiceState.From);
        db.Publish<Doc, DocState>(DocState.From);
        db.Publish<Shipment, ShipmentState>(ShipmentState.From);
        db.Publish<Ticket, TicketState>(TicketState.From);
    }

    public static Order NewOrder(int lines = 2) =>
        new()
        {
            Id = Guid.NewGuid(),
            At = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc),
            Address = new() { Street = "street", City = "city" },
            Lines = [.. Enumerable.Range(0, lines).Select(i => new OrderLine { Sku = $"sku{i}", Quantity = i + 1 })],
        };

    /// <summary>A captured context.</summary>
    public ShopDb Open() => new(_services.CreateScope().ServiceProvider.GetRequiredService<DbContextOptions<ShopDb>>());

    /// <summary>A context that Statecast knows nothing of.</summary>
    public ShopDb Plain() =>
        new(
            new DbContextOptionsBuilder<ShopDb>()
                .UseSqlite(ConnectionString)
                .ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning))
                .Options
        );

    /// <summary>Saves something in a context of its own.</summary>
    public T Save<T>(Func<ShopDb, T> change)
    {
        using var db = Open();
        var result = change(db);
        db.SaveChanges();
        return result;
    }

    public void Sql(string sql)
    {
        using var connection = new SqliteConnection(ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public long Number(string sql)
    {
        using var connection = new SqliteConnection(ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), null);
    }

    /// <summary>What was captured, in order.</summary>
    /// <param name="after">Rows after this sequence only.</param>
    public List<Captured> Outbox(long after = 0)
    {
        using var connection = new SqliteConnection(ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT contract, key, revision, operation, causes, body, carrier, destination, lane, codec, schema, content, trace_parent, captured_at, sequence FROM statecast_outbox WHERE sequence > $after ORDER BY sequence";
        command.Parameters.AddWithValue("$after", after);
        using var reader = command.ExecuteReader();
        var rows = new List<Captured>();
        while (reader.Read())
            rows.Add(
                new(
                    reader.GetString(0),
                    reader.GetString(1),
                    reader.GetInt64(2),
                    (Events.StateOperation)reader.GetInt32(3),
                    reader.IsDBNull(4) ? null : reader.GetString(4),
                    reader.IsDBNull(5) ? null : Encoding.UTF8.GetString((byte[])reader[5]),
                    reader.GetString(6),
                    reader.GetString(7),
                    reader.GetInt32(8),
                    reader.GetString(9),
                    Fingerprint.Read((byte[])reader[10]),
                    reader.IsDBNull(11) ? null : Fingerprint.Read((byte[])reader[11]),
                    reader.IsDBNull(12) ? null : reader.GetString(12),
                    reader.GetInt64(13),
                    reader.GetInt64(14)
                )
            );
        return rows;
    }

    /// <summary>The operations and revisions of everything captured, in order: <c>U1,U2,D3</c>.</summary>
    public string Story(string? contract = null) =>
        string.Join(
            ',',
            Outbox().Where(r => contract is null || r.Contract == contract).Select(r => $"{r.Operation.ToString()[0]}{r.Revision}")
        );

    /// <summary>The newest captured state of every key equals the map of the rows as a fresh context reads them; what is gone ended as Delete.</summary>
    public void AssertCapturedEqualsRows()
    {
        var newest = Outbox().GroupBy(r => (r.Contract, r.Key)).ToDictionary(g => g.Key, g => g.MaxBy(r => r.Revision)!);
        var captured = newest.Where(n => n.Value.Body is not null).ToDictionary(n => $"{n.Key.Contract}/{n.Key.Key}", n => n.Value.Body);
        Assert.Equal(Expected().OrderBy(e => e.Key, StringComparer.Ordinal), captured.OrderBy(e => e.Key, StringComparer.Ordinal)!);
    }

    public void Dispose()
    {
        _services.Dispose();
        using (var connection = new SqliteConnection(ConnectionString))
            SqliteConnection.ClearPool(connection);
        _directory.Dispose();
    }

    /// <summary>The map of the rows as a fresh context reads them, by contract and key.</summary>
    /// <param name="published">The publications' predicates; null publishes every row.</param>
    public Dictionary<string, string> Expected(Func<object, bool>? published = null)
    {
        using var db = Plain();
        var expected = new Dictionary<string, string>();
        foreach (var order in db.Orders.IgnoreQueryFilters().AsNoTracking().Include("Lines.Notes").Include(o => o.Tags))
            Add(order, OrderState.From);
        foreach (var invoice in db.Invoices.AsNoTracking().Include(i => i.Items))
            Add(invoice, InvoiceState.From);
        foreach (var doc in db.Docs.AsNoTracking())
            Add(doc, DocState.From);
        foreach (var shipment in db.Shipments.AsNoTracking().Include(s => s.Parcels))
            Add(shipment, ShipmentState.From);
        foreach (var ticket in db.Tickets.AsNoTracking().Include(t => t.Comments))
            Add(ticket, TicketState.From);
        return expected;

        void Add<TRow, TState>(TRow row, Func<TRow, TState> map)
            where TRow : class
            where TState : class, IStateContract<TState>
        {
            if (published?.Invoke(row) == false)
                return;
            var state = map(row);
            expected.Add($"{TState.Contract.Name}/{TState.Contract.KeyTextOf(state)}", Json(state));
        }
    }

    public static StateContract<TState> ContractOf<TState>()
        where TState : class, IStateContract<TState> => TState.Contract;

    public static string Json<TState>(TState state)
        where TState : class, IStateContract<TState>
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        new JsonStateCodec().Encode(TState.Contract, state, buffer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private ServiceProvider Services(WorldOptions options)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<TimeProvider>(Clock);
        options.Register(services, o => o.UseSqlite(ConnectionString, options.Sqlite));
        services.AddStatecast(
            "shop",
            s =>
            {
                foreach (var carrier in options.Carriers)
                    s.AddTransport(carrier, _ => new NoTransport(carrier));
                if (options.WithAdapter)
                    s.AddDatabase("Microsoft.EntityFrameworkCore.Sqlite", _ => new TestDatabaseAdapter(Store));
                s.FromDbContext<ShopDb>(options.Publish);
            }
        );
        return services.BuildServiceProvider();
    }
}

/// <summary>One row of the outbox.</summary>
internal sealed record Captured(
    string Contract,
    string Key,
    long Revision,
    Events.StateOperation Operation,
    string? Causes,
    string? Body,
    string Carrier,
    string Destination,
    int Lane,
    string Codec,
    Fingerprint Schema,
    Fingerprint? Content,
    string? TraceParent,
    long CapturedAt,
    long Sequence
);

/// <summary>How a world differs from the usual one.</summary>
internal sealed class WorldOptions
{
    public Action<EfSourceBuilder<ShopDb>> Publish { get; set; } = CaptureWorld.PublishAll;

    public Action<DbContextOptionsBuilder> Context { get; set; } = _ => { };

    public Action<Microsoft.EntityFrameworkCore.Infrastructure.SqliteDbContextOptionsBuilder> Sqlite { get; set; } = _ => { };

    public bool WithAdapter { get; set; } = true;

    public bool Prepare { get; set; } = true;

    public string[] Carriers { get; set; } = ["test"];

    public Registration Kind { get; set; } = Registration.Plain;

    public void Register(IServiceCollection services, Action<DbContextOptionsBuilder> provider)
    {
        void Configure(DbContextOptionsBuilder builder)
        {
            provider(builder);
            // Every set of publications has a service provider of EF Core's own, and these tests have many sets.
            builder.ConfigureWarnings(w =>
                w.Ignore(Microsoft.EntityFrameworkCore.Diagnostics.CoreEventId.ManyServiceProvidersCreatedWarning)
            );
            Context(builder);
        }
        _ = Kind switch
        {
            Registration.Plain => services.AddDbContext<ShopDb>(Configure),
            Registration.Pooled => services.AddDbContextPool<ShopDb>(Configure, poolSize: 1),
            Registration.Factory => services.AddDbContextFactory<ShopDb>(Configure),
            _ => throw new InvalidOperationException(),
        };
    }
}

internal enum Registration
{
    Plain,
    Pooled,
    Factory,
}
