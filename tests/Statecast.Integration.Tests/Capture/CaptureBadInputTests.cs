using System.Text;
using Microsoft.EntityFrameworkCore;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Publishing;
using Statecast.Serialization.Json;
using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>What cannot be published fails the save, where the caller can mend it, and says what is wrong.</summary>
public sealed class CaptureBadInputTests
{
    [Fact]
    public async Task State_above_the_size_limit_fails_the_save()
    {
        using var world = await CaptureWorld.CreateAsync(o =>
            o.Publish = db => db.Publish<Order, OrderState>(OrderState.From).IgnoreFilters().Except(x => x.Tags).MaxEventBytes(2_000)
        );
        using var db = world.Open();
        var order = db.Add(CaptureWorld.NewOrder()).Entity;
        db.SaveChanges();
        order.Status = new('x', 3_000);

        var error = Assert.Throws<CaptureException>(() => db.SaveChanges());
        Assert.Equal(("test.order", order.Id.ToString()), (error.Contract, error.Key));
        Assert.Contains("test.order", error.Message);
        Assert.Contains(order.Id.ToString(), error.Message);
        Assert.Matches("3,[0-9]{3} bytes", error.Message);
        Assert.Contains("2,000", error.Message);
        Assert.Contains("MaxEventBytes", error.Message);
        Assert.Equal(0, world.Number("SELECT count(*) FROM Orders WHERE length(Status) > 2000"));
        // Another key goes on.
        order.Status = "short";
        db.Add(CaptureWorld.NewOrder());
        db.SaveChanges();
        Assert.Equal(3, world.Outbox().Count);
    }

    [Fact]
    public async Task Local_time_in_a_state_fails_the_save_and_names_the_property()
    {
        using var world = await CaptureWorld.CreateAsync(o =>
            o.Publish = db =>
                db.Publish<Order, OrderState>(x => OrderState.From(x) with { At = DateTime.SpecifyKind(x.At, DateTimeKind.Local) })
                    .IgnoreFilters()
                    .Except(x => x.Tags)
        );
        using var db = world.Open();
        db.Add(CaptureWorld.NewOrder());

        var error = Assert.Throws<StateValueException>(() => db.SaveChanges());
        Assert.Contains("At", error.Path);
        Assert.Equal(0, world.Number("SELECT count(*) FROM Orders"));
        Assert.Empty(world.Outbox());
    }

    [Fact]
    public async Task Map_that_throws_fails_the_save_and_says_what_it_saw()
    {
        using var world = await CaptureWorld.CreateAsync(o =>
            o.Publish = db =>
                db.Publish<Order, OrderState>(_ => throw new NullReferenceException("planted")).IgnoreFilters().Except(x => x.Tags)
        );
        using var db = world.Open();
        db.Add(CaptureWorld.NewOrder());

        var error = Assert.Throws<CaptureException>(() => db.SaveChanges());
        Assert.Contains("Order threw NullReferenceException: planted", error.Message);
        Assert.Contains("Lines, Lines.Notes (left out: Tags)", error.Message);
        Assert.IsType<NullReferenceException>(error.InnerException);
        Assert.Equal(0, world.Number("SELECT count(*) FROM Orders"));
    }

    [Fact]
    public async Task Map_that_returns_null_or_another_key_fails_the_save()
    {
        using var world = await CaptureWorld.CreateAsync(o =>
            o.Publish = db =>
            {
                db.Publish<Order, OrderState>(x => x.Status == "null" ? null! : OrderState.From(x) with { Id = Guid.Empty })
                    .IgnoreFilters()
                    .Except(x => x.Tags);
            }
        );
        using var db = world.Open();
        var order = db.Add(CaptureWorld.NewOrder()).Entity;

        var other = Assert.Throws<CaptureException>(() => db.SaveChanges());
        Assert.Contains(Guid.Empty.ToString(), other.Message);
        Assert.Contains("[StateKey]", other.Message);
        order.Status = "null";
        Assert.Contains("returned null", Assert.Throws<CaptureException>(() => db.SaveChanges()).Message);
    }

    [Fact]
    public async Task Missing_adapter_fails_the_save_too()
    {
        using var world = await CaptureWorld.CreateAsync(o => (o.WithAdapter, o.Prepare) = (false, false));
        using var db = world.Open();
        db.Add(CaptureWorld.NewOrder());

        Assert.Contains("Statecast.Sqlite", Assert.Throws<SourceException>(() => db.SaveChanges()).Message);
        Assert.Equal(0, world.Number("SELECT count(*) FROM Orders"));
    }

    [Fact]
    public async Task Missing_carrier_fails_the_save()
    {
        using var world = await CaptureWorld.CreateAsync(o => (o.Carriers, o.Prepare) = ([], false));
        using var db = world.Open();
        db.Add(CaptureWorld.NewOrder());

        Assert.Contains("no carrier", Assert.Throws<InvalidOperationException>(() => db.SaveChanges()).Message);
        Assert.Equal(0, world.Number("SELECT count(*) FROM Orders"));
    }

    [Fact]
    public async Task Missing_tables_fail_the_save_and_say_how_to_make_them()
    {
        using var world = await CaptureWorld.CreateAsync(o => o.Prepare = false);
        world.Sql("DROP TABLE statecast_head");
        using var db = world.Open();
        db.Add(CaptureWorld.NewOrder());

        var error = Assert.Throws<SourceException>(() => db.SaveChanges());
        Assert.Contains("statecast_head", error.Message);
        Assert.Contains("modelBuilder.AddStatecast()", error.Message);
        Assert.Contains("migration", error.Message);
        Assert.Equal(0, world.Number("SELECT count(*) FROM Orders"));
    }

    [Fact]
    public async Task Tables_of_another_layout_stop_the_start()
    {
        using var world = await CaptureWorld.CreateAsync(o => o.Prepare = false);
        world.Sql("INSERT INTO statecast_source (id, epoch, layout) VALUES (1, 5, 99)");

        var error = await Assert.ThrowsAsync<SourceException>(async () => await world.Source.PrepareAsync(CancellationToken.None));
        Assert.Contains("layout 99", error.Message);
    }

    [Fact]
    public async Task Contract_that_changed_leaves_old_rows_readable_and_republishes()
    {
        using var world = await CaptureWorld.CreateAsync(o =>
            o.Publish = db => db.Publish<Doc, Old.PaperState>(d => new(d.Id, d.Price.Amount))
        );
        await RepublishTests.DrainAsync(world, 10);
        world.Save(db => db.Add(new Doc { Price = new() { Amount = 3 } }));
        await using var next = await NextVersion.OfAsync(
            world,
            db => db.Publish<Doc, New.PaperState>(d => new(d.Id, d.Price.Amount, d.Price.Currency))
        );
        await RepublishTests.DrainAsync(next.Source, 10);

        var rows = world.Outbox();
        Assert.Equal("U1,S2", world.Story());
        Assert.NotEqual(rows[0].Schema, rows[1].Schema);
        // The old row still says by which schema it was written, and the new contract reads it.
        var read = new JsonStateCodec().Decode(
            CaptureWorld.ContractOf<New.PaperState>(),
            rows[0].Schema,
            Encoding.UTF8.GetBytes(rows[0].Body!)
        );
        Assert.Equal(new New.PaperState(1, 3, null), read);
    }
}

internal static partial class Old
{
    [StateContract("test.paper")]
    public sealed partial record PaperState([StateKey] int Id, int Amount);
}

// One contract's shapes over time, which an application never holds together.
#pragma warning disable STC1007
internal static partial class New
{
    [StateContract("test.paper")]
    public sealed partial record PaperState([StateKey] int Id, int Amount, string? Currency);
}
