using Microsoft.EntityFrameworkCore;

namespace Statecast.Integration.Tests.Capture;

/// <summary>What one context does to rows that another one has loaded: moves, changes or deletes them, or their parents.</summary>
internal sealed class Collisions(RowPicker pick, ModelWorld world)
{
    /// <summary>Changes a row in the other context that the first one tracks; null if it tracks none of the kind.</summary>
    public async Task<string?> MoveAsync(ShopDb stale, ShopDb other)
    {
        var rows = stale
            .ChangeTracker.Entries()
            .Where(e => e.State is EntityState.Unchanged or EntityState.Modified or EntityState.Deleted)
            .Select(e => e.Entity)
            .Where(e => e is Order or OrderLine or LineNote or Parcel or Comment or InvoiceItem)
            .ToList();
        if (rows.Count == 0)
            return null;
        var row = rows[pick.Next(rows.Count)];
        var what = row switch
        {
            Order order => await OrderAsync(other, order.Id),
            OrderLine line => await LineAsync(other, line.Id),
            LineNote note => await NoteAsync(other, note.Id),
            Parcel parcel => await ParcelAsync(other, parcel.Id),
            Comment comment => await CommentAsync(other, comment.Id),
            _ => await ItemAsync(other, ((InvoiceItem)row).Id),
        };
        return what is null ? null : $"{row.GetType().Name} {what}";
    }

    private async Task<string?> OrderAsync(ShopDb db, Guid id)
    {
        var order = await db.Orders.IgnoreQueryFilters().Include(o => o.Lines).SingleOrDefaultAsync(o => o.Id == id);
        if (order is null || db.Entry(order).State != EntityState.Unchanged)
            return null;
        switch (pick.Next(3))
        {
            case 0:
                db.Remove(order);
                world.Gone.Add(order);
                return $"{RowPicker.Short(id)} deleted";
            case 1 when await AnotherOrderAsync(db, id) is { } to:
                foreach (var line in order.Lines.ToList())
                    (line.OrderId, line.Sku) = (to, $"{line.Sku}+{pick.Next(1000)}");
                return $"{RowPicker.Short(id)}'s lines moved to {RowPicker.Short(to)}";
            default:
                order.Status = $"s{pick.Next(4)}";
                return $"{RowPicker.Short(id)} changed";
        }
    }

    private async Task<string?> LineAsync(ShopDb db, int id)
    {
        if (await db.Lines.FindAsync(id) is not { } line || db.Entry(line).State != EntityState.Unchanged)
            return null;
        if (pick.OneIn(4))
        {
            db.Remove(line);
            return $"{id} deleted";
        }
        line.Quantity = pick.Next(9);
        if (pick.OneIn(4) || await AnotherOrderAsync(db, line.OrderId) is not { } to)
            return $"{id} changed";
        (line.OrderId, line.Sku) = (to, $"{line.Sku}+{pick.Next(1000)}");
        return $"{id} moved to {RowPicker.Short(to)}";
    }

    private async Task<string?> NoteAsync(ShopDb db, int id)
    {
        if (await db.Set<LineNote>().FindAsync(id) is not { } note || db.Entry(note).State != EntityState.Unchanged)
            return null;
        if (pick.OneIn(4))
        {
            db.Remove(note);
            return $"{id} deleted";
        }
        note.Text = $"n{pick.Next(5)}";
        note.LineId =
            await db.Lines.OrderBy(l => l.Id).Where(l => l.Id != note.LineId).Select(l => (int?)l.Id).LastOrDefaultAsync() ?? note.LineId;
        return $"{id} on line {note.LineId}";
    }

    private async Task<string?> ParcelAsync(ShopDb db, int id)
    {
        if (await db.Set<Parcel>().FindAsync(id) is not { } parcel || db.Entry(parcel).State != EntityState.Unchanged)
            return null;
        var (region, number) = (parcel.ShipmentRegion, parcel.ShipmentNumber);
        var to = await pick.OneAsync(
            db.Shipments.Where(s => s.Region != region || s.Number != number).OrderBy(s => s.Region).ThenBy(s => s.Number)
        );
        if (to is null || pick.OneIn(4))
        {
            db.Remove(parcel);
            return $"{id} deleted";
        }
        db.Entry(parcel).CurrentValues.SetValues(new { ShipmentRegion = to.Region, ShipmentNumber = to.Number });
        return $"{id} moved to {to.Region} {to.Number}";
    }

    private async Task<string?> CommentAsync(ShopDb db, int id)
    {
        if (await db.Set<Comment>().FindAsync(id) is not { } comment || db.Entry(comment).State != EntityState.Unchanged)
            return null;
        var code = comment.TicketCode;
        var to = await pick.OneAsync(db.Tickets.Where(t => t.Code != code).OrderBy(t => t.Code).Select(t => t.Code));
        if (to is null || pick.OneIn(4))
        {
            db.Remove(comment);
            return $"{id} deleted";
        }
        comment.TicketCode = to;
        return $"{id} moved to {to[..8]}";
    }

    private async Task<string?> ItemAsync(ShopDb db, int id)
    {
        if (await db.Set<InvoiceItem>().FindAsync(id) is not { } item || db.Entry(item).State != EntityState.Unchanged)
            return null;
        var invoice = item.InvoiceId;
        item.InvoiceId = await pick.OneAsync(db.Invoices.Where(i => i.Id != invoice).OrderBy(i => i.Id).Select(i => (int?)i.Id));
        return $"{id} moved to {item.InvoiceId}";
    }

    private Task<Guid?> AnotherOrderAsync(ShopDb db, Guid not) =>
        pick.OneAsync(db.Orders.IgnoreQueryFilters().Where(o => o.Id != not).OrderBy(o => o.Id).Select(o => (Guid?)o.Id));
}
