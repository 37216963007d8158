using Microsoft.EntityFrameworkCore;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore;
using Statecast.Publishing;
using Statecast.Sqlite.Capture;
using Xunit;

namespace Statecast.Integration.Tests.Ways;

/// <summary>A database may do otherwise than the model says: there is no DeleteBehavior for SET DEFAULT, for example.</summary>
public sealed class HandWrittenCascadeTests
{
    private const string Tables = """
        CREATE TABLE Room (Id INTEGER PRIMARY KEY);
        INSERT INTO Room VALUES (0), (1);
        CREATE TABLE Shelf (Id INTEGER PRIMARY KEY, RoomId INTEGER NOT NULL DEFAULT 0 REFERENCES Room (Id) ON DELETE SET DEFAULT);
        """;

    [Fact]
    public async Task Set_default_is_captured_although_the_model_cannot_say_it()
    {
        await using var world = await WayWorld<ShelfDb>.CreateAsync(
            db => db.Publish<Shelf, ShelfState>(s => new(s.Id, s.RoomId)),
            create: SqliteTableScript.Create + Tables
        );
        await world.SaveAsync(db => db.AddRange(new Shelf { Id = 1, RoomId = 1 }, new Shelf { Id = 2, RoomId = 0 }));
        await world.SaveAsync(db => db.Remove(new Room { Id = 1 }));

        Assert.Equal("U1,U2", world.Story("ways.shelf", "1"));
        Assert.Equal("U1", world.Story("ways.shelf", "2"));
        world.AssertCapturedEqualsRows(db => db.Set<Shelf>(), s => new ShelfState(s.Id, s.RoomId));
    }

    [Fact]
    public async Task Cascade_from_what_the_context_never_deletes_must_be_answered()
    {
        var error = await Assert.ThrowsAsync<SourceException>(() =>
            WayWorld<ViewedRoomDb>.CreateAsync(db => db.Publish<Shelf, ShelfState>(s => new(s.Id, s.RoomId)))
        );
        Assert.Contains("cascades from Room into Shelf (Cascade), but Room is mapped to no table here", error.Message);
        Assert.Contains("AcceptCascadeFrom<Room>()", error.Message);

        await using var accepted = await WayWorld<ViewedRoomDb>.CreateAsync(db =>
            db.Publish<Shelf, ShelfState>(s => new(s.Id, s.RoomId)).AcceptCascadeFrom<Room>()
        );
    }
}

public class Room
{
    public int Id { get; set; }
}

public class Shelf
{
    public int Id { get; set; }
    public int RoomId { get; set; }
}

public class ShelfDb(DbContextOptions<ShelfDb> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Shelf>().HasOne<Room>().WithMany().HasForeignKey(s => s.RoomId).OnDelete(DeleteBehavior.NoAction);
        modelBuilder.AddStatecast();
    }
}

/// <summary>Rooms are another application's.</summary>
public class ViewedRoomDb(DbContextOptions<ViewedRoomDb> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Room>().ToView("Rooms");
        modelBuilder.Entity<Shelf>().HasOne<Room>().WithMany().HasForeignKey(s => s.RoomId).OnDelete(DeleteBehavior.Cascade);
        modelBuilder.AddStatecast();
    }
}

[StateContract("ways.shelf")]
public sealed partial record ShelfState([StateKey] int Id, int Room);
