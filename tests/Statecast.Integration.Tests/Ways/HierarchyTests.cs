using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore;
using Xunit;

namespace Statecast.Integration.Tests.Ways;

/// <summary>A hierarchy in one table, over several, or in a table per concrete type: changed, moved, deleted and republished alike.</summary>
public sealed class HierarchyTests
{
    [Fact]
    public Task Table_per_hierarchy() => IsCapturedAsync<HierarchyTableDb>();

    [Fact]
    public Task Table_per_type() => IsCapturedAsync<TypeTableDb>();

    [Fact]
    public Task Table_per_concrete_type() => IsCapturedAsync<ConcreteTableDb>();

    private static async Task IsCapturedAsync<TContext>()
        where TContext : DbContext
    {
        await using var world = await WayWorld<TContext>.CreateAsync(db => db.Publish<Vehicle, VehicleState>(v => v.State()));
        await world.SaveAsync(db =>
            db.AddRange(
                new Truck { Id = 1, Loads = [new() { Id = 1, Tons = 1 }, new() { Id = 2, Tons = 2 }] },
                new Truck { Id = 2, Trips = [new() { Id = 1, Km = 10 }] },
                new Bike { Id = 3, Trips = [new() { Id = 2, Km = 20 }] },
                new Garage { Id = 1 },
                new Bike { Id = 4, GarageId = 1 },
                new Truck { Id = 5, GarageId = 1 }
            )
        );

        // A child of the derived type, then one of the base type, each alone.
        await world.SaveAsync(db => db.Set<Load>().Single(l => l.Id == 1).Tons = 5);
        await world.SaveAsync(db => db.Set<Trip>().Single(t => t.Id == 2).Km = 25);
        Assert.Equal(("U1,U2", "U1,U2"), (world.Story("ways.vehicle", "1"), world.Story("ways.vehicle", "3")));
        // Moves within the derived type and between two of them.
        await world.SaveAsync(db => db.Set<Load>().Single(l => l.Id == 2).TruckId = 2);
        await world.SaveAsync(db => db.Set<Trip>().Single(t => t.Id == 1).VehicleId = 3);
        Assert.Equal(
            ("U1,U2,U3", "U1,U2,U3", "U1,U2,U3"),
            (world.Story("ways.vehicle", "1"), world.Story("ways.vehicle", "2"), world.Story("ways.vehicle", "3"))
        );
        // A column of the derived type, and one of the base type.
        await world.SaveAsync(db => db.Set<Truck>().Single(t => t.Id == 2).Axles = 3);
        await world.SaveAsync(db => db.Set<Vehicle>().Single(v => v.Id == 3).Name = "renamed");
        Assert.Equal(("U1,U2,U3,U4", "U1,U2,U3,U4"), (world.Story("ways.vehicle", "2"), world.Story("ways.vehicle", "3")));
        Same(world);

        await world.SaveAsync(db => db.Remove(db.Set<Load>().Single(l => l.Id == 2)));
        await world.SaveAsync(db => db.Remove(db.Set<Vehicle>().Single(v => v.Id == 3)));
        await world.SaveAsync(db => db.Remove(new Truck { Id = 1 }));
        Assert.Equal(
            ("U1,U2,U3,D4", "U1,U2,U3,U4,U5", "U1,U2,U3,U4,D5"),
            (world.Story("ways.vehicle", "1"), world.Story("ways.vehicle", "2"), world.Story("ways.vehicle", "3"))
        );
        // The database takes along whatever stands in the garage.
        await world.SaveAsync(db => db.Remove(new Garage { Id = 1 }));
        Assert.Equal(("U1,U2", "U1,U2"), (world.Story("ways.vehicle", "4"), world.Story("ways.vehicle", "5")));
        Same(world);

        world.Sql("UPDATE Load SET Tons = 99; UPDATE Trip SET Km = 99");
        await world.SaveAsync(db =>
            db.Add(
                new Load
                {
                    Id = 3,
                    TruckId = 2,
                    Tons = 1,
                }
            )
        );
        await world.RepublishAsync("ways.vehicle");
        Assert.Equal("U1,U2,U3,D4,D4", world.Story("ways.vehicle", "1"));
        Same(world);
    }

    private static void Same<TContext>(WayWorld<TContext> world)
        where TContext : DbContext =>
        world.AssertCapturedEqualsRows(
            db => db.Set<Vehicle>().AsNoTracking().Include(v => v.Trips).Include(v => ((Truck)v).Loads),
            v => v.State()
        );
}

public abstract class Vehicle
{
    public int Id { get; set; }
    public string Name { get; set; } = "";
    public int? GarageId { get; set; }
    public List<Trip> Trips { get; set; } = [];

    public VehicleState State() =>
        new(
            Id,
            GetType().Name,
            Name,
            GarageId,
            (this as Truck)?.Axles,
            [.. (this as Truck)?.Loads.OrderBy(l => l.Id).Select(l => l.Tons) ?? []],
            [.. Trips.OrderBy(t => t.Id).Select(t => t.Km)]
        );
}

public class Truck : Vehicle
{
    public int Axles { get; set; }
    public List<Load> Loads { get; set; } = [];
}

public class Bike : Vehicle;

public class Load
{
    public int Id { get; set; }
    public int TruckId { get; set; }
    public int Tons { get; set; }
}

public class Trip
{
    public int Id { get; set; }
    public int VehicleId { get; set; }
    public int Km { get; set; }
}

public class Garage
{
    public int Id { get; set; }
}

public abstract class VehicleDb(DbContextOptions options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Vehicle>(e =>
        {
            e.Property(v => v.Id).ValueGeneratedNever();
            e.HasOne<Garage>().WithMany().HasForeignKey(v => v.GarageId).OnDelete(DeleteBehavior.SetNull);
        });
        modelBuilder.Entity<Truck>();
        modelBuilder.Entity<Bike>();
        modelBuilder.AddStatecast();
    }
}

public class HierarchyTableDb(DbContextOptions<HierarchyTableDb> options) : VehicleDb(options);

public class TypeTableDb(DbContextOptions<TypeTableDb> options) : VehicleDb(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<Vehicle>().UseTptMappingStrategy();
    }
}

public class ConcreteTableDb(DbContextOptions<ConcreteTableDb> options) : VehicleDb(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<Vehicle>().UseTpcMappingStrategy();
    }
}

[StateContract("ways.vehicle")]
public sealed partial record VehicleState(
    [StateKey] int Id,
    string Kind,
    string Name,
    int? Garage,
    int? Axles,
    ImmutableArray<int> Loads,
    ImmutableArray<int> Trips
);
