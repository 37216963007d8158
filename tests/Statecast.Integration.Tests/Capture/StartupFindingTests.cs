using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Microsoft.Extensions.DependencyInjection;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Hosting;
using Statecast.Integration.Tests.Sqlite;
using Statecast.Publishing;
using Statecast.Sqlite.Capture;
using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>What could be missed in silence is an error at start, until it is answered by name.</summary>
public sealed class StartupFindingTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public Task Cascade_from_a_principal_with_a_table_needs_no_answer() => StartsAsync<BasketDb>(db => Baskets(db).Except(b => b.Labels));

    [Fact]
    public Task Navigation_to_a_principal_must_be_named_for_it() =>
        FindsAsync<BasketDb>(db => Answered(db).Reads(b => b.Client), "Client points to a principal", "ReadsAlso(\"Client\")");

    [Fact]
    public Task Many_to_many_must_be_answered() => FindsAsync<BasketDb>(db => Baskets(db), "Labels is many-to-many", "Except(\"Labels\")");

    [Fact]
    public Task Query_filter_must_be_answered() =>
        FindsAsync<BasketDb>(
            db => db.Publish<Label, LabelState>(l => new(l.Id, l.Name)).Except(l => l.Baskets),
            "Label has a query filter",
            "IgnoreFilters()"
        );

    [Fact]
    public Task Navigation_to_another_published_root_must_be_answered() =>
        FindsAsync<BasketDb>(
            db =>
            {
                Answered(db);
                db.Publish<Client, ClientState>(c => new(c.Id, c.Name));
            },
            "Baskets leads to Basket, which is published itself"
        );

    [Fact]
    public Task Misspelt_navigation_is_found() => FindsAsync<BasketDb>(db => Answered(db).Except("Itmes"), "\"Itmes\" is no navigation");

    [Fact]
    public Task Everything_answered_starts() => StartsAsync<BasketDb>(db => Answered(db));

    [Fact]
    public Task Partner_named_for_it_starts() =>
        StartsAsync<BasketDb>(db =>
            Baskets(db)
                .AcceptCascadeFrom<Client>()
                .AcceptCascadeFrom<Product>()
                .IgnoreFilters()
                .ReadsAlso(b => b.Labels, b => b.Client)
                .ReadsAlso("Items.Product")
        );

    [Fact]
    public Task Replaced_database_is_found() =>
        FindsAsync<BasketDb>(db => Answered(db), "replaced by OwnDatabase", context: b => b.ReplaceService<IDatabase, OwnDatabase>());

    [Fact]
    public Task Missing_adapter_is_found() => FindsAsync<BasketDb>(db => Answered(db), "Statecast.Sqlite", "UseSqliteLog", adapter: false);

    [Fact]
    public Task Missing_AddStatecast_is_found() =>
        FindsAsync<ForgetfulDb>(db => db.Publish<Client, ClientState>(c => new(c.Id, c.Name)), "modelBuilder.AddStatecast()");

    [Fact]
    public async Task Missing_tables_are_found_and_how_to_make_them_is_said()
    {
        var error = await ErrorAsync<BasketDb>(db => Answered(db), _ => { }, adapter: true, create: false);
        Assert.StartsWith("BasketDb cannot publish: ", error.Message);
        foreach (var part in (string[])["no such table: statecast_", "modelBuilder.AddStatecast()", "migration", "Database.Migrate()"])
            Assert.Contains(part, error.Message);
        Assert.DoesNotContain("..", error.Message);
    }

    [Fact]
    public Task Entity_that_is_not_mapped_is_found() =>
        FindsAsync<BasketDb>(db => db.Publish<Customer, ClientState>(c => new(c.Id, c.Name)), "Customer is no entity type of this model");

    [Fact]
    public Task Contract_published_twice_is_found() =>
        FindsAsync<BasketDb>(
            db =>
            {
                Answered(db);
                Answered(db);
            },
            "find.basket is published 2 times"
        );

    [Fact]
    public Task Key_of_another_type_is_found() =>
        FindsAsync<BasketDb>(
            db => db.Publish<Client, NamedState>(c => new(c.Name)).Except(c => c.Baskets),
            "the primary key of Client is (Id Int32), the contract's key a String",
            "Key<Int32, String>(toContract, toRow)"
        );

    [Fact]
    public Task Key_that_names_another_property_is_found() =>
        FindsAsync<BasketDb>(
            db => db.Publish<Client, NamedState>(c => new(c.Name)).Except(c => c.Baskets).Key(c => c.Name),
            "names Name, which is not in the primary key of Client"
        );

    [Fact]
    public Task Key_with_a_conversion_starts() =>
        StartsAsync<BasketDb>(db =>
            db.Publish<Client, NamedState>(c => new($"c{c.Id}"))
                .Except(c => c.Baskets)
                .Key<int, string>(id => $"c{id}", key => int.Parse(key[1..], null))
        );

    [Fact]
    public Task Composite_key_of_other_names_is_found() =>
        FindsAsync<BasketDb>(
            db => db.Publish<Slot, SlotState>(s => new(s.Row, s.Column)),
            "no property of the primary key of Slot",
            "named like the key part Y"
        );

    [Fact]
    public Task Composite_key_of_other_names_can_be_said() =>
        StartsAsync<BasketDb>(db => db.Publish<Slot, SlotState>(s => new(s.Row, s.Column)).Key(s => new SlotState.Key(s.Row, s.Column)));

    [Fact]
    public async Task Every_finding_is_said_at_once()
    {
        var error = await ErrorAsync<BasketDb>(db => Baskets(db).Except("Itmes"), _ => { }, true, true);
        Assert.Contains("Itmes", error.Message);
        Assert.Contains("Labels is many-to-many", error.Message);
    }

    private static EfPublicationBuilder<Basket, BasketState> Baskets(EfSourceBuilder<BasketDb> db) =>
        db.Publish<Basket, BasketState>(b => new(b.Id, b.Items.Count));

    private static EfPublicationBuilder<Basket, BasketState> Answered(EfSourceBuilder<BasketDb> db) =>
        Baskets(db).AcceptCascadeFrom<Client>().AcceptCascadeFrom<Product>().Except(b => b.Labels);

    private async Task FindsAsync<TContext>(
        Action<EfSourceBuilder<TContext>> publish,
        string finding,
        string? answer = null,
        Action<DbContextOptionsBuilder>? context = null,
        bool adapter = true,
        bool create = true
    )
        where TContext : DbContext
    {
        var error = await ErrorAsync(publish, context ?? (_ => { }), adapter, create);
        Assert.Contains(finding, error.Message);
        Assert.Contains(answer ?? "", error.Message);
    }

    private Task<SourceException> ErrorAsync<TContext>(
        Action<EfSourceBuilder<TContext>> publish,
        Action<DbContextOptionsBuilder> context,
        bool adapter,
        bool create
    )
        where TContext : DbContext => Assert.ThrowsAsync<SourceException>(() => StartsAsync(publish, context, adapter, create));

    private async Task StartsAsync<TContext>(
        Action<EfSourceBuilder<TContext>> publish,
        Action<DbContextOptionsBuilder>? context = null,
        bool adapter = true,
        bool create = true
    )
        where TContext : DbContext
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddDbContext<TContext>(b =>
        {
            b.UseSqlite($"Data Source={_directory.File("find.db")};Pooling=False");
            b.ConfigureWarnings(w => w.Ignore(Microsoft.EntityFrameworkCore.Diagnostics.CoreEventId.ManyServiceProvidersCreatedWarning));
            context?.Invoke(b);
        });
        services.AddStatecast(
            "find",
            s =>
            {
                s.AddTransport("test", _ => new NoTransport("test"));
                if (adapter)
                    s.AddDatabase("Microsoft.EntityFrameworkCore.Sqlite", _ => new TestDatabaseAdapter(SqliteCaptureStore.Instance));
                s.FromDbContext(publish);
            }
        );
        await using var provider = services.BuildServiceProvider();
        await using var scope = provider.CreateAsyncScope();
        // Only now, so that what throws in it is what the host's start would throw.
        var source = provider.GetRequiredService<EfStateSource<TContext>>();
        if (create)
            await scope.ServiceProvider.GetRequiredService<TContext>().Database.EnsureCreatedAsync();
        await source.PrepareAsync(CancellationToken.None);
    }

    private sealed class OwnDatabase(DatabaseDependencies dependencies, RelationalDatabaseDependencies relational)
        : RelationalDatabase(dependencies, relational);
}

public class Client
{
    public int Id { get; set; }
    public string Name { get; set; } = "";
    public List<Basket> Baskets { get; set; } = [];
}

public class Basket
{
    public int Id { get; set; }
    public int ClientId { get; set; }
    public Client? Client { get; set; }
    public List<BasketItem> Items { get; set; } = [];
    public List<Label> Labels { get; set; } = [];
}

public class BasketItem
{
    public int Id { get; set; }
    public int BasketId { get; set; }
    public int ProductId { get; set; }
    public Product? Product { get; set; }
}

public class Product
{
    public int Id { get; set; }
}

public class Label
{
    public int Id { get; set; }
    public string Name { get; set; } = "";
    public List<Basket> Baskets { get; set; } = [];
}

public class Slot
{
    public int Row { get; set; }
    public int Column { get; set; }
}

public class BasketDb(DbContextOptions<BasketDb> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Client>();
        modelBuilder.Entity<Basket>();
        modelBuilder.Entity<Label>().HasQueryFilter(l => l.Name != "");
        modelBuilder.Entity<Slot>().HasKey(s => new { s.Row, s.Column });
        modelBuilder.AddStatecast();
    }
}

public class ForgetfulDb(DbContextOptions<ForgetfulDb> options) : DbContext(options)
{
    public DbSet<Client> Clients => Set<Client>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Client>().Ignore(c => c.Baskets);
}

[StateContract("find.basket")]
public sealed partial record BasketState([StateKey] int Id, int Items);

[StateContract("find.client")]
public sealed partial record ClientState([StateKey] int Id, string Name);

[StateContract("find.label")]
public sealed partial record LabelState([StateKey] int Id, string Name);

[StateContract("find.named")]
public sealed partial record NamedState([StateKey] string Name);

[StateContract("find.slot")]
public sealed partial record SlotState([StateKey] int Y, [StateKey] int X);
