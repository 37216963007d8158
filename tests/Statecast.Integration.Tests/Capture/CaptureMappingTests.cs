using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>Every way in which an aggregate is mapped.</summary>
public sealed class CaptureMappingTests : CaptureCase
{
    [Fact]
    public void Generated_key_and_database_made_values_are_published()
    {
        using var db = World.Open();
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

        Assert.Equal(["1", "2"], World.Outbox().Select(r => r.Key));
        Assert.Contains("\"gross\":120", World.Outbox()[0].Body);
        Assert.Contains("stamp-", World.Outbox()[0].Body);
        World.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Table_per_hierarchy_publishes_the_derived_row()
    {
        using var db = World.Open();
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

        Assert.Contains("ExpressOrder", World.Outbox()[0].Body);
        World.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Composite_key_is_found_from_children_too()
    {
        using (var db = World.Open())
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
        using (var db = World.Open())
        {
            db.Set<Parcel>().Single().Grams = 10;
            db.SaveChanges();
        }
        using (var db = World.Open())
        {
            var parcel = db.Set<Parcel>().Single();
            (parcel.ShipmentRegion, parcel.ShipmentNumber) = ("south", 7);
            db.SaveChanges();
        }

        Assert.Contains(World.Outbox(), r => r.Key == "north%20east/7" && r.Revision == 3);
        World.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Converted_key_and_a_child_by_alternate_key()
    {
        var ticket = World.Save(db =>
            db.Add(
                new Ticket
                {
                    Id = new(Guid.NewGuid()),
                    Code = "T-1",
                    Subject = "s",
                }
            ).Entity
        );
        using (var db = World.Open())
        {
            db.Add(new Comment { TicketCode = "T-1", Text = "by code alone" });
            db.SaveChanges();
        }

        Assert.Equal(ticket.Id.Value.ToString(), World.Outbox()[^1].Key);
        Assert.Equal("U1,U2", World.Story());
        World.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Owned_in_json_complex_property_and_owned_rows()
    {
        using var db = World.Open();
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

        Assert.Equal("U1,U2,U3,U4,U5,U6", World.Story());

        void Change(Action change)
        {
            change();
            db.SaveChanges();
            World.AssertCapturedEqualsRows();
        }
    }
}
