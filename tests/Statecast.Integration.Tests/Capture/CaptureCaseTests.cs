using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Statecast.Events;
using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>Every way in which an application changes an aggregate ends in its committed state.</summary>
public sealed class CaptureCaseTests : IAsyncLifetime
{
    private CaptureWorld _world = null!;

    public async ValueTask InitializeAsync() =>
        _world = await CaptureWorld.CreateAsync(o => o.Context = b => b.AddInterceptors(new AuditInterceptor()));

    public ValueTask DisposeAsync()
    {
        _world.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void Insert_publishes_what_the_database_made_of_it()
    {
        using var db = _world.Open();
        var order = CaptureWorld.NewOrder();
        order.At = order.At.AddTicks(1_234_567);
        db.Add(order);
        var rows = db.SaveChanges();

        Assert.Equal(3, rows);
        var captured = Assert.Single(_world.Outbox());
        Assert.Equal(StateOperation.Upsert, captured.Operation);
        Assert.Equal(1, captured.Revision);
        // The value converter cut the time, and the application's own interceptor ran after the map could have.
        Assert.Contains("\"at\":\"2026-01-02T03:04:05", captured.Body);
        Assert.Contains("\"modifiedBy\":\"audit\"", captured.Body);
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Async_save_captures_like_a_synchronous_one()
    {
        await using var db = _world.Open();
        db.Add(CaptureWorld.NewOrder());
        await db.SaveChangesAsync();

        Assert.Equal("U1", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Row_holds_route_lane_schema_and_capture_time()
    {
        var order = _world.Save(db => db.Add(CaptureWorld.NewOrder()).Entity);

        var row = Assert.Single(_world.Outbox());
        Assert.Equal("test", row.Carrier);
        Assert.Equal("test.order.v1", row.Destination);
        Assert.Equal(Contracts.KeyText.Lane(order.Id.ToString(), 8), row.Lane);
        Assert.Equal("json", row.Codec);
        Assert.Equal(CaptureWorld.ContractOf<OrderState>().SchemaFingerprint, row.Schema);
        Assert.NotNull(row.Content);
        Assert.Equal(_world.Clock.GetUtcNow().ToUnixTimeMilliseconds() * 1000, row.CapturedAt);
        Assert.Equal(Contracts.KeyText.Bucket(row.Key), _world.Number("SELECT bucket FROM statecast_head"));
    }

    [Fact]
    public void Root_changed_without_its_children_loaded()
    {
        var id = Existing();
        using var db = _world.Open();
        db.Orders.Single(o => o.Id == id).Status = "paid";
        db.SaveChanges();

        Assert.Equal("U1,U2", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Child_changed_without_the_root_loaded()
    {
        Existing();
        using var db = _world.Open();
        db.Lines.First().Quantity = 99;
        db.SaveChanges();

        Assert.Equal("U1,U2", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Child_deleted_by_a_stub_without_the_root_loaded()
    {
        Existing();
        using var db = _world.Open();
        db.Remove(db.Lines.AsNoTracking().First());
        db.SaveChanges();

        Assert.Equal("U1,U2", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Grandchild_added_and_removed_with_nothing_else_loaded()
    {
        Existing();
        using (var db = _world.Open())
        {
            db.Add(new LineNote { LineId = db.Lines.AsNoTracking().First().Id, Text = "fragile" });
            db.SaveChanges();
            _world.AssertCapturedEqualsRows();
        }
        using (var db = _world.Open())
        {
            db.Remove(db.Set<LineNote>().Single());
            db.SaveChanges();
        }

        Assert.Equal("U1,U2,U3", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Owned_entity_changed_without_the_root_modified()
    {
        var id = Existing();
        using var db = _world.Open();
        var order = db.Orders.Single(o => o.Id == id);
        order.Address.City = "elsewhere";
        db.SaveChanges();
        order.Address = new() { City = "replaced" };
        db.SaveChanges();

        Assert.Equal("U1,U2,U3", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Child_moved_between_two_roots_publishes_both()
    {
        var from = Existing();
        var to = _world.Save(db => db.Add(CaptureWorld.NewOrder(0)).Entity).Id;
        using var db = _world.Open();
        db.Lines.First(l => l.OrderId == from).OrderId = to;
        db.SaveChanges();

        var last = _world.Outbox().TakeLast(2).Select(r => r.Key).Order(StringComparer.Ordinal);
        Assert.Equal(new[] { from, to }.Select(i => i.ToString()).Order(StringComparer.Ordinal), last);
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Grandchild_moved_between_two_roots_publishes_both()
    {
        Existing();
        var other = _world.Save(db => db.Add(CaptureWorld.NewOrder()).Entity);
        _world.Save(db =>
            db.Add(new LineNote { LineId = db.Lines.AsNoTracking().First(l => l.OrderId != other.Id).Id, Text = "n" }).Entity
        );
        var before = _world.Outbox().Count;
        using var db = _world.Open();
        db.Set<LineNote>().Single().LineId = other.Lines[0].Id;
        db.SaveChanges();

        Assert.Equal(before + 2, _world.Outbox().Count);
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Filtered_include_does_not_publish_a_part()
    {
        var id = Existing();
        using var db = _world.Open();
        var order = db.Orders.Include(o => o.Lines.Where(l => l.Quantity > 1)).Single(o => o.Id == id);
        order.Status = "filtered";
        db.SaveChanges();

        Assert.Contains("sku0", _world.Outbox()[^1].Body);
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Generated_key_and_database_made_values_are_published()
    {
        using var db = _world.Open();
        // A single INSERT, for which EF Core would open no transaction by itself.
        db.Add(new Invoice { Number = "n", Net = 100 });
        db.SaveChanges();
        db.Add(
            new Invoice
            {
                Number = "with items",
                Net = 10,
                Items = [new() { Text = "x" }],
            }
        );
        db.SaveChanges();

        Assert.Equal(["1", "2"], _world.Outbox().Select(r => r.Key));
        Assert.Contains("\"gross\":120", _world.Outbox()[0].Body);
        Assert.Contains("stamp-", _world.Outbox()[0].Body);
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Table_per_hierarchy_publishes_the_derived_row()
    {
        using var db = _world.Open();
        db.Add(
            new ExpressOrder
            {
                Id = Guid.NewGuid(),
                Hours = 3,
                At = DateTime.UnixEpoch,
                Lines = [new() { Sku = "a" }],
            }
        );
        db.SaveChanges();

        Assert.Contains("ExpressOrder", _world.Outbox()[0].Body);
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Many_to_many_link_publishes_its_root()
    {
        var id = Existing();
        using var db = _world.Open();
        var order = db.Orders.Include(o => o.Tags).Single(o => o.Id == id);
        order.Tags.Add(new() { Name = "gift" });
        db.SaveChanges();
        _world.AssertCapturedEqualsRows();
        order.Tags.Clear();
        db.SaveChanges();

        Assert.Equal("U1,U2,U3", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Composite_key_is_found_from_children_too()
    {
        using (var db = _world.Open())
        {
            db.Add(
                new Shipment
                {
                    Region = "north east",
                    Number = 7,
                    Carrier = "post",
                    Parcels = [new() { Grams = 5 }],
                }
            );
            db.Add(new Shipment { Region = "south", Number = 7 });
            db.SaveChanges();
        }
        using (var db = _world.Open())
        {
            db.Set<Parcel>().Single().Grams = 10;
            db.SaveChanges();
        }
        using (var db = _world.Open())
        {
            var parcel = db.Set<Parcel>().Single();
            (parcel.ShipmentRegion, parcel.ShipmentNumber) = ("south", 7);
            db.SaveChanges();
        }

        Assert.Contains(_world.Outbox(), r => r.Key == "north%20east/7" && r.Revision == 3);
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Converted_key_and_a_child_by_alternate_key()
    {
        var ticket = _world.Save(db =>
            db.Add(
                new Ticket
                {
                    Id = new(Guid.NewGuid()),
                    Code = "T-1",
                    Subject = "s",
                }
            ).Entity
        );
        using (var db = _world.Open())
        {
            db.Add(new Comment { TicketCode = "T-1", Text = "by code alone" });
            db.SaveChanges();
        }

        Assert.Equal(ticket.Id.Value.ToString(), _world.Outbox()[^1].Key);
        Assert.Equal("U1,U2", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Owned_in_json_complex_property_and_owned_rows()
    {
        using var db = _world.Open();
        var doc = db.Add(
            new Doc
            {
                Parts = [new() { Name = "a" }, new() { Name = "b" }],
                Price = new() { Amount = 3, Currency = "e" },
                Phones = [new() { Number = "1" }],
            }
        ).Entity;
        db.SaveChanges();
        db.ChangeTracker.Clear();
        doc = db.Docs.Single();
        Change(() => doc.Parts[1].Count = 5);
        Change(() => doc.Parts.RemoveAt(0));
        Change(() => doc.Price.Amount++);
        Change(() => doc.Phones[0].Number = "2");
        Change(() => doc.Phones.Clear());

        Assert.Equal("U1,U2,U3,U4,U5,U6", _world.Story());

        void Change(Action change)
        {
            change();
            db.SaveChanges();
            _world.AssertCapturedEqualsRows();
        }
    }

    [Fact]
    public void Disconnected_update_publishes_all_rows_not_the_part_sent()
    {
        var id = Existing();
        using var db = _world.Open();
        var put = CaptureWorld.NewOrder(0);
        put.Id = id;
        put.Status = "put";
        db.Update(put);
        db.SaveChanges();

        Assert.Contains("sku1", _world.Outbox()[^1].Body);
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Undetected_change_is_neither_written_nor_published()
    {
        var id = Existing();
        using var db = _world.Open();
        db.ChangeTracker.AutoDetectChangesEnabled = false;
        db.Orders.Single(o => o.Id == id).Status = "not detected";

        Assert.Equal(0, db.SaveChanges());
        Assert.Equal("U1", _world.Story());
        db.ChangeTracker.DetectChanges();
        db.SaveChanges();
        Assert.Equal("U1,U2", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Hundreds_of_roots_in_one_save()
    {
        using var db = _world.Open();
        for (var i = 0; i < 300; i++)
            db.Add(CaptureWorld.NewOrder(1));
        db.SaveChanges();

        Assert.Equal(300, _world.Outbox().Count);
        Assert.Equal(_world.Store.Locked.Order(StringComparer.Ordinal), _world.Store.Locked);
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Several_contracts_in_one_save_lock_in_contract_order()
    {
        using var db = _world.Open();
        db.Add(new Ticket { Id = new(Guid.NewGuid()), Code = "T" });
        db.Add(CaptureWorld.NewOrder());
        db.Add(new Doc());
        db.Add(new Shipment { Region = "r", Number = 1 });
        db.SaveChanges();

        Assert.Equal(["lock", "write"], _world.Store.Batches);
        Assert.Equal(4, _world.Store.Locked.Count);
        Assert.Equal(_world.Store.Locked.Order(StringComparer.Ordinal), _world.Store.Locked);
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Nothing_of_ours_enters_the_tracker()
    {
        using var db = _world.Open();
        var order = db.Add(CaptureWorld.NewOrder()).Entity;
        db.SaveChanges();

        Assert.Equal(4, db.ChangeTracker.Entries().Count());
        Assert.All(db.ChangeTracker.Entries(), e => Assert.Equal(EntityState.Unchanged, e.State));
        Assert.Same(order, db.Orders.Local.Single());
    }

    [Fact]
    public void Save_without_accepting_changes_can_be_repeated()
    {
        using var db = _world.Open();
        db.Add(CaptureWorld.NewOrder());
        db.SaveChanges(acceptAllChangesOnSuccess: false);
        _world.AssertCapturedEqualsRows();
        db.ChangeTracker.AcceptAllChanges();
        db.SaveChanges();

        Assert.Equal("U1", _world.Story());
    }

    [Fact]
    public void Content_outside_the_contract_publishes_nothing()
    {
        var id = Existing();
        using var db = _world.Open();
        db.Orders.Single(o => o.Id == id).Internal = "not shared";
        db.SaveChanges();

        Assert.Equal("U1", _world.Story());
    }

    [Fact]
    public void Options_extension_works_before_the_provider_too()
    {
        var options = new DbContextOptionsBuilder<ShopDb>();
        EntityFrameworkCore.DbContextOptionsBuilderExtensions.UseStatecast(options, _world.Source);
        options.UseSqlite(_world.ConnectionString);
        options.ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning));
        using var db = new ShopDb(options.Options);
        db.Add(CaptureWorld.NewOrder());
        db.SaveChanges();

        Assert.Equal("U1", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    private Guid Existing() => _world.Save(db => db.Add(CaptureWorld.NewOrder()).Entity).Id;

    /// <summary>The application's own: changes entities while they are saved.</summary>
    private sealed class AuditInterceptor : SaveChangesInterceptor
    {
        public override InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result)
        {
            foreach (var entry in eventData.Context!.ChangeTracker.Entries<Order>())
                if (entry.State is EntityState.Added or EntityState.Modified)
                    entry.Entity.ModifiedBy = "audit";
            return result;
        }

        public override ValueTask<InterceptionResult<int>> SavingChangesAsync(
            DbContextEventData eventData,
            InterceptionResult<int> result,
            CancellationToken cancellationToken = default
        ) => new(SavingChanges(eventData, result));
    }
}
