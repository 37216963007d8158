using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>What one context read, another moved before the first one saves: the tracker names a parent that is not the row's any more.</summary>
public sealed class StaleTrackerTests : IAsyncLifetime
{
    private CaptureWorld _world = null!;
    private Order _first = null!;
    private Order _second = null!;
    private Order _third = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await CaptureWorld.CreateAsync();
        _first = Existing(1);
        _second = Existing(1);
        _third = Existing(1);
    }

    public ValueTask DisposeAsync()
    {
        _world.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Changed_child_that_another_context_moved(bool synchronous)
    {
        using var stale = _world.Open();
        var line = stale.Lines.Single(l => l.OrderId == _first.Id);
        Move(_first, _second);

        line.Quantity = 99;
        if (synchronous)
            stale.SaveChanges();
        else
            await stale.SaveChangesAsync();

        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Deleted_child_that_another_context_moved()
    {
        using var stale = _world.Open();
        stale.Remove(stale.Lines.Single(l => l.OrderId == _first.Id));
        Move(_first, _second);

        stale.SaveChanges();

        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Child_moved_on_from_where_another_context_put_it()
    {
        using var stale = _world.Open();
        var line = stale.Lines.Single(l => l.OrderId == _first.Id);
        Move(_first, _second);

        line.OrderId = _third.Id;
        stale.SaveChanges();

        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Grandchild_of_a_tracked_child_that_another_context_moved()
    {
        var note = _world.Save(db => db.Add(new LineNote { LineId = _first.Lines[0].Id, Text = "n" }).Entity);
        using var stale = _world.Open();
        stale.Orders.Include(o => o.Lines).ThenInclude(l => l.Notes).Load();
        Move(_first, _second);

        stale.Set<LineNote>().Local.Single(n => n.Id == note.Id).Text = "changed";
        stale.SaveChanges();

        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Grandchild_added_below_a_tracked_child_that_another_context_moved()
    {
        using var stale = _world.Open();
        var line = stale.Lines.Single(l => l.OrderId == _first.Id);
        Move(_first, _second);

        line.Notes.Add(new() { Text = "new" });
        stale.SaveChanges();

        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Changed_child_without_a_parent_that_another_context_gave_one()
    {
        var invoice = _world.Save(db => db.Add(new Invoice { Number = "1" }).Entity);
        var item = _world.Save(db => db.Add(new InvoiceItem { Text = "loose" }).Entity);
        using var stale = _world.Open();
        var loose = stale.Set<InvoiceItem>().Single(i => i.Id == item.Id);
        _world.Save(db => db.Set<InvoiceItem>().Single(i => i.Id == item.Id).InvoiceId = invoice.Id);

        loose.Text = "changed";
        stale.SaveChanges();

        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Changed_child_of_a_root_that_another_context_deleted_after_moving_it()
    {
        using var stale = _world.Open();
        var line = stale.Lines.Single(l => l.OrderId == _first.Id);
        Move(_first, _second);
        _world.Save(db => db.Remove(db.Orders.Single(o => o.Id == _first.Id)).Entity);

        line.Quantity = 99;
        stale.SaveChanges();

        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Several_changed_children_are_asked_for_together()
    {
        var many = Existing(150);
        using var stale = _world.Open();
        var lines = stale.Lines.Where(l => l.OrderId == many.Id).ToList();
        Move(many, _second);

        foreach (var line in lines)
            line.Quantity++;
        stale.SaveChanges();

        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Child_moved_within_a_retried_save()
    {
        using var stale = _world.Open();
        var line = stale.Lines.Single(l => l.OrderId == _first.Id);
        line.Quantity = 99;
        _world.Store.BeforeWrite = () => throw new InvalidOperationException("once");
        await Assert.ThrowsAsync<InvalidOperationException>(() => stale.SaveChangesAsync());
        _world.Store.BeforeWrite = null;
        Move(_first, _second);

        await stale.SaveChangesAsync();

        _world.AssertCapturedEqualsRows();
    }

    private Order Existing(int lines)
    {
        var order = CaptureWorld.NewOrder(lines);
        // An order holds an article once, whichever orders its lines come from.
        foreach (var line in order.Lines)
            line.Sku = $"{order.Id}/{line.Sku}";
        return _world.Save(db => db.Add(order).Entity);
    }

    private void Move(Order from, Order to) =>
        _world.Save(db =>
        {
            foreach (var line in db.Lines.Where(l => l.OrderId == from.Id).ToList())
                line.OrderId = to.Id;
            return true;
        });
}
