using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore;

namespace Statecast.Integration.Tests.Ways;

/// <summary>A context whose model is compiled (see CompiledModel): what only a design-time model knows is not there.</summary>
public class GardenDb(DbContextOptions<GardenDb> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Bed>(e =>
        {
            e.OwnsOne(b => b.Soil);
            e.OwnsMany(b => b.Labels, l => l.ToJson());
            e.ComplexProperty(b => b.Size);
            e.HasMany(b => b.Tools).WithMany(t => t.Beds);
            e.HasOne<Gardener>().WithMany().HasForeignKey(b => b.GardenerId).OnDelete(DeleteBehavior.SetNull);
        });
        modelBuilder.Entity<RaisedBed>();
        modelBuilder.Entity<Plant>(e =>
        {
            e.HasMany(p => p.Fruits).WithOne().HasForeignKey(f => f.PlantId);
            e.HasOne<Seed>().WithMany().HasForeignKey(p => p.SeedCode).HasPrincipalKey(s => s.Code).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.AddStatecast();
    }
}

public class Bed
{
    public int Id { get; set; }
    public string Name { get; set; } = "";
    public int? GardenerId { get; set; }
    public Soil Soil { get; set; } = new();
    public List<BedLabel> Labels { get; set; } = [];
    public BedSize Size { get; set; } = new();
    public List<Plant> Plants { get; set; } = [];
    public List<Tool> Tools { get; set; } = [];

    public BedState State() =>
        new(
            Id,
            Name,
            GardenerId,
            Soil.Kind,
            Size.Metres,
            (this as RaisedBed)?.Height,
            [.. Labels.Select(l => l.Text)],
            [.. Plants.OrderBy(p => p.Id).Select(p => $"{p.Id}:{string.Join('+', p.Fruits.Select(f => f.Grams).Order())}")],
            [.. Tools.Select(t => t.Id).Order()]
        );
}

public class RaisedBed : Bed
{
    public int Height { get; set; }
}

public class Soil
{
    public string Kind { get; set; } = "";
}

public class BedLabel
{
    public string Text { get; set; } = "";
}

public class BedSize
{
    public int Metres { get; set; }
}

public class Plant
{
    public int Id { get; set; }
    public int BedId { get; set; }
    public string? SeedCode { get; set; }
    public List<Fruit> Fruits { get; set; } = [];
}

public class Fruit
{
    public int Id { get; set; }
    public int PlantId { get; set; }
    public int Grams { get; set; }
}

public class Seed
{
    public int Id { get; set; }
    public string Code { get; set; } = "";
}

public class Gardener
{
    public int Id { get; set; }
}

public class Tool
{
    public int Id { get; set; }
    public List<Bed> Beds { get; set; } = [];
}

[StateContract("ways.bed")]
public sealed partial record BedState(
    [StateKey] int Id,
    string Name,
    int? Gardener,
    string Soil,
    int Metres,
    int? Height,
    ImmutableArray<string> Labels,
    ImmutableArray<string> Plants,
    ImmutableArray<int> Tools
);
