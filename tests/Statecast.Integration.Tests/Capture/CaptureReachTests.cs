using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>Whatever of an aggregate was changed, and whatever of it was loaded: its root is found, and all of it is published.</summary>
public sealed class CaptureReachTests : CaptureCase
{
    [Fact]
    public void Root_changed_without_its_children_loaded()
    {
        var id = Existing();
        using var db = World.Open();
        db.Orders.Single(o => o.Id == id).Status = "paid";
        db.SaveChanges();

        Assert.Equal("U1,U2", World.Story());
        World.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Child_changed_without_the_root_loaded()
    {
        Existing();
        using var db = World.Open();
        db.Lines.First().Quantity = 99;
        db.SaveChanges();

        Assert.Equal("U1,U2", World.Story());
        World.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Child_deleted_by_a_stub_without_the_root_loaded()
    {
        Existing();
        using var db = World.Open();
        db.Remove(db.Lines.AsNoTracking().First());
        db.SaveChanges();

        Assert.Equal("U1,U2", World.Story());
        World.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Grandchild_added_and_removed_with_nothing_else_loaded()
    {
        Existing();
        using (var db = World.Open())
        {
            db.Add(new LineNote { LineId = db.Lines.AsNoTracking().First().Id, Text = "fragile" });
            db.SaveChanges();
            World.AssertCapturedEqualsRows();
        }
        using (var db = World.Open())
        {
            db.Remove(db.Set<LineNote>().Single());
            db.SaveChanges();
        }

        Assert.Equal("U1,U2,U3", World.Story());
        World.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Owned_entity_changed_without_the_root_modified()
    {
        var id = Existing();
        using var db = World.Open();
        var order = db.Orders.Single(o => o.Id == id);
        order.Address.City = "elsewhere";
        db.SaveChanges();
        order.Address = new() { City = "replaced" };
        db.SaveChanges();

        Assert.Equal("U1,U2,U3", World.Story());
        World.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Child_moved_between_two_roots_publishes_both()
    {
        var from = Existing();
        var to = World.Save(db => db.Add(CaptureWorld.NewOrder(0)).Entity).Id;
        using var db = World.Open();
        db.Lines.First(l => l.OrderId == from).OrderId = to;
        db.SaveChanges();

        var last = World.Outbox().TakeLast(2).Select(r => r.Key).Order(StringComparer.Ordinal);
        Assert.Equal(new[] { from, to }.Select(i => i.ToString()).Order(StringComparer.Ordinal), last);
        World.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Grandchild_moved_between_two_roots_publishes_both()
    {
        Existing();
        var other = World.Save(db => db.Add(CaptureWorld.NewOrder()).Entity);
        World.Save(db => db.Add(new LineNote { LineId = db.Lines.AsNoTracking().First(l => l.OrderId != other.Id).Id, Text = "n" }).Entity);
        var before = World.Outbox().Count;
        using var db = World.Open();
        db.Set<LineNote>().Single().LineId = other.Lines[0].Id;
        db.SaveChanges();

        Assert.Equal(before + 2, World.Outbox().Count);
        World.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Many_to_many_link_publishes_its_root()
    {
        var id = Existing();
        using var db = World.Open();
        var order = db.Orders.Include(o => o.Tags).Single(o => o.Id == id);
        order.Tags.Add(new() { Name = "gift" });
        db.SaveChanges();
        World.AssertCapturedEqualsRows();
        order.Tags.Clear();
        db.SaveChanges();

        Assert.Equal("U1,U2,U3", World.Story());
        World.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Filtered_include_does_not_publish_a_part()
    {
        var id = Existing();
        using var db = World.Open();
        var order = db.Orders.Include(o => o.Lines.Where(l => l.Quantity > 1)).Single(o => o.Id == id);
        order.Status = "filtered";
        db.SaveChanges();

        Assert.Contains("sku0", World.Outbox()[^1].Body);
        World.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Disconnected_update_publishes_all_rows_not_the_part_sent()
    {
        var id = Existing();
        using var db = World.Open();
        var put = CaptureWorld.NewOrder(0);
        put.Id = id;
        put.Status = "put";
        db.Update(put);
        db.SaveChanges();

        Assert.Contains("sku1", World.Outbox()[^1].Body);
        World.AssertCapturedEqualsRows();
    }
}
