using Avro;
using Avro.Specific;

// Apache.Avro finds a record's class by the schema's names.
namespace bench.order;

/// <summary>The order as Apache.Avro's specific classes want it: by index, and with its own decimal.</summary>
public sealed class OrderState : ISpecificRecord
{
    public Schema Schema => Schemas.Of(nameof(OrderState));
    public Guid OrderId { get; set; }
    public string Number { get; set; } = "";
    public OrderStatus Status { get; set; }
    public string CustomerName { get; set; } = "";
    public string CustomerEmail { get; set; } = "";
    public AddressState ShipTo { get; set; } = null!;
    public string Currency { get; set; } = "";
    public AvroDecimal Total { get; set; }
    public DateTime PlacedAt { get; set; }
    public DateTime UpdatedAt { get; set; }
    public IList<OrderLineState> Lines { get; set; } = null!;

    public object Get(int fieldPos) =>
        fieldPos switch
        {
            0 => OrderId,
            1 => Number,
            2 => Status,
            3 => CustomerName,
            4 => CustomerEmail,
            5 => ShipTo,
            6 => Currency,
            7 => Total,
            8 => PlacedAt,
            9 => UpdatedAt,
            10 => Lines,
            _ => throw new AvroRuntimeException($"There is no field {fieldPos}."),
        };

    public void Put(int fieldPos, object fieldValue)
    {
        switch (fieldPos)
        {
            case 0:
                OrderId = (Guid)fieldValue;
                break;
            case 1:
                Number = (string)fieldValue;
                break;
            case 2:
                Status = (OrderStatus)fieldValue;
                break;
            case 3:
                CustomerName = (string)fieldValue;
                break;
            case 4:
                CustomerEmail = (string)fieldValue;
                break;
            case 5:
                ShipTo = (AddressState)fieldValue;
                break;
            case 6:
                Currency = (string)fieldValue;
                break;
            case 7:
                Total = (AvroDecimal)fieldValue;
                break;
            case 8:
                PlacedAt = (DateTime)fieldValue;
                break;
            case 9:
                UpdatedAt = (DateTime)fieldValue;
                break;
            case 10:
                Lines = (IList<OrderLineState>)fieldValue;
                break;
            default:
                throw new AvroRuntimeException($"There is no field {fieldPos}.");
        }
    }
}

public sealed class AddressState : ISpecificRecord
{
    public Schema Schema => Schemas.Of(nameof(AddressState));
    public string Street { get; set; } = "";
    public string? Line2 { get; set; }
    public string City { get; set; } = "";
    public string PostalCode { get; set; } = "";
    public string Country { get; set; } = "";

    public object Get(int fieldPos) =>
        fieldPos switch
        {
            0 => Street,
            1 => Line2!,
            2 => City,
            3 => PostalCode,
            4 => Country,
            _ => throw new AvroRuntimeException($"There is no field {fieldPos}."),
        };

    public void Put(int fieldPos, object fieldValue)
    {
        switch (fieldPos)
        {
            case 0:
                Street = (string)fieldValue;
                break;
            case 1:
                Line2 = (string?)fieldValue;
                break;
            case 2:
                City = (string)fieldValue;
                break;
            case 3:
                PostalCode = (string)fieldValue;
                break;
            case 4:
                Country = (string)fieldValue;
                break;
            default:
                throw new AvroRuntimeException($"There is no field {fieldPos}.");
        }
    }
}

public sealed class OrderLineState : ISpecificRecord
{
    public Schema Schema => Schemas.Of(nameof(OrderLineState));
    public int LineNumber { get; set; }
    public string Sku { get; set; } = "";
    public string ProductName { get; set; } = "";
    public int Quantity { get; set; }
    public AvroDecimal UnitPrice { get; set; }
    public AvroDecimal Discount { get; set; }
    public AvroDecimal LineTotal { get; set; }
    public DateTime AddedAt { get; set; }

    public object Get(int fieldPos) =>
        fieldPos switch
        {
            0 => LineNumber,
            1 => Sku,
            2 => ProductName,
            3 => Quantity,
            4 => UnitPrice,
            5 => Discount,
            6 => LineTotal,
            7 => AddedAt,
            _ => throw new AvroRuntimeException($"There is no field {fieldPos}."),
        };

    public void Put(int fieldPos, object fieldValue)
    {
        switch (fieldPos)
        {
            case 0:
                LineNumber = (int)fieldValue;
                break;
            case 1:
                Sku = (string)fieldValue;
                break;
            case 2:
                ProductName = (string)fieldValue;
                break;
            case 3:
                Quantity = (int)fieldValue;
                break;
            case 4:
                UnitPrice = (AvroDecimal)fieldValue;
                break;
            case 5:
                Discount = (AvroDecimal)fieldValue;
                break;
            case 6:
                LineTotal = (AvroDecimal)fieldValue;
                break;
            case 7:
                AddedAt = (DateTime)fieldValue;
                break;
            default:
                throw new AvroRuntimeException($"There is no field {fieldPos}.");
        }
    }
}

public enum OrderStatus
{
    Placed,
    Paid,
    Shipped,
    Cancelled,
}

/// <summary>The schemas of the classes, set once from the contract's own.</summary>
internal static class Schemas
{
    private static readonly Dictionary<string, Schema> ByName = new(StringComparer.Ordinal);

    public static Schema Use(string json)
    {
        var order = (RecordSchema)Schema.Parse(json);
        ByName["OrderState"] = order;
        ByName["AddressState"] = order["shipTo"].Schema;
        ByName["OrderLineState"] = ((ArraySchema)order["lines"].Schema).ItemSchema;
        return order;
    }

    public static Schema Of(string name) => ByName[name];
}
