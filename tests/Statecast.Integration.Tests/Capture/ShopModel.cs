using Microsoft.EntityFrameworkCore;
using Statecast.EntityFrameworkCore;

namespace Statecast.Integration.Tests.Capture;

public class Address
{
    public string Street { get; set; } = "";
    public string City { get; set; } = "";
}

public class Order
{
    public Guid Id { get; set; }
    public string Status { get; set; } = "new";

    /// <summary>A value converter drops what lies below the second: memory and database differ.</summary>
    public DateTime At { get; set; }
    public string? ModifiedBy { get; set; }
    public bool IsDeleted { get; set; }
    public string? Internal { get; set; }
    public Address Address { get; set; } = new();
    public List<OrderLine> Lines { get; set; } = [];
    public List<Tag> Tags { get; set; } = [];
}

public class ExpressOrder : Order
{
    public int Hours { get; set; }
}

public class OrderLine
{
    public int Id { get; set; }
    public Guid OrderId { get; set; }
    public string Sku { get; set; } = "";
    public int Quantity { get; set; }
    public List<LineNote> Notes { get; set; } = [];
}

public class LineNote
{
    public int Id { get; set; }
    public int LineId { get; set; }
    public string Text { get; set; } = "";
}

public class Tag
{
    public int Id { get; set; }
    public string Name { get; set; } = "";
    public List<Order> Orders { get; set; } = [];
}

/// <summary>A key, a column and a default that the database makes.</summary>
public class Invoice
{
    public int Id { get; set; }
    public string Number { get; set; } = "";
    public int Net { get; set; }
    public int Gross { get; set; }
    public string? Stamp { get; set; }

    [System.ComponentModel.DataAnnotations.ConcurrencyCheck]
    public int Version { get; set; }
    public List<InvoiceItem> Items { get; set; } = [];
}

public class InvoiceItem
{
    public int Id { get; set; }
    public int? InvoiceId { get; set; }
    public string Text { get; set; } = "";
}

/// <summary>Owned parts in JSON, a complex property, owned rows in a table of their own.</summary>
public class Doc
{
    public int Id { get; set; }
    public List<Part> Parts { get; set; } = [];
    public Money Price { get; set; } = new();
    public List<Phone> Phones { get; set; } = [];
}

public class Part
{
    public string Name { get; set; } = "";
    public int Count { get; set; }
}

public class Money
{
    public int Amount { get; set; }
    public string Currency { get; set; } = "";
}

public class Phone
{
    public int Id { get; set; }
    public string Number { get; set; } = "";
}

/// <summary>A composite key.</summary>
public class Shipment
{
    public int Number { get; set; }
    public string Region { get; set; } = "";
    public string Carrier { get; set; } = "";
    public List<Parcel> Parcels { get; set; } = [];
}

public class Parcel
{
    public int Id { get; set; }
    public string ShipmentRegion { get; set; } = "";
    public int ShipmentNumber { get; set; }
    public int Grams { get; set; }
}

/// <summary>A typed id, stored by a value converter; its children refer to it by an alternate key.</summary>
public class Ticket
{
    public TicketId Id { get; set; }
    public string Code { get; set; } = "";
    public string Subject { get; set; } = "";
    public List<Comment> Comments { get; set; } = [];
}

public readonly record struct TicketId(Guid Value);

public class Comment
{
    public int Id { get; set; }
    public string TicketCode { get; set; } = "";
    public string Text { get; set; } = "";
}

public class Customer
{
    public int Id { get; set; }
    public string Name { get; set; } = "";
}

public class ShopDb(DbContextOptions<ShopDb> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();
    public DbSet<OrderLine> Lines => Set<OrderLine>();
    public DbSet<Invoice> Invoices => Set<Invoice>();
    public DbSet<Doc> Docs => Set<Doc>();
    public DbSet<Shipment> Shipments => Set<Shipment>();
    public DbSet<Ticket> Tickets => Set<Ticket>();
    public DbSet<Customer> Customers => Set<Customer>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Order>(e =>
        {
            e.Property(o => o.Id).ValueGeneratedNever();
            e.Property(o => o.At)
                .HasConversion(
                    v => new DateTimeOffset(v, TimeSpan.Zero).ToUnixTimeSeconds(),
                    v => DateTimeOffset.FromUnixTimeSeconds(v).UtcDateTime
                );
            e.OwnsOne(o => o.Address);
            e.HasMany(o => o.Lines).WithOne().HasForeignKey(l => l.OrderId).OnDelete(DeleteBehavior.Cascade);
            e.HasMany(o => o.Tags).WithMany(t => t.Orders);
            e.HasQueryFilter(o => !o.IsDeleted);
        });
        modelBuilder.Entity<ExpressOrder>();
        modelBuilder.Entity<OrderLine>(e =>
        {
            e.HasMany(l => l.Notes).WithOne().HasForeignKey(n => n.LineId);
            e.HasIndex(l => new { l.OrderId, l.Sku }).IsUnique();
        });
        modelBuilder.Entity<Invoice>(e =>
        {
            e.Property(i => i.Gross).HasComputedColumnSql("\"Net\" * 120 / 100", stored: true);
            e.Property(i => i.Stamp).HasDefaultValueSql("'stamp-' || hex(randomblob(4))");
            e.HasMany(i => i.Items).WithOne().HasForeignKey(x => x.InvoiceId);
        });
        modelBuilder.Entity<Doc>(e =>
        {
            e.OwnsMany(d => d.Parts, p => p.ToJson());
            e.ComplexProperty(d => d.Price);
            e.OwnsMany(d => d.Phones, p => p.HasKey(x => x.Id));
        });
        modelBuilder.Entity<Shipment>(e =>
        {
            e.HasKey(s => new { s.Region, s.Number });
            e.HasMany(s => s.Parcels).WithOne().HasForeignKey(p => new { p.ShipmentRegion, p.ShipmentNumber });
        });
        modelBuilder.Entity<Ticket>(e =>
        {
            e.Property(t => t.Id).HasConversion(id => id.Value, value => new(value));
            e.HasMany(t => t.Comments).WithOne().HasForeignKey(c => c.TicketCode).HasPrincipalKey(t => t.Code);
        });
        modelBuilder.AddStatecast();
    }
}
