using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Statecast.Events;
using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>What a save publishes, and what it does to the application's own context.</summary>
public sealed class CaptureCaseTests : CaptureCase
{
    [Fact]
    public void Insert_publishes_what_the_database_made_of_it()
    {
        using var db = World.Open();
        var order = CaptureWorld.NewOrder();
        order.At = order.At.AddTicks(1_234_567);
        db.Add(order);
        var rows = db.SaveChanges();

        Assert.Equal(3, rows);
        var captured = Assert.Single(World.Outbox());
        Assert.Equal(StateOperation.Upsert, captured.Operation);
        Assert.Equal(1, captured.Revision);
        // The value converter cut the time, and the application's own interceptor ran after the map could have.
        Assert.Contains("\"at\":\"2026-01-02T03:04:05", captured.Body);
        Assert.Contains("\"modifiedBy\":\"audit\"", captured.Body);
        World.AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Async_save_captures_like_a_synchronous_one()
    {
        await using var db = World.Open();
        db.Add(CaptureWorld.NewOrder());
        await db.SaveChangesAsync();

        Assert.Equal("U1", World.Story());
        World.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Row_holds_route_lane_schema_and_capture_time()
    {
        var order = World.Save(db => db.Add(CaptureWorld.NewOrder()).Entity);

        var row = Assert.Single(World.Outbox());
        Assert.Equal("test", row.Carrier);
        Assert.Equal("test.order.v1", row.Destination);
        Assert.Equal(Contracts.KeyText.Lane(order.Id.ToString(), 8), row.Lane);
        Assert.Equal("json", row.Codec);
        Assert.Equal(CaptureWorld.ContractOf<OrderState>().SchemaFingerprint, row.Schema);
        Assert.NotNull(row.Content);
        Assert.Equal(World.Clock.GetUtcNow().ToUnixTimeMilliseconds() * 1000, row.CapturedAt);
        Assert.Equal(Contracts.KeyText.Bucket(row.Key), World.Number("SELECT bucket FROM statecast_head"));
    }

    [Fact]
    public void Undetected_change_is_neither_written_nor_published()
    {
        var id = Existing();
        using var db = World.Open();
        db.ChangeTracker.AutoDetectChangesEnabled = false;
        db.Orders.Single(o => o.Id == id).Status = "not detected";

        Assert.Equal(0, db.SaveChanges());
        Assert.Equal("U1", World.Story());
        db.ChangeTracker.DetectChanges();
        db.SaveChanges();
        Assert.Equal("U1,U2", World.Story());
        World.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Hundreds_of_roots_in_one_save()
    {
        using var db = World.Open();
        for (var i = 0; i < 300; i++)
            db.Add(CaptureWorld.NewOrder(1));
        db.SaveChanges();

        Assert.Equal(300, World.Outbox().Count);
        Assert.Equal(World.Store.Locked.Order(StringComparer.Ordinal), World.Store.Locked);
        World.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Several_contracts_in_one_save_lock_in_contract_order()
    {
        using var db = World.Open();
        db.Add(new Ticket { Id = new(Guid.NewGuid()), Code = "T" });
        db.Add(CaptureWorld.NewOrder());
        db.Add(new Doc());
        db.Add(new Shipment { Region = "r", Number = 1 });
        db.SaveChanges();

        Assert.Equal(["lock", "write"], World.Store.Batches);
        Assert.Equal(4, World.Store.Locked.Count);
        Assert.Equal(World.Store.Locked.Order(StringComparer.Ordinal), World.Store.Locked);
        World.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Nothing_of_ours_enters_the_tracker()
    {
        using var db = World.Open();
        var order = db.Add(CaptureWorld.NewOrder()).Entity;
        db.SaveChanges();

        Assert.Equal(4, db.ChangeTracker.Entries().Count());
        Assert.All(db.ChangeTracker.Entries(), e => Assert.Equal(EntityState.Unchanged, e.State));
        Assert.Same(order, db.Orders.Local.Single());
    }

    [Fact]
    public void Save_without_accepting_changes_can_be_repeated()
    {
        using var db = World.Open();
        db.Add(CaptureWorld.NewOrder());
        db.SaveChanges(acceptAllChangesOnSuccess: false);
        World.AssertCapturedEqualsRows();
        db.ChangeTracker.AcceptAllChanges();
        db.SaveChanges();

        Assert.Equal("U1", World.Story());
    }

    [Fact]
    public void Content_outside_the_contract_publishes_nothing()
    {
        var id = Existing();
        using var db = World.Open();
        db.Orders.Single(o => o.Id == id).Internal = "not shared";
        db.SaveChanges();

        Assert.Equal("U1", World.Story());
    }

    [Fact]
    public void Options_extension_works_before_the_provider_too()
    {
        var options = new DbContextOptionsBuilder<ShopDb>();
        EntityFrameworkCore.DbContextOptionsBuilderExtensions.UseStatecast(options, World.Source);
        options.UseSqlite(World.ConnectionString);
        options.ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning));
        using var db = new ShopDb(options.Options);
        db.Add(CaptureWorld.NewOrder());
        db.SaveChanges();

        Assert.Equal("U1", World.Story());
        World.AssertCapturedEqualsRows();
    }
}
