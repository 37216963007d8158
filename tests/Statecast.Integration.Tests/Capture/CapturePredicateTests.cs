using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>What a publication's predicate and the model's query filters do.</summary>
public sealed class CapturePredicateTests
{
    private static Task<CaptureWorld> WithPredicate() =>
        CaptureWorld.CreateAsync(o =>
            o.Publish = db => db.Publish<Order, OrderState>(OrderState.From).Except(x => x.Tags).Where(x => x.Status != "draft")
        );

    [Fact]
    public async Task Row_that_never_matched_publishes_nothing()
    {
        using var world = await WithPredicate();
        using var db = world.Open();
        var order = CaptureWorld.NewOrder();
        order.Status = "draft";
        db.Add(order);
        db.SaveChanges();
        db.Remove(order);
        db.SaveChanges();

        Assert.Empty(world.Outbox());
    }

    [Fact]
    public async Task Row_starts_stops_and_starts_to_match()
    {
        using var world = await WithPredicate();
        using var db = world.Open();
        var order = CaptureWorld.NewOrder();
        order.Status = "draft";
        db.Add(order);
        db.SaveChanges();
        foreach (var status in new[] { "open", "draft", "open" })
        {
            order.Status = status;
            db.SaveChanges();
        }
        db.Remove(order);
        db.SaveChanges();

        Assert.Equal("U1,D2,U3,D4", world.Story());
    }

    [Fact]
    public async Task Predicate_that_flips_back_with_equal_content_is_published()
    {
        using var world = await WithPredicate();
        using var db = world.Open();
        var order = db.Add(CaptureWorld.NewOrder()).Entity;
        db.SaveChanges();
        order.Status = "draft";
        db.SaveChanges();
        order.Status = "new";
        db.SaveChanges();

        Assert.Equal("U1,D2,U3", world.Story());
        Assert.Equal(world.Outbox()[0].Content, world.Outbox()[2].Content);
    }

    [Fact]
    public async Task Predicate_sees_the_aggregate_as_read_back()
    {
        using var world = await CaptureWorld.CreateAsync(o =>
            o.Publish = db => db.Publish<Order, OrderState>(OrderState.From).Except(x => x.Tags).Where(x => x.Lines.Count > 1)
        );
        var order = world.Save(db => db.Add(CaptureWorld.NewOrder(2)).Entity);
        world.Save(db => db.Remove(db.Lines.First(l => l.OrderId == order.Id)));

        Assert.Equal("U1,D2", world.Story());
    }

    [Fact]
    public async Task Soft_delete_is_published_as_an_upsert_past_the_filter()
    {
        using var world = await CaptureWorld.CreateAsync();
        var order = world.Save(db => db.Add(CaptureWorld.NewOrder()).Entity);
        using var db = world.Open();
        var loaded = db.Orders.Single(o => o.Id == order.Id);
        loaded.IsDeleted = true;
        loaded.Status = "archived";
        db.SaveChanges();

        Assert.Equal("U1,U2", world.Story());
        world.AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Soft_delete_is_published_as_a_delete_with_a_predicate()
    {
        using var world = await CaptureWorld.CreateAsync(o =>
            o.Publish = db => db.Publish<Order, OrderState>(OrderState.From).Except(x => x.Tags).Where(x => !x.IsDeleted)
        );
        var order = world.Save(db => db.Add(CaptureWorld.NewOrder()).Entity);
        using var db = world.Open();
        var loaded = db.Orders.Single(o => o.Id == order.Id);
        loaded.IsDeleted = true;
        db.SaveChanges();
        loaded.IsDeleted = false;
        db.SaveChanges();

        Assert.Equal("U1,D2,U3", world.Story());
    }

    [Fact]
    public async Task Navigation_left_out_publishes_nothing()
    {
        using var world = await CaptureWorld.CreateAsync(o =>
            o.Publish = db =>
                db.Publish<Order, OrderState>(OrderState.From).IgnoreFilters().Except(x => x.Tags, x => x.Lines.Select(l => l.Notes))
        );
        var order = world.Save(db => db.Add(CaptureWorld.NewOrder()).Entity);
        world.Save(db => db.Add(new LineNote { LineId = order.Lines[0].Id, Text = "n" }));
        Assert.Equal("U1", world.Story());
        world.Save(db => db.Add(new OrderLine { OrderId = order.Id, Sku = "new" }));

        Assert.Equal("U1,U2", world.Story());
    }

    [Fact]
    public async Task Named_navigations_alone_are_read()
    {
        using var world = await CaptureWorld.CreateAsync(o =>
            o.Publish = db => db.Publish<Order, OrderState>(OrderState.From).IgnoreFilters().Reads(x => x.Lines)
        );
        var order = world.Save(db => db.Add(CaptureWorld.NewOrder()).Entity);
        world.Save(db => db.Add(new LineNote { LineId = order.Lines[0].Id, Text = "n" }));
        world.Save(db => db.Lines.First().Quantity = 9);

        Assert.Equal("U1,U2", world.Story());
        Assert.DoesNotContain("\"n\"", world.Outbox()[^1].Body);
    }
}
