using Microsoft.EntityFrameworkCore;
using Statecast.Events;
using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>A deleted key keeps its head for ever, and whatever is created again goes on above it.</summary>
public sealed class CaptureDeleteTests : IAsyncLifetime
{
    private CaptureWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await CaptureWorld.CreateAsync();

    public ValueTask DisposeAsync()
    {
        _world.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void Delete_has_no_body_and_leaves_a_tombstone_head()
    {
        using var db = _world.Open();
        var order = db.Add(CaptureWorld.NewOrder()).Entity;
        db.SaveChanges();
        db.Remove(order);
        db.SaveChanges();

        var deleted = _world.Outbox()[^1];
        Assert.Equal(StateOperation.Delete, deleted.Operation);
        Assert.Null(deleted.Body);
        Assert.Null(deleted.Content);
        Assert.Equal(1, _world.Number("SELECT count(*) FROM statecast_head WHERE deleted = 1 AND revision = 2"));
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Delete_by_a_stub_lets_the_database_cascade()
    {
        var id = _world.Save(db => db.Add(CaptureWorld.NewOrder()).Entity).Id;
        using var db = _world.Open();
        db.Remove(new Order { Id = id, Address = new() });
        db.SaveChanges();

        Assert.Equal("U1,D2", _world.Story());
        Assert.Equal(0, _world.Number("SELECT count(*) FROM Lines"));
    }

    [Fact]
    public void Insert_and_delete_of_two_roots_in_one_save()
    {
        var old = _world.Save(db => db.Add(CaptureWorld.NewOrder()).Entity).Id;
        using var db = _world.Open();
        db.Add(CaptureWorld.NewOrder());
        db.Remove(db.Orders.Include(o => o.Lines).Single(o => o.Id == old));
        db.SaveChanges();

        Assert.Equal("D2,U1,U1".Split(',').Order(), _world.Story().Split(',').Order());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Delete_and_create_again_later_goes_on_above_the_tombstone()
    {
        var order = CaptureWorld.NewOrder();
        _world.Save(db => db.Add(order));
        _world.Save(db => db.Remove(db.Orders.Single()));
        // Equal content: a comparison of content alone would publish nothing.
        _world.Save(db =>
        {
            var again = CaptureWorld.NewOrder();
            again.Id = order.Id;
            return db.Add(again);
        });

        Assert.Equal("U1,D2,U3", _world.Story());
        Assert.Equal(_world.Outbox()[0].Content, _world.Outbox()[2].Content);
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Delete_and_create_again_in_one_save()
    {
        var id = _world.Save(db => db.Add(CaptureWorld.NewOrder()).Entity).Id;
        using var db = _world.Open();
        db.Remove(db.Orders.Include(o => o.Lines).Single());
        var again = CaptureWorld.NewOrder(1);
        again.Id = id;
        db.Add(again);
        db.SaveChanges();

        Assert.Equal("U1,U2", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Delete_and_create_again_in_one_transaction()
    {
        var id = _world.Save(db => db.Add(CaptureWorld.NewOrder()).Entity).Id;
        using var db = _world.Open();
        using (var transaction = db.Database.BeginTransaction())
        {
            db.Remove(db.Orders.Single());
            db.SaveChanges();
            var again = CaptureWorld.NewOrder(1);
            again.Id = id;
            db.Add(again);
            db.SaveChanges();
            transaction.Commit();
        }

        Assert.Equal("U1,D2,U3", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Insert_and_delete_in_one_transaction_end_deleted()
    {
        using var db = _world.Open();
        using (var transaction = db.Database.BeginTransaction())
        {
            var order = db.Add(CaptureWorld.NewOrder()).Entity;
            db.SaveChanges();
            db.Remove(order);
            db.SaveChanges();
            transaction.Commit();
        }

        Assert.Equal("U1,D2", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Child_cut_off_from_an_optional_parent_publishes_the_parent()
    {
        _world.Save(db => db.Add(new Invoice { Number = "n", Items = [new() { Text = "a" }, new() { Text = "b" }] }));
        using var db = _world.Open();
        db.Set<InvoiceItem>().First().InvoiceId = null;
        db.SaveChanges();

        Assert.Equal("U1,U2", _world.Story());
        _world.AssertCapturedEqualsRows();
    }
}
