using Microsoft.EntityFrameworkCore;
using Statecast.EntityFrameworkCore;
using Statecast.EntityFrameworkCore.Publishing;
using Xunit;

namespace Statecast.Integration.Tests.Ways;

/// <summary>What the database's own cascades do to published rows is captured where a tracked principal is deleted, whether the rows are loaded or not.</summary>
public sealed class CascadeTests : IAsyncLifetime
{
    private WayWorld<HarbourDb> _world = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await WayWorld<HarbourDb>.CreateAsync(Publish);
        await _world.SaveAsync(Fill);
        Assert.Equal("U1,U1,U1", _world.Story("ways.boat"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    public static TheoryData<string, Action<HarbourDb>, string, string> Cascades =>
        new()
        {
            // What is deleted, and the stories of boats 1 and 2 afterwards; boat 3 is never reached.
            { "cascade into the root", db => db.Remove(new Pier { Id = 1 }), "U1,D2", "U1,D2" },
            { "cascade over two tables", db => db.Remove(new Harbour { Id = 1 }), "U1,D2", "U1,D2" },
            { "cascade from a root into itself", db => db.Remove(db.Set<Boat>().Single(b => b.Id == 1)), "U1,D2", "U1,D2" },
            { "set null in the root", db => db.Remove(new Owner { Id = 1 }), "U1,U2", "U1" },
            { "set null by an alternate key", db => db.Remove(new Flag { Id = 1 }), "U1,U2", "U1" },
            { "set null in what the root owns", db => db.Remove(new Office { Id = 1 }), "U1,U2", "U1" },
            { "set null in a child", db => db.Remove(new Maker { Id = 1 }), "U1,U2", "U1" },
            { "cascade into a grandchild", db => db.Remove(new Cloth { Id = 1 }), "U1,U2", "U1" },
            { "cascade into owned rows", db => db.Remove(new Chain { Id = 1 }), "U1", "U1,U2" },
            { "cascade into links", db => db.Remove(new Crew { Id = 1 }), "U1,U2", "U1,U2" },
            {
                "several at once",
                db => db.RemoveRange(new Owner { Id = 1 }, new Maker { Id = 1 }, new Chain { Id = 1 }, new Cloth { Id = 1 }),
                "U1,U2",
                "U1,U2"
            },
            { "principal without any row", db => db.Remove(new Owner { Id = 2 }), "U1", "U1" },
        };

    [Theory(DisableDiscoveryEnumeration = true), MemberData(nameof(Cascades))]
    public async Task Cascade_from_a_tracked_principal_is_captured(string what, Action<HarbourDb> delete, string first, string second)
    {
        await _world.SaveAsync(delete);

        Assert.True(
            (first, second, "U1") == (_world.Story("ways.boat", "1"), _world.Story("ways.boat", "2"), _world.Story("ways.boat", "3")),
            $"{what}: {_world.Story("ways.boat", "1")} {_world.Story("ways.boat", "2")} {_world.Story("ways.boat", "3")}"
        );
        AssertCapturedEqualsRows();
    }

    [Fact]
    public void Synchronous_save_captures_a_cascade()
    {
        using var db = _world.Open();
        db.Remove(new Harbour { Id = 1 });
        db.SaveChanges();

        Assert.Equal("U1,D2", _world.Story("ways.boat", "1"));
        AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Cascade_and_the_rows_own_change_in_one_save()
    {
        await _world.SaveAsync(db =>
        {
            db.Set<Boat>().Single(b => b.Id == 1).Name = "renamed";
            db.Remove(new Owner { Id = 1 });
        });

        Assert.Equal("U1,U2", _world.Story("ways.boat", "1"));
        AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Cascade_gives_tokens_and_the_saves_cause()
    {
        await using var db = _world.Open();
        db.SetCause("HarbourClosed");
        db.Remove(new Harbour { Id = 1 });
        await db.SaveChangesAsync();

        Assert.Equal(2, db.StateToken<BoatState>(1).Revision.Number);
        Assert.Equal(2, _world.Number("SELECT count(*) FROM statecast_outbox WHERE causes = 'HarbourClosed'"));
    }

    [Fact]
    public async Task Cascade_that_is_rolled_back_is_not_captured()
    {
        await using (var db = _world.Open())
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            db.Remove(new Harbour { Id = 1 });
            await db.SaveChangesAsync();
            await transaction.RollbackAsync();
        }
        Assert.Equal("U1,U1,U1", _world.Story("ways.boat"));
        AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Many_rows_of_a_cascade_are_all_captured()
    {
        await _world.SaveAsync(db =>
        {
            for (var i = 100; i < 350; i++)
                db.Add(new Boat { Id = i, PierId = 1 });
        });
        await _world.SaveAsync(db => db.Remove(new Harbour { Id = 1 }));

        AssertCapturedEqualsRows();
        Assert.Equal(252, _world.Number("SELECT count(*) FROM statecast_outbox WHERE operation = 2 AND body IS NULL"));
    }

    [Fact]
    public async Task Accepted_cascade_is_not_asked_for_and_not_captured()
    {
        await using var world = await WayWorld<HarbourDb>.CreateAsync(db => Boats(db).AcceptCascadeFrom<Pier>().AcceptCascadeFrom<Owner>());
        await world.SaveAsync(Fill);
        await world.SaveAsync(db => db.Remove(new Owner { Id = 1 }));
        await world.SaveAsync(db => db.Remove(new Harbour { Id = 1 }));
        Assert.Equal("U1,U1,U1", world.Story("ways.boat"));
        // The statement that nobody captures is not refused either.
        await using (var db = world.Open())
            await db.Set<Pier>().ExecuteDeleteAsync();

        await world.RepublishAsync("ways.boat");
        world.AssertCapturedEqualsRows(Rows, b => b.State());
    }

    public static TheoryData<string, Action<HarbourDb>> Untracked =>
        new()
        {
            { "bulk delete", db => db.Set<Pier>().Where(p => p.Id == 1).ExecuteDelete() },
            { "bulk delete over two tables", db => db.Set<Harbour>().ExecuteDelete() },
            { "bulk delete that sets null", db => db.Set<Owner>().ExecuteDelete() },
            { "raw delete", db => db.Database.ExecuteSqlRaw("DELETE FROM \"Harbour\" WHERE 1 = 1") },
            { "raw replace", db => db.Database.ExecuteSqlRaw("INSERT OR REPLACE INTO Maker (Id) VALUES (1)") },
            { "raw delete by an unknown name", db => db.Database.ExecuteSqlRaw("DELETE FROM vw WHERE Id IN (SELECT Id FROM Owner)") },
        };

    [Theory(DisableDiscoveryEnumeration = true), MemberData(nameof(Untracked))]
    public void Statement_that_no_tracked_row_tells_of_is_refused(string what, Action<HarbourDb> statement)
    {
        using var db = _world.Open();
        var error = Assert.Throws<InvalidOperationException>(() => statement(db));
        Assert.True(error.Message.Contains("the database cascades", StringComparison.Ordinal), $"{what}: {error.Message}");
        Assert.Contains("not captured", error.Message);
        Assert.Equal(3, _world.Number("SELECT count(*) FROM Boat"));
    }

    [Fact]
    public void Statement_that_sets_off_no_cascade_passes()
    {
        using var db = _world.Open();
        // The database refuses by itself where the model says Restrict.
        Assert.Equal(0, db.Set<Yard>().ExecuteDelete());
        Assert.Equal(1, db.Database.ExecuteSqlRaw("UPDATE Harbour SET Id = Id"));
        Assert.Equal(1, db.Database.ExecuteSqlRaw("INSERT INTO Owner (Id) VALUES (77)"));
        Assert.Equal(1, db.Set<Owner>().Where(o => o.Id == 77).AllowUncaptured().ExecuteDelete());
    }

    private void AssertCapturedEqualsRows() => _world.AssertCapturedEqualsRows(Rows, b => b.State());

    private static void Publish(EfSourceBuilder<HarbourDb> db) => Boats(db);

    private static EfPublicationBuilder<Boat, BoatState> Boats(EfSourceBuilder<HarbourDb> db) =>
        db.Publish<Boat, BoatState>(b => b.State()).ReadsAlso(b => b.Crew);

    private static IEnumerable<Boat> Rows(HarbourDb db) =>
        db.Set<Boat>().AsNoTracking().AsSplitQuery().Include(b => b.Sails).ThenInclude(s => s.Patches).Include(b => b.Crew);

    /// <summary>Boat 2 is towed by boat 1; boat 3 refers to nothing.</summary>
    private static void Fill(HarbourDb db)
    {
        db.AddRange(new Harbour { Id = 1 }, new Pier { Id = 1, HarbourId = 1 }, new Owner { Id = 1 }, new Owner { Id = 2 });
        db.AddRange(
            new Flag { Id = 1, Code = "sc" },
            new Office { Id = 1 },
            new Maker { Id = 1 },
            new Cloth { Id = 1 },
            new Chain { Id = 1 }
        );
        var crew = new Crew { Id = 1 };
        db.Add(
            new Boat
            {
                Id = 1,
                PierId = 1,
                OwnerId = 1,
                FlagCode = "sc",
                Papers = new() { Text = "p", OfficeId = 1 },
                Sails =
                [
                    new()
                    {
                        Id = 1,
                        MakerId = 1,
                        Patches = [new() { Id = 1, ClothId = 1 }],
                    },
                ],
                Crew = [crew],
            }
        );
        db.Add(
            new Boat
            {
                Id = 2,
                PierId = 1,
                TowedById = 1,
                Buoys = [new() { ChainId = 1 }],
                Crew = [crew],
            }
        );
        db.Add(new Boat { Id = 3 });
    }
}
