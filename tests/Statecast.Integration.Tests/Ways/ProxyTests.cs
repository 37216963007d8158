using System.Collections.Immutable;
using System.Collections.ObjectModel;
using Microsoft.EntityFrameworkCore;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore;
using Xunit;

namespace Statecast.Integration.Tests.Ways;

/// <summary>Entities that are proxies: their navigations load by themselves, or they notice their changes themselves.</summary>
public sealed class ProxyTests
{
    public static TheoryData<string, Action<DbContextOptionsBuilder>> Kinds =>
        new()
        {
            { "lazy loading", o => o.UseLazyLoadingProxies() },
            { "change tracking", o => o.UseChangeTrackingProxies() },
            { "both", o => o.UseLazyLoadingProxies().UseChangeTrackingProxies() },
        };

    [Theory(DisableDiscoveryEnumeration = true), MemberData(nameof(Kinds))]
    public async Task Every_change_of_a_proxied_aggregate_is_captured(string kind, Action<DbContextOptionsBuilder> proxies)
    {
        await using var world = await WayWorld<BandDb>.CreateAsync(
            db => db.Publish<Band, BandState>(b => b.State()).Except(b => b.Fans),
            proxies
        );
        await world.SaveAsync(Fill);
        await using (var db = world.Open())
            Assert.True((await db.Set<Song>().FirstAsync()).GetType() != typeof(Song), $"{kind}: no proxies");

        // A child without its root.
        await world.SaveAsync(db => db.Set<Song>().Single(s => s.Id == 1).Title = "changed");
        Assert.Equal("U1,U2", world.Story("ways.band", "1"));
        // A move, by the foreign key: both roots change, neither is loaded.
        await world.SaveAsync(db => db.Set<Song>().Single(s => s.Id == 2).BandId = 2);
        Assert.Equal(("U1,U2,U3", "U1,U2"), (world.Story("ways.band", "1"), world.Story("ways.band", "2")));
        // A move by the navigations.
        await world.SaveAsync(db =>
        {
            var to = db.Set<Band>().Include(b => b.Songs).Single(b => b.Id == 1);
            to.Songs.Add(db.Set<Song>().Single(s => s.Id == 3));
        });
        Assert.Equal(("U1,U2,U3,U4", "U1,U2,U3"), (world.Story("ways.band", "1"), world.Story("ways.band", "2")));
        // A child deleted, then a root with the children that the database takes along.
        await world.SaveAsync(db => db.Remove(db.Set<Song>().Single(s => s.Id == 3)));
        await world.SaveAsync(db => db.Remove(db.Set<Band>().Single(b => b.Id == 2)));
        Assert.Equal(("U1,U2,U3,U4,U5", "U1,U2,U3,D4"), (world.Story("ways.band", "1"), world.Story("ways.band", "2")));
        world.AssertCapturedEqualsRows(Rows, b => b.State());

        world.Sql("UPDATE Band SET Name = 'past capture' WHERE Id = 1");
        await world.RepublishAsync("ways.band");
        Assert.Equal("U1,U2,U3,U4,U5,U6", world.Story("ways.band", "1"));
        world.AssertCapturedEqualsRows(Rows, b => b.State());
    }

    [Fact]
    public async Task Children_that_were_loaded_lazily_are_captured()
    {
        await using var world = await WayWorld<BandDb>.CreateAsync(
            db => db.Publish<Band, BandState>(b => b.State()).Except(b => b.Fans),
            o => o.UseLazyLoadingProxies()
        );
        await world.SaveAsync(Fill);
        await world.SaveAsync(db => db.Set<Band>().Single(b => b.Id == 1).Songs.Single(s => s.Id == 2).Title = "changed");
        await world.SaveAsync(db => db.Set<Song>().Single(s => s.Id == 3).Band!.Name = "renamed");

        Assert.Equal(("U1,U2", "U1,U2"), (world.Story("ways.band", "1"), world.Story("ways.band", "2")));
        world.AssertCapturedEqualsRows(Rows, b => b.State());
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Map_loads_nothing_that_is_not_read(bool synchronous)
    {
        await using var world = await WayWorld<BandDb>.CreateAsync(
            db => db.Publish<Band, BandState>(b => b.State() with { Name = $"{b.Name} with {b.Fans.Count} fans" }).Except(b => b.Fans),
            o => o.UseLazyLoadingProxies()
        );
        await world.SaveAsync(Fill);
        await using var db = world.Open();
        var band = await db.Set<Band>().SingleAsync(b => b.Id == 1);
        band.Name = "renamed";
        if (synchronous)
            db.SaveChanges();
        else
            await db.SaveChangesAsync();

        // A fan who comes later is not captured, so one who was there before must not show either.
        Assert.Equal(1, world.Number("SELECT count(*) FROM Fan WHERE BandId = 1"));
        Assert.Equal(1, world.Number("SELECT count(*) FROM statecast_outbox WHERE CAST(body AS TEXT) LIKE '%renamed with 0 fans%'"));
        // The application's own entities load as before.
        Assert.True(db.ChangeTracker.LazyLoadingEnabled);
        Assert.Single(band.Fans);
    }

    private static IEnumerable<Band> Rows(BandDb db) => db.Set<Band>().AsNoTracking().Include(b => b.Songs);

    private static void Fill(BandDb db)
    {
        // A change-tracking proxy must be made as one; with plain or lazy proxies any instance will do.
        var first = New<Band>(db, b => (b.Id, b.Name) = (1, "first"));
        var second = New<Band>(db, b => (b.Id, b.Name) = (2, "second"));
        first.Songs.Add(New<Song>(db, s => (s.Id, s.Title) = (1, "one")));
        first.Songs.Add(New<Song>(db, s => (s.Id, s.Title) = (2, "two")));
        second.Songs.Add(New<Song>(db, s => (s.Id, s.Title) = (3, "three")));
        first.Fans.Add(New<Fan>(db, f => f.Id = 1));
        db.AddRange(first, second);
    }

    private static T New<T>(BandDb db, Action<T> fill)
        where T : class => db.CreateProxy<T>(fill);
}

public class Band
{
    public virtual int Id { get; set; }
    public virtual string Name { get; set; } = "";
    public virtual ICollection<Song> Songs { get; set; } = new ObservableCollection<Song>();
    public virtual ICollection<Fan> Fans { get; set; } = new ObservableCollection<Fan>();

    public BandState State() => new(Id, Name, [.. Songs.OrderBy(s => s.Id).Select(s => s.Title)]);
}

public class Song
{
    public virtual int Id { get; set; }
    public virtual int BandId { get; set; }
    public virtual string Title { get; set; } = "";
    public virtual Band? Band { get; set; }
}

public class Fan
{
    public virtual int Id { get; set; }
    public virtual int BandId { get; set; }
}

public class BandDb(DbContextOptions<BandDb> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Band>();
        modelBuilder.AddStatecast();
    }
}

[StateContract("ways.band")]
public sealed partial record BandState([StateKey] int Id, string Name, ImmutableArray<string> Songs);
