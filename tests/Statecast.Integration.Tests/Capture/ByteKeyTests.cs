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

/// <summary>Keys that are arrays of bytes, alone and as part of a composite one: two arrays of the same bytes are the same key.</summary>
public sealed class ByteKeyTests : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private ServiceProvider _provider = null!;
    private EfStateSource<CrateDb> _source = null!;

    public async ValueTask InitializeAsync()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddDbContext<CrateDb>(b =>
            b.UseSqlite($"Data Source={_directory.File("crate.db")};Pooling=False")
                .ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning))
        );
        services.AddStatecast(
            "crate",
            s =>
                s.AddTransport("test", _ => new NoTransport("test"))
                    .AddDatabase("Microsoft.EntityFrameworkCore.Sqlite", _ => new TestDatabaseAdapter(SqliteCaptureStore.Instance))
                    .FromDbContext<CrateDb>(db =>
                    {
                        db.Publish<Crate, CrateState>(c => new(Convert.ToHexString(c.Id), c.Described))
                            .Key<byte[], string>(Convert.ToHexString, Convert.FromHexString);
                        db.Publish<Shelf, ShelfState>(s => new(s.Hall, Convert.ToHexString(s.Code), s.Described));
                    })
        );
        _provider = services.BuildServiceProvider();
        _source = _provider.GetRequiredService<EfStateSource<CrateDb>>();
        await using var db = Open();
        await db.Database.EnsureCreatedAsync();
        await _source.PrepareAsync(CancellationToken.None);
        db.AddRange(NewCrate(1), NewCrate(2), NewShelf(1), NewShelf(2));
        await db.SaveChangesAsync();
        AssertCapturedEqualsRows();
    }

    public async ValueTask DisposeAsync()
    {
        await _provider.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public Task Two_roots_saved_together() =>
        ChangeAsync(db =>
        {
            foreach (var crate in db.Set<Crate>())
                crate.Name += "!";
            foreach (var shelf in db.Set<Shelf>())
                shelf.Name += "!";
        });

    [Fact]
    public Task Children_of_two_roots_saved_together() =>
        ChangeAsync(db =>
        {
            foreach (var plank in db.Set<Plank>())
                plank.Text += "!";
            foreach (var board in db.Set<Board>())
                board.Text += "!";
        });

    [Fact]
    public Task One_child_alone() =>
        ChangeAsync(db =>
        {
            db.Set<Plank>().First().Text += "!";
            db.Set<Board>().First().Text += "!";
        });

    [Fact]
    public Task Grandchild_alone() =>
        ChangeAsync(db =>
        {
            db.Set<Screw>().First().Text += "!";
            db.Set<Nail>().First().Text += "!";
        });

    [Fact]
    public async Task Child_and_its_root_are_one_change_of_the_root()
    {
        await ChangeAsync(db =>
        {
            db.Set<Crate>().Single(c => c.Name == "crate1").Name += "!";
            db.Set<Plank>().Single(p => p.Text == "plank1").Text += "!";
            db.Set<Shelf>().Single(s => s.Name == "shelf1").Name += "!";
            db.Set<Board>().Single(b => b.Text == "board1").Text += "!";
        });
        Assert.Equal(6, Number("SELECT count(*) AS Value FROM statecast_outbox"));
    }

    [Fact]
    public Task Removed_children_and_root() =>
        ChangeAsync(db =>
        {
            db.Remove(db.Set<Plank>().Single(p => p.Text == "plank1"));
            db.Remove(db.Set<Board>().Single(b => b.Text == "board1"));
            db.Remove(db.Set<Crate>().Include(c => c.Planks).ThenInclude(p => p.Screws).Single(c => c.Name == "crate2"));
        });

    [Fact]
    public async Task Child_that_another_context_moved()
    {
        await using var stale = Open();
        var plank = await stale.Set<Plank>().SingleAsync(p => p.Text == "plank1");
        var board = await stale.Set<Board>().SingleAsync(b => b.Text == "board1");
        await ChangeAsync(db =>
        {
            db.Set<Plank>().Single(p => p.Text == "plank1").CrateId = [2];
            db.Set<Board>().Single(b => b.Text == "board1").ShelfCode = [2];
        });
        plank.Text = "changed";
        board.Text = "changed";
        await stale.SaveChangesAsync();
        AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Republish_walks_them_page_by_page()
    {
        await using (var db = Open())
        {
            await db.Database.ExecuteSqlRawAsync("DELETE FROM statecast_outbox; DELETE FROM statecast_head");
        }
        // The start has asked for everything already.
        while ((await _source.RepublishChunkAsync(1, CancellationToken.None)).Worked) { }
        AssertCapturedEqualsRows();
    }

    private async Task ChangeAsync(Action<CrateDb> change)
    {
        await using (var db = Open())
        {
            change(db);
            await db.SaveChangesAsync();
        }
        AssertCapturedEqualsRows();
    }

    private void AssertCapturedEqualsRows()
    {
        using var db = Open();
        var expected = db.Set<Crate>()
            .Include(c => c.Planks)
                .ThenInclude(p => p.Screws)
            .AsNoTracking()
            .ToList()
            .Select(c => c.Described)
            .Concat(db.Set<Shelf>().Include(s => s.Boards).ThenInclude(b => b.Nails).AsNoTracking().ToList().Select(s => s.Described));
        var captured = db
            .Database.SqlQuery<string>(
                $"SELECT json_extract(cast(o.body AS text), '$.all') AS Value FROM statecast_outbox o WHERE o.body IS NOT NULL AND o.revision = (SELECT max(n.revision) FROM statecast_outbox n WHERE n.contract = o.contract AND n.key = o.key)"
            )
            .ToList();
        Assert.Equal(expected.Order(StringComparer.Ordinal), captured.Order(StringComparer.Ordinal));
    }

    private int Number(string sql)
    {
        using var db = Open();
        return db.Database.SqlQueryRaw<int>(sql).Single();
    }

    private CrateDb Open() => new(_provider.CreateScope().ServiceProvider.GetRequiredService<DbContextOptions<CrateDb>>());

    private static Crate NewCrate(byte id) =>
        new()
        {
            Id = [id],
            Name = $"crate{id}",
            Planks =
            [
                new()
                {
                    Id = [id, id],
                    Text = $"plank{id}",
                    Screws = [new() { Id = id, Text = $"screw{id}" }],
                },
            ],
        };

    private static Shelf NewShelf(byte id) =>
        new()
        {
            Hall = 1,
            Code = [id],
            Name = $"shelf{id}",
            Boards =
            [
                new()
                {
                    Place = [id, id],
                    Level = 7,
                    Text = $"board{id}",
                    Nails = [new() { Id = id, Text = $"nail{id}" }],
                },
            ],
        };
}

public class Crate
{
    public byte[] Id { get; set; } = [];
    public string Name { get; set; } = "";
    public List<Plank> Planks { get; set; } = [];

    public string Described =>
        $"{Name}:{string.Join(";", Planks.Select(p => $"{p.Text}({string.Join(",", p.Screws.Select(s => s.Text))})").Order())}";
}

public class Plank
{
    public byte[] Id { get; set; } = [];
    public byte[] CrateId { get; set; } = [];
    public string Text { get; set; } = "";
    public List<Screw> Screws { get; set; } = [];
}

public class Screw
{
    public int Id { get; set; }
    public byte[] PlankId { get; set; } = [];
    public string Text { get; set; } = "";
}

public class Shelf
{
    public int Hall { get; set; }
    public byte[] Code { get; set; } = [];
    public string Name { get; set; } = "";
    public List<Board> Boards { get; set; } = [];

    public string Described =>
        $"{Name}:{string.Join(";", Boards.Select(b => $"{b.Text}({string.Join(",", b.Nails.Select(n => n.Text))})").Order())}";
}

public class Board
{
    public byte[] Place { get; set; } = [];
    public int Level { get; set; }
    public int ShelfHall { get; set; }
    public byte[] ShelfCode { get; set; } = [];
    public string Text { get; set; } = "";
    public List<Nail> Nails { get; set; } = [];
}

public class Nail
{
    public int Id { get; set; }
    public byte[] BoardPlace { get; set; } = [];
    public int BoardLevel { get; set; }
    public string Text { get; set; } = "";
}

public class CrateDb(DbContextOptions<CrateDb> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Crate>();
        modelBuilder.Entity<Shelf>(s =>
        {
            s.HasKey(x => new { x.Hall, x.Code });
            // The contract's key part is the text that the column holds.
            s.Property(x => x.Code).HasConversion(code => Convert.ToHexString(code), text => Convert.FromHexString(text));
            s.HasMany(x => x.Boards).WithOne().HasForeignKey(b => new { b.ShelfHall, b.ShelfCode });
        });
        modelBuilder.Entity<Board>(b =>
        {
            b.HasKey(x => new { x.Place, x.Level });
            b.HasMany(x => x.Nails).WithOne().HasForeignKey(n => new { n.BoardPlace, n.BoardLevel });
        });
        modelBuilder.AddStatecast();
    }
}

[StateContract("crate.crate")]
public sealed partial record CrateState([StateKey] string Id, string All);

[StateContract("crate.shelf")]
public sealed partial record ShelfState([StateKey] int Hall, [StateKey] string Code, string All);
