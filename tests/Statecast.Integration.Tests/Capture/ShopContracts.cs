using System.Collections.Immutable;
using Statecast.Contracts;

namespace Statecast.Integration.Tests.Capture;

[StateContract("test.order")]
public sealed partial record OrderState(
    [StateKey] Guid Id,
    string Kind,
    string Status,
    DateTime At,
    string? ModifiedBy,
    string City,
    ImmutableArray<LineState> Lines,
    ImmutableArray<string> Tags
)
{
    public static OrderState From(Order o) =>
        new(
            o.Id,
            o.GetType().Name,
            o.Status,
            o.At,
            o.ModifiedBy,
            o.Address.City,
            [.. o.Lines.OrderBy(l => l.Sku, StringComparer.Ordinal).Select(LineState.From)],
            [.. o.Tags.Select(t => t.Name).Order(StringComparer.Ordinal)]
        );
}

public sealed record LineState(string Sku, int Quantity, ImmutableArray<string> Notes)
{
    public static LineState From(OrderLine l) => new(l.Sku, l.Quantity, [.. l.Notes.Select(n => n.Text).Order(StringComparer.Ordinal)]);
}

[StateContract("test.invoice")]
public sealed partial record InvoiceState([StateKey] int Id, string Number, int Net, int Gross, string? Stamp, ImmutableArray<string> Items)
{
    public static InvoiceState From(Invoice i) =>
        new(i.Id, i.Number, i.Net, i.Gross, i.Stamp, [.. i.Items.Select(x => x.Text).Order(StringComparer.Ordinal)]);
}

[StateContract("test.doc")]
public sealed partial record DocState([StateKey] int Id, ImmutableArray<string> Parts, int Amount, ImmutableArray<string> Phones)
{
    public static DocState From(Doc d) =>
        new(
            d.Id,
            [.. d.Parts.Select(p => p.Name + p.Count)],
            d.Price.Amount,
            [.. d.Phones.Select(p => p.Number).Order(StringComparer.Ordinal)]
        );
}

[StateContract("test.shipment")]
public sealed partial record ShipmentState([StateKey] string Region, [StateKey] int Number, string Carrier, int Grams)
{
    public static ShipmentState From(Shipment s) => new(s.Region, s.Number, s.Carrier, s.Parcels.Sum(p => p.Grams));
}

[StateContract("test.ticket")]
public sealed partial record TicketState([StateKey] Guid Id, string Subject, ImmutableArray<string> Comments)
{
    public static TicketState From(Ticket t) => new(t.Id.Value, t.Subject, [.. t.Comments.OrderBy(c => c.Id).Select(c => c.Text)]);
}
