using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Statecast.Integration.Tests.Capture;

/// <summary>A random unit of work, decided by one seed: what is loaded, what is changed, how it is saved and how it ends.</summary>
internal sealed class UnitOfWorkScript(int seed)
{
    private readonly Random _random = new(seed);
    private readonly List<string> _steps = [];

    // EF Core cannot delete an owner again whose row another instance takes over in the same save.
    private readonly HashSet<Guid> _recreated = [];

    /// <summary>What was done, for the failure's message.</summary>
    public string Story => string.Join("; ", _steps);

    /// <summary>Runs the script. Failures that belong to a script (a conflict, a duplicate) are part of it; any other is a defect.</summary>
    public async Task RunAsync(CaptureWorld world)
    {
        await using var db = world.Open();
        var explicitly = _random.Next(3) == 0;
        await using var transaction = explicitly ? await db.Database.BeginTransactionAsync() : null;
        var saves = _random.Next(1, 4);
        for (var save = 0; save < saves; save++)
        {
            var savepoint = transaction is not null && _random.Next(4) == 0;
            if (savepoint)
                await transaction!.CreateSavepointAsync("script");
            for (var move = _random.Next(1, 4); move > 0; move--)
                await MoveAsync(db);
            await SaveAsync(db, world);
            if (savepoint && _random.Next(2) == 0)
            {
                _steps.Add("rollback to savepoint");
                await transaction!.RollbackToSavepointAsync("script");
                db.ChangeTracker.Clear();
            }
            if (_random.Next(4) == 0)
                db.ChangeTracker.Clear();
        }
        if (transaction is not null)
            await EndAsync(transaction);
    }

    private async Task EndAsync(IDbContextTransaction transaction)
    {
        switch (_random.Next(5))
        {
            case 0:
                _steps.Add("rollback");
                await transaction.RollbackAsync();
                break;
            case 1:
                _steps.Add("dispose");
                break;
            default:
                _steps.Add("commit");
                await transaction.CommitAsync();
                break;
        }
    }

    private async Task SaveAsync(ShopDb db, CaptureWorld world)
    {
        var fault = _random.Next(12);
        world.Store.BeforeLock = fault == 0 ? Planted : null;
        world.Store.BeforeWrite = fault == 1 ? Planted : null;
        var behavior = db.Database.AutoTransactionBehavior;
        if (_random.Next(6) == 0)
            db.Database.AutoTransactionBehavior = AutoTransactionBehavior.Never;
        try
        {
            _steps.Add(fault < 2 ? "save (fails in capture)" : "save");
            if (_random.Next(2) == 0)
                await db.SaveChangesAsync();
            else
                db.SaveChanges();
        }
        catch (Exception failure) when (failure is DbUpdateException || failure.Message == nameof(Planted))
        {
            _steps.Add($"failed: {failure.GetType().Name}");
            if (failure is DbUpdateException || _random.Next(2) == 0)
                db.ChangeTracker.Clear();
        }
        finally
        {
            db.Database.AutoTransactionBehavior = behavior;
            (world.Store.BeforeLock, world.Store.BeforeWrite) = (null, null);
        }

        static void Planted() => throw new InvalidOperationException(nameof(Planted));
    }

    private async Task MoveAsync(ShopDb db)
    {
        Func<ShopDb, Task<string>>[] moves =
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
            InvoiceAsync,
            DocAsync,
            ShipmentAsync,
            TicketAsync,
        ];
        var move = moves[_random.Next(moves.Length)];
        _steps.Add($"{move.Method.Name.Replace("Async", "", StringComparison.Ordinal)} {await move(db)}");
    }

    private Task<string> AddOrderAsync(ShopDb db)
    {
        var order = CaptureWorld.NewOrder(_random.Next(3));
        order.Id = NewId();
        if (_random.Next(4) == 0)
            order = new ExpressOrder
            {
                Id = order.Id,
                At = order.At,
                Hours = _random.Next(9),
                Lines = order.Lines,
            };
        order.IsDeleted = _random.Next(5) == 0;
        db.Add(order);
        return Task.FromResult(order.Id.ToString()[..8]);
    }

    private async Task<string> ChangeOrderAsync(ShopDb db)
    {
        IQueryable<Order> orders = db.Orders.IgnoreQueryFilters();
        orders = _random.Next(4) switch
        {
            0 => orders.Include(o => o.Lines),
            1 => orders.Include(o => o.Lines.Where(l => l.Quantity > 2)),
            2 => orders.Include("Lines.Notes").Include(o => o.Tags),
            _ => orders,
        };
        if (await PickAsync(orders.OrderBy(o => o.Id)) is not { } order)
            return "none";
        order.Status = $"s{_random.Next(4)}";
        order.Internal = $"{_random.Next(3)}";
        order.IsDeleted = _random.Next(4) == 0;
        order.At = order.At.AddTicks(_random.Next(100_000_000));
        return order.Id.ToString()[..8];
    }

    private async Task<string> RemoveOrderAsync(ShopDb db)
    {
        var orders = db.Orders.IgnoreQueryFilters();
        if (await PickAsync((_random.Next(2) == 0 ? orders.Include(o => o.Lines) : orders).OrderBy(o => o.Id)) is not { } order)
            return "none";
        if (_recreated.Contains(order.Id))
            return "skipped";
        db.Remove(order);
        return order.Id.ToString()[..8];
    }

    private async Task<string> RecreateOrderAsync(ShopDb db)
    {
        if (await PickAsync(db.Orders.IgnoreQueryFilters().Include("Lines.Notes").OrderBy(o => o.Id)) is not { } order)
            return "none";
        if (db.Entry(order).State != EntityState.Unchanged)
            return "skipped";
        _recreated.Add(order.Id);
        db.Remove(order);
        var again = CaptureWorld.NewOrder(_random.Next(3));
        again.Id = order.Id;
        db.Add(again);
        return order.Id.ToString()[..8];
    }

    private async Task<string> ChangeLineAsync(ShopDb db)
    {
        if (await PickAsync(db.Lines.OrderBy(l => l.Id)) is not { } line)
            return "none";
        line.Quantity = _random.Next(10);
        return $"{line.Id}";
    }

    private async Task<string> AddLineAsync(ShopDb db)
    {
        var id = await PickAsync(db.Orders.IgnoreQueryFilters().OrderBy(o => o.Id).Select(o => (Guid?)o.Id));
        if (id is null)
            return "none";
        db.Add(new OrderLine { OrderId = id.Value, Sku = $"sku{_random.Next(6)}" });
        return id.Value.ToString()[..8];
    }

    private async Task<string> RemoveLineAsync(ShopDb db)
    {
        if (await PickAsync(db.Lines.OrderBy(l => l.Id)) is not { } line)
            return "none";
        db.Remove(line);
        return $"{line.Id}";
    }

    private async Task<string> MoveLineAsync(ShopDb db)
    {
        var line = await PickAsync(db.Lines.OrderBy(l => l.Id));
        var id = await PickAsync(db.Orders.IgnoreQueryFilters().OrderBy(o => o.Id).Select(o => (Guid?)o.Id));
        if (line is null || id is null || db.Entry(line).State == EntityState.Deleted)
            return "none";
        line.OrderId = id.Value;
        return $"{line.Id} to {id.Value.ToString()[..8]}";
    }

    private async Task<string> AddNoteAsync(ShopDb db)
    {
        var id = await PickAsync(db.Lines.OrderBy(l => l.Id).Select(l => (int?)l.Id));
        if (id is null)
            return "none";
        db.Add(new LineNote { LineId = id.Value, Text = $"n{_random.Next(5)}" });
        return $"{id}";
    }

    private async Task<string> RemoveNoteAsync(ShopDb db)
    {
        if (await PickAsync(db.Set<LineNote>().OrderBy(n => n.Id)) is not { } note)
            return "none";
        db.Remove(note);
        return $"{note.Id}";
    }

    private async Task<string> MoveNoteAsync(ShopDb db)
    {
        var note = await PickAsync(db.Set<LineNote>().OrderBy(n => n.Id));
        var id = await PickAsync(db.Lines.OrderBy(l => l.Id).Select(l => (int?)l.Id));
        if (note is null || id is null || db.Entry(note).State == EntityState.Deleted)
            return "none";
        note.LineId = id.Value;
        return $"{note.Id} to {id}";
    }

    private async Task<string> ChangeTagsAsync(ShopDb db)
    {
        if (await PickAsync(db.Orders.IgnoreQueryFilters().Include(o => o.Tags).OrderBy(o => o.Id)) is not { } order)
            return "none";
        if (order.Tags.Count > 0 && _random.Next(2) == 0)
            order.Tags.RemoveAt(0);
        else
            order.Tags.Add(new() { Name = $"t{_random.Next(5)}" });
        return order.Id.ToString()[..8];
    }

    private async Task<string> ChangeAddressAsync(ShopDb db)
    {
        if (await PickAsync(db.Orders.IgnoreQueryFilters().OrderBy(o => o.Id)) is not { } order)
            return "none";
        if (_random.Next(2) == 0)
            order.Address.City = $"c{_random.Next(5)}";
        else
            order.Address = new() { City = $"c{_random.Next(5)}" };
        return order.Id.ToString()[..8];
    }

    private async Task<string> InvoiceAsync(ShopDb db)
    {
        var invoice = _random.Next(3) == 0 ? null : await PickAsync(db.Invoices.OrderBy(i => i.Id));
        if (invoice is null)
            db.Add(
                new Invoice
                {
                    Number = $"{_random.Next(100)}",
                    Net = _random.Next(100),
                    Items = [new() { Text = "i" }],
                }
            );
        else if (_random.Next(4) == 0)
            db.Remove(invoice);
        else if (_random.Next(2) == 0 && await db.Set<InvoiceItem>().FirstOrDefaultAsync(i => i.InvoiceId == invoice.Id) is { } item)
            item.InvoiceId = null;
        else
            invoice.Net++;
        return $"{invoice?.Id}";
    }

    private async Task<string> DocAsync(ShopDb db)
    {
        var doc = _random.Next(3) == 0 ? null : await PickAsync(db.Docs.OrderBy(d => d.Id));
        if (doc is null)
        {
            db.Add(
                new Doc
                {
                    Parts = [new() { Name = "p" }],
                    Phones = [new() { Number = "1" }],
                    Price = new() { Currency = "e" },
                }
            );
            return "new";
        }
        switch (_random.Next(5))
        {
            case 0:
                db.Remove(doc);
                break;
            case 1:
                doc.Parts.Add(new() { Name = "q", Count = _random.Next(9) });
                break;
            case 2 when doc.Parts.Count > 0:
                doc.Parts[0].Count++;
                break;
            case 3:
                doc.Phones.Add(new() { Number = $"{_random.Next(9)}" });
                break;
            default:
                doc.Price.Amount++;
                break;
        }
        return $"{doc.Id}";
    }

    private async Task<string> ShipmentAsync(ShopDb db)
    {
        var parcel = await PickAsync(db.Set<Parcel>().OrderBy(p => p.Id));
        if (parcel is not null && _random.Next(3) > 0)
        {
            parcel.Grams++;
            return $"parcel {parcel.Id}";
        }
        var shipment = new Shipment
        {
            Region = $"r/{_random.Next(3)}",
            Number = _random.Next(1_000_000),
            Parcels = [new() { Grams = 1 }],
        };
        db.Add(shipment);
        return shipment.Region;
    }

    private async Task<string> TicketAsync(ShopDb db)
    {
        var code = await PickAsync(db.Tickets.OrderBy(t => t.Code).Select(t => t.Code));
        if (code is not null && _random.Next(2) == 0)
        {
            db.Add(new Comment { TicketCode = code, Text = $"{_random.Next(9)}" });
            return $"comment on {code}";
        }
        var id = NewId();
        db.Add(new Ticket { Id = new(id), Code = id.ToString() });
        return "new";
    }

    private async Task<T?> PickAsync<T>(IQueryable<T> rows)
    {
        var count = await rows.CountAsync();
        return count == 0 ? default : await rows.Skip(_random.Next(count)).FirstAsync();
    }

    private Guid NewId()
    {
        var bytes = new byte[16];
        _random.NextBytes(bytes);
        return new(bytes);
    }
}
