using Microsoft.EntityFrameworkCore;

namespace Statecast.Integration.Tests.Capture;

/// <summary>
/// Random changes of the other aggregates: a generated key with a concurrency token, owned parts in JSON and in rows, a composite key, a converted
/// key whose children refer to an alternate one.
/// </summary>
internal sealed class OtherMoves(RowPicker pick, ModelWorld world)
{
    public Func<ShopDb, Task<string>>[] All =>
        [
            AddInvoiceAsync,
            ChangeInvoiceAsync,
            ConflictingInvoiceAsync,
            MoveItemAsync,
            AddDocAsync,
            ChangeDocAsync,
            AddShipmentAsync,
            ChangeShipmentAsync,
            ParcelAsync,
            AddTicketAsync,
            ChangeTicketAsync,
            CommentAsync,
        ];

    private async Task<string> AddInvoiceAsync(ShopDb db)
    {
        var invoice = await db.Invoices.CountAsync() > RowPicker.Many ? await AnInvoiceAsync(db) : null;
        if (invoice is not null)
            db.Remove(invoice);
        else
            db.Add(
                new Invoice
                {
                    Number = $"{pick.Next(100)}",
                    Net = pick.Next(100),
                    Items = [new() { Text = "i" }],
                }
            );
        return $"{invoice?.Id}";
    }

    private async Task<string> ChangeInvoiceAsync(ShopDb db)
    {
        if (await AnInvoiceAsync(db) is not { } invoice)
            return "none";
        if (pick.OneIn(5))
            db.Remove(invoice);
        else
            (invoice.Net, invoice.Version) = (invoice.Net + 1, invoice.Version + 1);
        return $"{invoice.Id}";
    }

    /// <summary>Someone else wrote the row's version meanwhile: the save will fail, and can be mended.</summary>
    private async Task<string> ConflictingInvoiceAsync(ShopDb db)
    {
        if (db.Database.CurrentTransaction is not null || await AnInvoiceAsync(db) is not { } invoice)
            return "none";
        invoice.Net++;
        // No part of the state, so that it needs no capture.
        world.World.Sql($"UPDATE Invoices SET Version = Version + 1 WHERE Id = {invoice.Id}");
        return $"{invoice.Id}";
    }

    /// <summary>To another invoice, to none, or from none: a child that may do without a root.</summary>
    private async Task<string> MoveItemAsync(ShopDb db)
    {
        if (await pick.OneAsync(db.Set<InvoiceItem>().OrderBy(i => i.Id)) is not { } item || db.Entry(item).State == EntityState.Deleted)
            return "none";
        item.InvoiceId = pick.OneIn(3) ? null : (await AnInvoiceAsync(db))?.Id;
        return $"{item.Id} to {item.InvoiceId}";
    }

    private async Task<string> AddDocAsync(ShopDb db)
    {
        var doc = await db.Docs.CountAsync() > RowPicker.Many ? await pick.OneAsync(db.Docs.OrderBy(d => d.Id)) : null;
        if (doc is not null)
            db.Remove(doc);
        else
            db.Add(
                new Doc
                {
                    Parts = [new() { Name = "p" }],
                    Phones = [new() { Number = "1" }],
                    Price = new() { Currency = "e" },
                }
            );
        return $"{doc?.Id}";
    }

    private async Task<string> ChangeDocAsync(ShopDb db)
    {
        if (await pick.OneAsync(db.Docs.OrderBy(d => d.Id)) is not { } doc)
            return "none";
        switch (pick.Next(8))
        {
            case 0:
                db.Remove(doc);
                break;
            case 1:
                doc.Parts.Add(new() { Name = "q", Count = pick.Next(9) });
                break;
            case 2 when doc.Parts.Count > 0:
                doc.Parts[0].Count++;
                break;
            case 3 when doc.Parts.Count > 0:
                doc.Parts.RemoveAt(doc.Parts.Count - 1);
                break;
            case 4:
                doc.Phones.Add(new() { Number = $"{pick.Next(9)}" });
                break;
            case 5 when doc.Phones.Count > 0:
                doc.Phones[0].Number = $"{pick.Next(9)}";
                break;
            case 6 when doc.Phones.Count > 0:
                doc.Phones.RemoveAt(0);
                break;
            default:
                doc.Price.Amount++;
                break;
        }
        return $"{doc.Id}";
    }

    private async Task<string> AddShipmentAsync(ShopDb db)
    {
        var (region, number) = ($"r/{pick.Next(3)}", pick.Next(6));
        if (db.ChangeTracker.Entries<Shipment>().Any(s => s.Entity.Region == region && s.Entity.Number == number))
            return "none";
        // The same few keys again and again.
        if (await db.Shipments.FirstOrDefaultAsync(s => s.Region == region && s.Number == number) is { } there)
            db.Remove(there);
        else
            db.Add(
                new Shipment
                {
                    Region = region,
                    Number = number,
                    Parcels = [new() { Grams = 1 }],
                }
            );
        return $"{region} {number}";
    }

    private async Task<string> ChangeShipmentAsync(ShopDb db)
    {
        if (await AShipmentAsync(db) is not { } shipment)
            return "none";
        shipment.Carrier = $"c{pick.Next(3)}";
        return $"{shipment.Region} {shipment.Number}";
    }

    private async Task<string> ParcelAsync(ShopDb db)
    {
        var parcel = await pick.OneAsync(db.Set<Parcel>().OrderBy(p => p.Id));
        if (parcel is null || db.Entry(parcel).State == EntityState.Deleted)
            return "none";
        switch (pick.Next(4))
        {
            case 0 when await AShipmentAsync(db) is { } shipment:
                // A tracked key cannot be changed in two steps without leading nowhere in between.
                db.Entry(parcel).CurrentValues.SetValues(new { ShipmentRegion = shipment.Region, ShipmentNumber = shipment.Number });
                break;
            case 1:
                db.Remove(parcel);
                break;
            default:
                parcel.Grams++;
                break;
        }
        return $"{parcel.Id}";
    }

    private async Task<string> AddTicketAsync(ShopDb db)
    {
        if (await db.Tickets.CountAsync() > RowPicker.Many)
            return await ChangeTicketAsync(db);
        var id = pick.NewOrUsedKey<Ticket>(db, t => t.Id.Value);
        db.Add(
            new Ticket
            {
                Id = new(id),
                Code = id.ToString(),
                Subject = "new",
            }
        );
        return RowPicker.Short(id);
    }

    private async Task<string> ChangeTicketAsync(ShopDb db)
    {
        if (await pick.OneAsync(db.Tickets.OrderBy(t => t.Code)) is not { } ticket)
            return "none";
        if (pick.OneIn(3))
        {
            db.Remove(ticket);
            world.Gone.Add(ticket);
        }
        else
            ticket.Subject = pick.OneIn(3) ? "private" : $"{pick.Next(3)}";
        return RowPicker.Short(ticket.Id.Value);
    }

    private async Task<string> CommentAsync(ShopDb db)
    {
        var code = await pick.OneAsync(db.Tickets.OrderBy(t => t.Code).Select(t => t.Code));
        var comment = pick.OneIn(3) ? null : await pick.OneAsync(db.Set<Comment>().OrderBy(c => c.Id));
        if (code is null || comment is not null && db.Entry(comment).State == EntityState.Deleted)
            return "none";
        if (comment is null)
            db.Add(new Comment { TicketCode = code, Text = $"{pick.Next(9)}" });
        else if (pick.OneIn(3))
            db.Remove(comment);
        else if (pick.OneIn(2))
            comment.TicketCode = code;
        else
            comment.Text = $"{pick.Next(9)}";
        return $"{comment?.Id} of {code[..8]}";
    }

    private Task<Invoice?> AnInvoiceAsync(ShopDb db) => pick.OneAsync(db.Invoices.OrderBy(i => i.Id));

    private Task<Shipment?> AShipmentAsync(ShopDb db) => pick.OneAsync(db.Shipments.OrderBy(s => s.Region).ThenBy(s => s.Number));
}
