using System.Buffers;
using System.Collections.Immutable;
using Statecast.Benchmarks.Orders;
using Statecast.Contracts;
using Statecast.Serialization.Avro;

namespace Statecast.Benchmarks.Codecs;

/// <summary>An order as another version writes it: its fields in another order, in the order and in each line, with fields that ours does not know.</summary>
internal static class AnotherAvro
{
    // Named as ours is, but for the types' own names: records match by name.
    public static string Schema { get; } =
        ContractOf<AnotherOrder>()
            .AvroSchema.Replace(nameof(AnotherOrder), nameof(OrderState), StringComparison.Ordinal)
            .Replace(nameof(AnotherLine), nameof(OrderLineState), StringComparison.Ordinal);

    public static byte[] Body(OrderState order)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new AvroWriter(buffer);
        ContractOf<AnotherOrder>().WriteAvro(ref writer, Of(order));
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static AnotherOrder Of(OrderState order) =>
        new(
            "web",
            order.UpdatedAt,
            order.PlacedAt,
            order.Total,
            [.. order.Lines.Select(Of)],
            order.Currency,
            order.ShipTo,
            order.CustomerEmail,
            order.CustomerName,
            order.Status,
            order.Number,
            order.OrderId
        );

    private static AnotherLine Of(OrderLineState line) =>
        new(
            line.AddedAt,
            line.LineTotal,
            line.Discount,
            "4006381333931",
            line.UnitPrice,
            line.Quantity,
            line.ProductName,
            line.Sku,
            line.LineNumber
        );

    private static StateContract<TState> ContractOf<TState>()
        where TState : class, IStateContract<TState> => TState.Contract;
}

[StateContract("bench.another")]
public sealed partial record AnotherOrder(
    string Channel,
    DateTime UpdatedAt,
    DateTime PlacedAt,
    [Decimal(18, 2)] decimal Total,
    ImmutableArray<AnotherLine> Lines,
    string Currency,
    AddressState ShipTo,
    string CustomerEmail,
    string CustomerName,
    OrderStatus Status,
    string Number,
    [StateKey] Guid OrderId
);

public sealed record AnotherLine(
    DateTime AddedAt,
    [Decimal(18, 2)] decimal LineTotal,
    [Decimal(18, 2)] decimal Discount,
    string Barcode,
    [Decimal(18, 2)] decimal UnitPrice,
    int Quantity,
    string ProductName,
    string Sku,
    int LineNumber
);
