using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Integration.Tests.Ways.CompiledModel;
using Xunit;

namespace Statecast.Integration.Tests.Ways;

/// <summary>
/// A context with a compiled model, as <c>dotnet ef dbcontext optimize</c> writes it from <see cref="GardenDb"/> (without the assembly attribute; write it
/// anew when the context changes).
/// </summary>
public sealed class CompiledModelTests : IAsyncLifetime
{
    private WayWorld<GardenDb> _world = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await WayWorld<GardenDb>.CreateAsync(Publish, o => o.UseModel(GardenDbModel.Instance));
        await _world.SaveAsync(db =>
        {
            var tool = new Tool { Id = 1 };
            db.AddRange(new Gardener { Id = 1 }, new Seed { Id = 1, Code = "s" });
            db.Add(
                new Bed
                {
                    Id = 1,
                    GardenerId = 1,
                    Soil = new() { Kind = "loam" },
                    Labels = [new() { Text = "a" }],
                    Plants = [new() { Id = 1, Fruits = [new() { Id = 1, Grams = 5 }] }, new() { Id = 2, SeedCode = "s" }],
                    Tools = [tool],
                }
            );
            db.Add(new RaisedBed { Id = 2, Height = 40 });
        });
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Model_is_the_compiled_one_and_says_the_same()
    {
        await using var db = _world.Open();
        Assert.Same(GardenDbModel.Instance, db.Model);
        Assert.IsAssignableFrom<RuntimeModel>(db.Model);
        // Else the tests here would show what a forgotten run of the tool had written.
        await using var built = new GardenDb(
            new DbContextOptionsBuilder<GardenDb>()
                .UseSqlite("Data Source=:memory:")
                .ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning))
                .Options
        );
        Assert.Equal(Shape(built.Model), Shape(db.Model));
    }

    public static TheoryData<string, Action<GardenDb>, string, string> Changes =>
        new()
        {
            { "the root", db => db.Set<Bed>().Single(b => b.Id == 1).Name = "x", "U1,U2", "U1" },
            { "a derived root", db => db.Set<RaisedBed>().Single().Height = 50, "U1", "U1,U2" },
            { "what it owns", db => db.Set<Bed>().Single(b => b.Id == 1).Soil.Kind = "sand", "U1,U2", "U1" },
            { "owned JSON", db => db.Set<Bed>().Single(b => b.Id == 1).Labels.Add(new() { Text = "b" }), "U1,U2", "U1" },
            { "a complex property", db => db.Set<Bed>().Single(b => b.Id == 2).Size.Metres = 3, "U1", "U1,U2" },
            { "a child alone", db => db.Set<Plant>().Single(p => p.Id == 1).BedId = 2, "U1,U2", "U1,U2" },
            { "a grandchild alone", db => db.Set<Fruit>().Single().Grams = 7, "U1,U2", "U1" },
            { "a child that goes", db => db.Remove(new Plant { Id = 2 }), "U1,U2", "U1" },
            {
                "a link",
                db => db.Set<Bed>().Include(b => b.Tools).Single(b => b.Id == 2).Tools.Add(db.Set<Tool>().Single()),
                "U1",
                "U1,U2"
            },
            { "a cascade that sets null", db => db.Remove(new Gardener { Id = 1 }), "U1,U2", "U1" },
            { "a cascade by an alternate key", db => db.Remove(new Seed { Id = 1 }), "U1,U2", "U1" },
            { "a cascade into links", db => db.Remove(new Tool { Id = 1 }), "U1,U2", "U1" },
            { "the root that goes", db => db.Remove(db.Set<Bed>().Single(b => b.Id == 1)), "U1,D2", "U1" },
        };

    [Theory(DisableDiscoveryEnumeration = true), MemberData(nameof(Changes))]
    public async Task Change_under_a_compiled_model_is_captured(string what, Action<GardenDb> change, string first, string second)
    {
        await _world.SaveAsync(change);

        var stories = (_world.Story("ways.bed", "1"), _world.Story("ways.bed", "2"));
        Assert.True((first, second) == stories, $"{what}: {stories}");
        AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Republish_under_a_compiled_model()
    {
        _world.Sql("UPDATE Bed SET Name = 'past capture' WHERE Id = 1; DELETE FROM Bed WHERE Id = 2");
        await _world.RepublishAsync("ways.bed");

        Assert.Equal(("U1,U2", "U1,D2"), (_world.Story("ways.bed", "1"), _world.Story("ways.bed", "2")));
        AssertCapturedEqualsRows();
    }

    [Fact]
    public void Guards_know_a_compiled_model()
    {
        using var db = _world.Open();
        Assert.Throws<InvalidOperationException>(() => db.Set<Fruit>().ExecuteDelete());
        Assert.Throws<InvalidOperationException>(() => db.Set<Gardener>().ExecuteDelete());
        Assert.Throws<InvalidOperationException>(() => db.Database.ExecuteSqlRaw("DELETE FROM Plant"));
    }

    private void AssertCapturedEqualsRows() =>
        _world.AssertCapturedEqualsRows(
            db => db.Set<Bed>().AsNoTracking().AsSplitQuery().Include(b => b.Plants).ThenInclude(p => p.Fruits).Include(b => b.Tools),
            b => b.State()
        );

    private static void Publish(EfSourceBuilder<GardenDb> db) => db.Publish<Bed, BedState>(b => b.State()).ReadsAlso(b => b.Tools);

    private static string Shape(IModel model) =>
        model.ToDebugString(MetadataDebugStringOptions.LongDefault & ~MetadataDebugStringOptions.IncludeAnnotations);
}
