using Microsoft.EntityFrameworkCore;

namespace Statecast.Integration.Tests.Capture;

/// <summary>Random changes of orders: a hierarchy in one table, an owned address, lines with notes, tags, a query filter.</summary>
internal sealed class OrderMoves(RowPicker pick, ModelWorld world)
{
    // EF Core cannot delete an owner again whose row another instance takes over in the same save.
    private readonly HashSet<Guid> _recreated = [];

    public Func<ShopDb, Task<string>>[] All =>
        [
            AddOrderAsync,
            ChangeOrderAsync,
            RemoveOrderAsync,
            RecreateOrderAsync,
            ChangeLineAsync,
            AddLineAsync,
            RemoveLineAsync,
            MoveLineAsync,
            AddNoteAsync,
            RemoveNoteAsync,
            MoveNoteAsync,
            ChangeTagsAsync,
            ChangeAddressAsync,
        ];

    private async Task<string> AddOrderAsync(ShopDb db)
    {
        if (await db.Orders.IgnoreQueryFilters().CountAsync() > RowPicker.Many)
            return await RemoveOrderAsync(db);
        var order = CaptureWorld.NewOrder(pick.Next(3));
        order.Id = pick.NewOrUsedKey<Order>(db, o => o.Id);
        if (pick.OneIn(3))
            order = new ExpressOrder
            {
                Id = order.Id,
                At = order.At,
                Hours = pick.Next(9),
                Lines = order.Lines,
            };
        order.IsDeleted = pick.OneIn(5);
        db.Add(order);
        return RowPicker.Short(order.Id);
    }

    private async Task<string> ChangeOrderAsync(ShopDb db)
    {
        IQueryable<Order> orders = db.Orders.IgnoreQueryFilters();
        orders = pick.Next(4) switch
        {
            0 => orders.Include(o => o.Lines),
            1 => orders.Include(o => o.Lines.Where(l => l.Quantity > 2)),
            2 => orders.Include("Lines.Notes").Include(o => o.Tags),
            _ => orders,
        };
        if (await pick.OneAsync(orders.OrderBy(o => o.Id)) is not { } order)
            return "none";
        order.Status = $"s{pick.Next(4)}";
        order.Internal = $"{pick.Next(3)}";
        order.IsDeleted = pick.OneIn(4);
        order.At = order.At.AddTicks(pick.Next(100_000_000));
        if (order is ExpressOrder express)
            express.Hours++;
        return RowPicker.Short(order.Id);
    }

    private async Task<string> RemoveOrderAsync(ShopDb db)
    {
        var orders = db.Orders.IgnoreQueryFilters();
        if (await pick.OneAsync((pick.OneIn(2) ? orders.Include(o => o.Lines) : orders).OrderBy(o => o.Id)) is not { } order)
            return "none";
        if (_recreated.Contains(order.Id))
            return "skipped";
        db.Remove(order);
        world.Gone.Add(order);
        return RowPicker.Short(order.Id);
    }

    /// <summary>Deleted and inserted in one save, perhaps as another type of the hierarchy.</summary>
    private async Task<string> RecreateOrderAsync(ShopDb db)
    {
        if (await pick.OneAsync(db.Orders.IgnoreQueryFilters().Include("Lines.Notes").OrderBy(o => o.Id)) is not { } order)
            return "none";
        if (db.Entry(order).State != EntityState.Unchanged)
            return "skipped";
        _recreated.Add(order.Id);
        db.Remove(order);
        var again = CaptureWorld.NewOrder(pick.Next(3));
        again.Id = order.Id;
        db.Add(again);
        return RowPicker.Short(order.Id);
    }

    private async Task<string> ChangeLineAsync(ShopDb db)
    {
        if (await pick.OneAsync(db.Lines.OrderBy(l => l.Id)) is not { } line)
            return "none";
        line.Quantity = pick.Next(10);
        return $"{line.Id}";
    }

    private async Task<string> AddLineAsync(ShopDb db)
    {
        if (await AnOrderAsync(db) is not { } id)
            return "none";
        db.Add(new OrderLine { OrderId = id, Sku = $"sku{pick.Next(6)}" });
        return RowPicker.Short(id);
    }

    private async Task<string> RemoveLineAsync(ShopDb db)
    {
        if (await pick.OneAsync(db.Lines.OrderBy(l => l.Id)) is not { } line)
            return "none";
        db.Remove(line);
        return $"{line.Id}";
    }

    private async Task<string> MoveLineAsync(ShopDb db)
    {
        var line = await pick.OneAsync(db.Lines.OrderBy(l => l.Id));
        if (line is null || await AnOrderAsync(db) is not { } id || db.Entry(line).State == EntityState.Deleted)
            return "none";
        line.OrderId = id;
        if (pick.OneIn(2))
            // Most articles are in most orders already.
            line.Sku = $"moved{pick.Next(100)}";
        return $"{line.Id} to {RowPicker.Short(id)}";
    }

    private async Task<string> AddNoteAsync(ShopDb db)
    {
        var id = await pick.OneAsync(db.Lines.OrderBy(l => l.Id).Select(l => (int?)l.Id));
        if (id is null)
            return "none";
        db.Add(new LineNote { LineId = id.Value, Text = $"n{pick.Next(5)}" });
        return $"{id}";
    }

    private async Task<string> RemoveNoteAsync(ShopDb db)
    {
        if (await pick.OneAsync(db.Set<LineNote>().OrderBy(n => n.Id)) is not { } note)
            return "none";
        db.Remove(note);
        return $"{note.Id}";
    }

    private async Task<string> MoveNoteAsync(ShopDb db)
    {
        var note = await pick.OneAsync(db.Set<LineNote>().OrderBy(n => n.Id));
        var id = await pick.OneAsync(db.Lines.OrderBy(l => l.Id).Select(l => (int?)l.Id));
        if (note is null || id is null || db.Entry(note).State == EntityState.Deleted)
            return "none";
        note.LineId = id.Value;
        return $"{note.Id} to {id}";
    }

    private async Task<string> ChangeTagsAsync(ShopDb db)
    {
        if (await pick.OneAsync(db.Orders.IgnoreQueryFilters().Include(o => o.Tags).OrderBy(o => o.Id)) is not { } order)
            return "none";
        if (order.Tags.Count > 0 && pick.OneIn(2))
            order.Tags.RemoveAt(0);
        else
            order.Tags.Add(new() { Name = $"t{pick.Next(5)}" });
        return RowPicker.Short(order.Id);
    }

    private async Task<string> ChangeAddressAsync(ShopDb db)
    {
        if (await pick.OneAsync(db.Orders.IgnoreQueryFilters().OrderBy(o => o.Id)) is not { } order)
            return "none";
        if (pick.OneIn(2))
            order.Address.City = $"c{pick.Next(5)}";
        else
            order.Address = new() { City = $"c{pick.Next(5)}" };
        return RowPicker.Short(order.Id);
    }

    private Task<Guid?> AnOrderAsync(ShopDb db) =>
        pick.OneAsync(db.Orders.IgnoreQueryFilters().OrderBy(o => o.Id).Select(o => (Guid?)o.Id));
}
