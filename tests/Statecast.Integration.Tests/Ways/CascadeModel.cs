using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore;

namespace Statecast.Integration.Tests.Ways;

/// <summary>Leads to boats over two tables.</summary>
public class Harbour
{
    public int Id { get; set; }
}

public class Pier
{
    public int Id { get; set; }
    public int HarbourId { get; set; }
}

/// <summary>The published root, between principals by every action that a database knows.</summary>
public class Boat
{
    public int Id { get; set; }
    public string Name { get; set; } = "";
    public int? PierId { get; set; }
    public int? OwnerId { get; set; }
    public string? FlagCode { get; set; }
    public int? TowedById { get; set; }
    public int? YardId { get; set; }
    public Papers Papers { get; set; } = new();
    public List<Sail> Sails { get; set; } = [];
    public List<Buoy> Buoys { get; set; } = [];
    public List<Crew> Crew { get; set; } = [];

    public BoatState State() =>
        new(
            Id,
            Name,
            OwnerId,
            FlagCode,
            TowedById,
            Papers.OfficeId,
            [.. Sails.OrderBy(s => s.Id).Select(s => $"{s.Id}:{s.MakerId}/{string.Join('+', s.Patches.Select(p => p.Id).Order())}")],
            [.. Buoys.Select(b => b.ChainId).Order()],
            [.. Crew.Select(c => c.Id).Order()]
        );
}

public class Owner
{
    public int Id { get; set; }
}

/// <summary>Referred to by an alternate key.</summary>
public class Flag
{
    public int Id { get; set; }
    public string Code { get; set; } = "";
}

/// <summary>Its rows are owned: their foreign keys stand in the boat's own row.</summary>
public class Papers
{
    public string Text { get; set; } = "";
    public int? OfficeId { get; set; }
}

public class Office
{
    public int Id { get; set; }
}

public class Sail
{
    public int Id { get; set; }
    public int BoatId { get; set; }
    public int? MakerId { get; set; }
    public List<Patch> Patches { get; set; } = [];
}

public class Maker
{
    public int Id { get; set; }
}

/// <summary>Two levels below the root.</summary>
public class Patch
{
    public int Id { get; set; }
    public int SailId { get; set; }
    public int ClothId { get; set; }
}

public class Cloth
{
    public int Id { get; set; }
}

/// <summary>Owned, in a table of its own.</summary>
public class Buoy
{
    public int Id { get; set; }
    public int ChainId { get; set; }
}

public class Chain
{
    public int Id { get; set; }
}

/// <summary>Linked many to many.</summary>
public class Crew
{
    public int Id { get; set; }
    public List<Boat> Boats { get; set; } = [];
}

/// <summary>The model says nothing is cascaded from it.</summary>
public class Yard
{
    public int Id { get; set; }
}

public class HarbourDb(DbContextOptions<HarbourDb> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Pier>().HasOne<Harbour>().WithMany().HasForeignKey(p => p.HarbourId).OnDelete(DeleteBehavior.Cascade);
        modelBuilder.Entity<Boat>(e =>
        {
            e.HasOne<Pier>().WithMany().HasForeignKey(b => b.PierId).OnDelete(DeleteBehavior.Cascade);
            e.HasOne<Owner>().WithMany().HasForeignKey(b => b.OwnerId).OnDelete(DeleteBehavior.SetNull);
            e.HasOne<Flag>().WithMany().HasForeignKey(b => b.FlagCode).HasPrincipalKey(f => f.Code).OnDelete(DeleteBehavior.SetNull);
            e.HasOne<Boat>().WithMany().HasForeignKey(b => b.TowedById).OnDelete(DeleteBehavior.Cascade);
            e.HasOne<Yard>().WithMany().HasForeignKey(b => b.YardId).OnDelete(DeleteBehavior.Restrict);
            e.OwnsOne(b => b.Papers, p => p.HasOne<Office>().WithMany().HasForeignKey(x => x.OfficeId).OnDelete(DeleteBehavior.SetNull));
            e.OwnsMany(
                b => b.Buoys,
                p =>
                {
                    p.HasKey(x => x.Id);
                    p.HasOne<Chain>().WithMany().HasForeignKey(x => x.ChainId).OnDelete(DeleteBehavior.Cascade);
                }
            );
            e.HasMany(b => b.Crew).WithMany(c => c.Boats);
        });
        modelBuilder.Entity<Sail>().HasOne<Maker>().WithMany().HasForeignKey(s => s.MakerId).OnDelete(DeleteBehavior.SetNull);
        modelBuilder.Entity<Patch>().HasOne<Cloth>().WithMany().HasForeignKey(p => p.ClothId).OnDelete(DeleteBehavior.Cascade);
        modelBuilder.AddStatecast();
    }
}

[StateContract("ways.boat")]
public sealed partial record BoatState(
    [StateKey] int Id,
    string Name,
    int? OwnerId,
    string? Flag,
    int? TowedBy,
    int? Office,
    ImmutableArray<string> Sails,
    ImmutableArray<int> Chains,
    ImmutableArray<int> Crew
);
