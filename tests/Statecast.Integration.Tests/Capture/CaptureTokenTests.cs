using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Statecast.EntityFrameworkCore;
using Statecast.Events;
using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>What a save gives back and takes along: tokens, causes, trace context.</summary>
public sealed class CaptureTokenTests
{
    [Fact]
    public async Task Token_names_epoch_and_revision_of_the_last_save()
    {
        using var world = await CaptureWorld.CreateAsync();
        using var db = world.Open();
        var order = db.Add(CaptureWorld.NewOrder()).Entity;
        db.SaveChanges();
        order.Status = "paid";
        db.SaveChanges();

        var epoch = world.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        Assert.Equal(new StateToken("test.order", order.Id.ToString(), new(epoch, 2)), db.StateToken<OrderState>(order.Id));
        Assert.Equal(epoch, world.Number("SELECT epoch FROM statecast_source"));
    }

    [Fact]
    public async Task Save_that_changes_no_content_yields_the_current_token()
    {
        using var world = await CaptureWorld.CreateAsync();
        var order = world.Save(db => db.Add(CaptureWorld.NewOrder()).Entity);
        using var db = world.Open();
        db.Orders.Single().Internal = "not shared";
        db.SaveChanges();

        Assert.Equal(1, db.StateToken<OrderState>(order.Id).Revision.Number);
    }

    [Fact]
    public async Task Tokens_of_all_saves_of_a_transaction_stand()
    {
        using var world = await CaptureWorld.CreateAsync();
        using var db = world.Open();
        using var transaction = db.Database.BeginTransaction();
        var first = db.Add(CaptureWorld.NewOrder()).Entity;
        db.SaveChanges();
        var second = db.Add(CaptureWorld.NewOrder()).Entity;
        db.SaveChanges();
        transaction.Commit();

        Assert.Equal(1, db.StateToken<OrderState>(first.Id).Revision.Number);
        Assert.Equal(2, db.StateTokens().Count);
        db.Add(CaptureWorld.NewOrder());
        db.SaveChanges();
        Assert.Single(db.StateTokens());
        Assert.Throws<InvalidOperationException>(() => db.StateToken<OrderState>(second.Id));
    }

    [Fact]
    public async Task Failed_save_leaves_no_token()
    {
        using var world = await CaptureWorld.CreateAsync();
        using var db = world.Open();
        var order = db.Add(CaptureWorld.NewOrder()).Entity;
        world.Store.BeforeWrite = () => throw new InvalidOperationException("planted");
        Assert.Throws<InvalidOperationException>(() => db.SaveChanges());

        Assert.Throws<InvalidOperationException>(() => db.StateToken<OrderState>(order.Id));
    }

    [Fact]
    public async Task Token_of_a_composite_key_and_of_a_wrong_key_type()
    {
        using var world = await CaptureWorld.CreateAsync();
        using var db = world.Open();
        db.Add(new Shipment { Region = "r", Number = 1 });
        db.SaveChanges();

        Assert.Equal("r/1", db.StateToken<ShipmentState>(new ShipmentState.Key("r", 1)).Key);
        var error = Assert.Throws<ArgumentException>(() => db.StateToken<ShipmentState>(1));
        Assert.Contains("Int32", error.Message);
    }

    [Fact]
    public async Task Pooled_context_forgets_tokens_and_causes()
    {
        using var world = await CaptureWorld.CreateAsync(o => o.Kind = Registration.Pooled);
        ShopDb first;
        using (var scope = world.ServiceProvider.CreateScope())
        {
            first = scope.ServiceProvider.GetRequiredService<ShopDb>();
            first.Add(CaptureWorld.NewOrder());
            first.SaveChanges();
            Assert.Single(first.StateTokens());
            first.SetCause("LeftOver");
        }
        using (var scope = world.ServiceProvider.CreateScope())
        {
            var second = scope.ServiceProvider.GetRequiredService<ShopDb>();
            Assert.Same(first, second);
            Assert.Empty(second.StateTokens());
            second.Add(CaptureWorld.NewOrder());
            second.SaveChanges();
        }

        Assert.All(world.Outbox(), r => Assert.Null(r.Causes));
        world.AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Context_from_a_factory_is_captured()
    {
        using var world = await CaptureWorld.CreateAsync(o => o.Kind = Registration.Factory);
        await using var db = await world.ServiceProvider.GetRequiredService<IDbContextFactory<ShopDb>>().CreateDbContextAsync();
        db.Add(CaptureWorld.NewOrder());
        await db.SaveChangesAsync();

        world.AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Context_built_by_hand_says_that_it_is_not_captured()
    {
        using var world = await CaptureWorld.CreateAsync();
        using var db = world.Plain();

        var error = Assert.Throws<InvalidOperationException>(() => db.SetCause("OrderCreated"));
        Assert.Contains("UseStatecast", error.Message);
    }

    [Fact]
    public async Task Cause_of_a_save_reaches_everything_it_changed_once()
    {
        using var world = await CaptureWorld.CreateAsync();
        using var db = world.Open();
        var order = db.Add(CaptureWorld.NewOrder()).Entity;
        db.Add(new Doc());
        db.SetCause("OrderCreated");
        db.SetCause("Imported");
        db.SaveChanges();
        order.Status = "paid";
        db.SaveChanges();

        Assert.Equal(["OrderCreated,Imported", "OrderCreated,Imported", null], world.Outbox().Select(r => r.Causes));
    }

    [Fact]
    public async Task Cause_of_an_entity_reaches_only_its_aggregate()
    {
        using var world = await CaptureWorld.CreateAsync();
        using var db = world.Open();
        var first = db.Add(CaptureWorld.NewOrder()).Entity;
        var second = db.Add(CaptureWorld.NewOrder()).Entity;
        db.SaveChanges();
        // The root itself does not change, one of its lines does.
        first.Lines[0].Quantity = 50;
        second.Status = "paid";
        db.SetCause(first, "LineChanged");
        db.SetCause(second.Lines[0], "OrderPaid");
        db.SaveChanges();

        var causes = world.Outbox().TakeLast(2).ToDictionary(r => r.Key, r => r.Causes);
        Assert.Equal("LineChanged", causes[first.Id.ToString()]);
        Assert.Equal("OrderPaid", causes[second.Id.ToString()]);
    }

    [Fact]
    public async Task Cause_stays_for_the_retry_of_a_failed_save()
    {
        using var world = await CaptureWorld.CreateAsync();
        using var db = world.Open();
        db.Add(CaptureWorld.NewOrder());
        db.SetCause("OrderCreated");
        world.Store.BeforeWrite = () => throw new InvalidOperationException("planted");
        Assert.Throws<InvalidOperationException>(() => db.SaveChanges());
        world.Store.BeforeWrite = null;
        db.SaveChanges();

        Assert.Equal("OrderCreated", Assert.Single(world.Outbox()).Causes);
    }

    [Fact]
    public async Task Save_of_other_tables_uses_its_cause_up()
    {
        using var world = await CaptureWorld.CreateAsync();
        using var db = world.Open();
        db.Add(new Customer { Name = "c" });
        db.SetCause("CustomerCreated");
        db.SaveChanges();
        db.Add(CaptureWorld.NewOrder());
        db.SaveChanges();

        Assert.Null(Assert.Single(world.Outbox()).Causes);
    }

    // EF Core does not get as far as the database with it.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Save_of_nothing_uses_its_cause_up(bool pooled)
    {
        using var world = await CaptureWorld.CreateAsync(o => o.Kind = pooled ? Registration.Pooled : o.Kind);
        for (var i = 0; i < 2; i++)
        {
            using var scope = world.ServiceProvider.CreateScope();
            var db = scope.ServiceProvider.GetRequiredService<ShopDb>();
            var order = db.Add(CaptureWorld.NewOrder()).Entity;
            db.SaveChanges();
            db.SetCause("NothingChanged");
            db.SetCause(order, "NothingOfIt");
            db.SaveChanges();
            order.Status = "paid";
            db.SaveChanges();
        }

        Assert.All(world.Outbox(), r => Assert.Null(r.Causes));
    }

    [Fact]
    public async Task Token_of_no_key_says_which_argument()
    {
        using var world = await CaptureWorld.CreateAsync();
        using var db = world.Open();

        Assert.Equal("key", Assert.Throws<ArgumentNullException>(() => db.StateToken<OrderState>(null!)).ParamName);
    }

    [Fact]
    public async Task Trace_context_of_the_save_travels()
    {
        using var world = await CaptureWorld.CreateAsync();
        using var activity = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).Start();
        world.Save(db => db.Add(CaptureWorld.NewOrder()));

        Assert.Equal(activity.Id, Assert.Single(world.Outbox()).TraceParent);
    }

    [Fact]
    public async Task Head_holds_the_operation_id_of_its_transaction()
    {
        using var world = await CaptureWorld.CreateAsync();
        world.Save(db =>
        {
            db.Add(CaptureWorld.NewOrder());
            return db.Add(CaptureWorld.NewOrder());
        });
        world.Save(db => db.Add(CaptureWorld.NewOrder()));

        Assert.Equal(2, world.Number("SELECT count(DISTINCT operation_id) FROM statecast_head WHERE length(operation_id) = 16"));
    }

    [Fact]
    public async Task Context_saves_before_its_host_started()
    {
        using var world = await CaptureWorld.CreateAsync(o => o.Prepare = false);
        world.Save(db => db.Add(CaptureWorld.NewOrder()));

        Assert.Equal("U1", world.Story());
        Assert.Equal(world.Clock.GetUtcNow().ToUnixTimeMilliseconds(), world.Number("SELECT epoch FROM statecast_source"));
    }

    [Fact]
    public async Task Every_carrier_named_gets_a_row_of_its_own()
    {
        using var world = await CaptureWorld.CreateAsync(o =>
        {
            o.Carriers = ["first", "second"];
            o.Publish = db =>
            {
                db.Publish<Order, OrderState>(OrderState.From).IgnoreFilters().Except(o => o.Tags).Via("second", "first").Lanes(4);
                db.Publish<Doc, DocState>(DocState.From);
            };
        });
        world.Save(db =>
        {
            db.Add(CaptureWorld.NewOrder());
            return db.Add(new Doc());
        });

        Assert.Equal(
            ["test.doc@first", "test.order@first", "test.order@second"],
            world.Outbox().Select(r => $"{r.Contract}@{r.Carrier}").Order()
        );
        Assert.All(world.Outbox().Where(r => r.Contract == "test.order"), r => Assert.InRange(r.Lane, 0, 3));
    }
}
