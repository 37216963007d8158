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

/// <summary>Children whose foreign key only a derived type of their hierarchy has: the key they are found by belongs to the base.</summary>
public sealed class DerivedChildTests : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private ServiceProvider _provider = null!;

    public async ValueTask InitializeAsync()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddDbContext<DeskDb>(b =>
            b.UseSqlite($"Data Source={_directory.File("desk.db")};Pooling=False")
                .ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning))
        );
        services.AddStatecast(
            "desk",
            s =>
                s.AddTransport("test", _ => new NoTransport("test"))
                    .AddDatabase("Microsoft.EntityFrameworkCore.Sqlite", _ => new TestDatabaseAdapter(SqliteCaptureStore.Instance))
                    .FromDbContext<DeskDb>(db => db.Publish<Desk, DeskState>(d => new(d.Id, d.Described)))
        );
        _provider = services.BuildServiceProvider();
        await using var db = Open();
        await db.Database.EnsureCreatedAsync();
        await _provider.GetRequiredService<EfStateSource<DeskDb>>().PrepareAsync(CancellationToken.None);
        db.Add(new Desk { Id = 1, Papers = [NewPaper(1)] });
        db.Add(new Desk { Id = 2, Papers = [NewPaper(2)] });
        await db.SaveChangesAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _provider.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Changed_through_the_base()
    {
        await using var db = Open();
        (await db.Set<Thing>().SingleAsync(t => t.Id == 1)).Text = "changed";
        await db.SaveChangesAsync();
        Assert.Equal(2, db.StateToken<DeskState>(1).Revision.Number);
    }

    [Fact]
    public async Task Removed()
    {
        await using var db = Open();
        db.Remove(await db.Set<Thing>().SingleAsync(t => t.Id == 1));
        await db.SaveChangesAsync();
        Assert.Equal(2, db.StateToken<DeskState>(1).Revision.Number);
    }

    [Fact]
    public async Task Removed_after_another_context_moved_them()
    {
        await using var stale = Open();
        var papers = await stale.Set<Paper>().ToListAsync();
        await using (var other = Open())
        {
            foreach (var paper in await other.Set<Paper>().Where(p => p.DeskId == 1).ToListAsync())
                paper.DeskId = 2;
            await other.SaveChangesAsync();
        }
        stale.RemoveRange(papers);
        await stale.SaveChangesAsync();
        Assert.Equal(3, stale.StateToken<DeskState>(2).Revision.Number);
    }

    [Fact]
    public async Task Grandchild_alone_is_changed()
    {
        await using var db = Open();
        (await db.Set<Note>().SingleAsync(n => n.Id == 1)).Text = "changed";
        await db.SaveChangesAsync();
        Assert.Equal(2, db.StateToken<DeskState>(1).Revision.Number);
    }

    private DeskDb Open() => new(_provider.CreateScope().ServiceProvider.GetRequiredService<DbContextOptions<DeskDb>>());

    private static Paper NewPaper(int id) =>
        new()
        {
            Id = id,
            Text = $"paper{id}",
            Notes = [new() { Id = id, Text = $"note{id}" }],
        };
}

public class Desk
{
    public int Id { get; set; }
    public List<Paper> Papers { get; set; } = [];

    public string Described =>
        string.Join(";", Papers.OrderBy(p => p.Id).Select(p => $"{p.Text}({string.Join(",", p.Notes.Select(n => n.Text))})"));
}

public class Thing
{
    public int Id { get; set; }
    public string Text { get; set; } = "";
}

public class Paper : Thing
{
    public int? DeskId { get; set; }
    public List<Note> Notes { get; set; } = [];
}

public class Note
{
    public int Id { get; set; }
    public int PaperId { get; set; }
    public string Text { get; set; } = "";
}

public class DeskDb(DbContextOptions<DeskDb> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Desk>().HasMany(d => d.Papers).WithOne().HasForeignKey(p => p.DeskId).OnDelete(DeleteBehavior.ClientCascade);
        modelBuilder.Entity<Thing>();
        modelBuilder.Entity<Note>();
        modelBuilder.AddStatecast();
    }
}

[StateContract("desk.desk")]
public sealed partial record DeskState([StateKey] int Id, string All);
