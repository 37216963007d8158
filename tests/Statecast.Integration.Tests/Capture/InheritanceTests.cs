using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore;
using Statecast.Hosting;
using Statecast.Integration.Tests.Sqlite;
using Statecast.Sqlite.Capture;
using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>A hierarchy over several tables is captured and walked like one over a single table.</summary>
public sealed class InheritanceTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public Task Table_per_type() => IsCapturedAsync<TablePerTypeDb>();

    [Fact]
    public Task Table_per_concrete_type() => IsCapturedAsync<TablePerConcreteTypeDb>();

    private async Task IsCapturedAsync<TContext>()
        where TContext : DbContext
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddDbContext<TContext>(b =>
            b.UseSqlite($"Data Source={_directory.File("pets.db")};Pooling=False")
                .ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning))
        );
        services.AddStatecast(
            "pets",
            s =>
                s.AddTransport("test", _ => new NoTransport("test"))
                    .AddDatabase("Microsoft.EntityFrameworkCore.Sqlite", _ => new TestDatabaseAdapter(SqliteCaptureStore.Instance))
                    .FromDbContext<TContext>(db =>
                        db.Publish<Pet, PetState>(p => new(p.Id, p.GetType().Name, p.Name, (p as Dog)?.Walks.Sum(w => w.Minutes) ?? 0))
                    )
        );
        await using var provider = services.BuildServiceProvider();
        var source = provider.GetRequiredService<EfStateSource<TContext>>();
        await using (var scope = provider.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<TContext>();
            await db.Database.EnsureCreatedAsync();
        }
        await source.PrepareAsync(CancellationToken.None);
        await using (var scope = provider.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<TContext>();
            db.Add(
                new Dog
                {
                    Id = 1,
                    Name = "rex",
                    Walks = [new() { Minutes = 10 }],
                }
            );
            db.Add(new Cat { Id = 2, Name = "tom" });
            await db.SaveChangesAsync();
            Assert.Equal(1, db.StateToken<PetState>(2).Revision.Number);
        }
        await using (var scope = provider.CreateAsyncScope())
        {
            // The walk alone is loaded: it belongs to the derived type.
            var db = scope.ServiceProvider.GetRequiredService<TContext>();
            (await db.Set<Walk>().SingleAsync()).Minutes = 20;
            await db.SaveChangesAsync();
            Assert.Equal(2, db.StateToken<PetState>(1).Revision.Number);
        }
        Assert.Equal(2, await source.RepublishChunkAsync(10, CancellationToken.None));
    }
}

public abstract class Pet
{
    public int Id { get; set; }
    public string Name { get; set; } = "";
}

public class Dog : Pet
{
    public List<Walk> Walks { get; set; } = [];
}

public class Cat : Pet;

public class Walk
{
    public int Id { get; set; }
    public int DogId { get; set; }
    public int Minutes { get; set; }
}

public class TablePerTypeDb(DbContextOptions<TablePerTypeDb> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Pet>().UseTptMappingStrategy().Property(p => p.Id).ValueGeneratedNever();
        modelBuilder.Entity<Dog>();
        modelBuilder.Entity<Cat>();
        modelBuilder.AddStatecast();
    }
}

public class TablePerConcreteTypeDb(DbContextOptions<TablePerConcreteTypeDb> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Pet>().UseTpcMappingStrategy().Property(p => p.Id).ValueGeneratedNever();
        modelBuilder.Entity<Dog>();
        modelBuilder.Entity<Cat>();
        modelBuilder.AddStatecast();
    }
}

[StateContract("pets.pet")]
public sealed partial record PetState([StateKey] int Id, string Kind, string Name, int Minutes);
