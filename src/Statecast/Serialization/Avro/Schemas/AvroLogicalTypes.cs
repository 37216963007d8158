using System;
using System.Globalization;

namespace Statecast.Serialization.Avro.Schemas;

/// <summary>Logical types (Avro 1.12, "Logical Types"). One that is unknown, or does not fit what it annotates, is ignored, as the specification says.</summary>
internal static class AvroLogicalTypes
{
    public static AvroLogicalType? Read(SchemaJson json, AvroType type, int size)
    {
        if (json["logicalType"] is not { Kind: SchemaJsonKind.Text } given)
            return null;
        return (given.Text, type) switch
        {
            ("decimal", AvroType.Bytes or AvroType.Fixed) => Decimal(json, type == AvroType.Fixed ? size : int.MaxValue),
            ("uuid", AvroType.String) => new(given.Text),
            ("uuid", AvroType.Fixed) when size == 16 => new(given.Text),
            ("duration", AvroType.Fixed) when size == 12 => new(given.Text),
            ("date" or "time-millis", AvroType.Int) => new(given.Text),
            ("time-micros", AvroType.Long) => new(given.Text),
            ("timestamp-millis" or "timestamp-micros" or "timestamp-nanos", AvroType.Long) => new(given.Text),
            ("local-timestamp-millis" or "local-timestamp-micros" or "local-timestamp-nanos", AvroType.Long) => new(given.Text),
            _ => null,
        };
    }

    private static AvroLogicalType? Decimal(SchemaJson json, int size)
    {
        if (Number(json["precision"]) is not (> 0 and var precision))
            return null;
        var scale = json["scale"] is { } given ? Number(given) : 0;
        // The digits that a two's complement number of this size can hold in any case.
        var most =
            size == int.MaxValue ? int.MaxValue
            : size == 0 ? 0
            : (int)Math.Floor(Math.Log10(2) * (8.0 * size - 1));
        return scale is { } digits && digits <= precision && precision <= most ? new("decimal", precision, digits) : null;
    }

    private static int? Number(SchemaJson? json) =>
        json is { Kind: SchemaJsonKind.Number } && int.TryParse(json.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
