using System.Globalization;

namespace Statecast.Serialization.Avro.Schemas;

/// <summary>Defaults of fields (Avro 1.12, the table under "Complex Types, Records").</summary>
internal sealed class AvroDefaults(int maxChecks)
{
    private int _left = maxChecks;

    /// <summary>Why a JSON value is no value of a schema; null if it is one.</summary>
    public string? Problem(AvroSchema schema, SchemaJson value) =>
        // Unions within unions could be tried in more ways than there is time for.
        --_left < 0
            ? "it takes too long to see whether the schema's defaults fit"
            : schema switch
            {
                AvroUnion union => AnyBranch(union, value),
                AvroRecord record => OfRecord(record, value),
                AvroEnum symbols => value.Kind == SchemaJsonKind.Text && symbols.Has(value.Text)
                    ? null
                    : $"the default of the enum {symbols.Name} is one of its symbols",
                AvroFixed bytes => value.Kind == SchemaJsonKind.Text && value.Text.Length == bytes.Size && IsBytes(value.Text)
                    ? null
                    : $"the default of the fixed {bytes.Name} is a text of {bytes.Size} characters up to U+00FF",
                AvroArray array => OfArray(array, value),
                AvroMap map => OfMap(map, value),
                _ => Fits(schema.Type, value) ? null : $"the default is no {schema.Type.ToString().ToLowerInvariant()}",
            };

    private static bool Fits(AvroType type, SchemaJson value) =>
        type switch
        {
            AvroType.Null => value.Kind == SchemaJsonKind.Null,
            AvroType.Boolean => value.Kind is SchemaJsonKind.True or SchemaJsonKind.False,
            AvroType.Int => value.Kind == SchemaJsonKind.Number
                && int.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
            AvroType.Long => value.Kind == SchemaJsonKind.Number
                && long.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
            AvroType.Float or AvroType.Double => value.Kind == SchemaJsonKind.Number,
            AvroType.Bytes => value.Kind == SchemaJsonKind.Text && IsBytes(value.Text),
            _ => value.Kind == SchemaJsonKind.Text,
        };

    private string? AnyBranch(AvroUnion union, SchemaJson value)
    {
        string? problem = "a union without branches has no default";
        foreach (var branch in union.Branches)
            if ((problem = Problem(branch, value)) is null)
                return null;
        return union.Branches.Count == 1 ? problem : "the default is a value of none of the union's branches";
    }

    private string? OfRecord(AvroRecord record, SchemaJson value)
    {
        if (value.Kind != SchemaJsonKind.Object)
            return $"the default of the record {record.Name} is an object";
        foreach (var field in record.Fields)
            if ((value[field.Name] ?? field.Default) is not { } given)
                return $"the default of the record {record.Name} lacks the field '{field.Name}', which has none of its own";
            else if (value[field.Name] is not null && Problem(field.Schema, given) is { } problem)
                return problem;
        return null;
    }

    private string? OfArray(AvroArray array, SchemaJson value)
    {
        if (value.Kind != SchemaJsonKind.Array)
            return "the default of an array is an array";
        foreach (var item in value.Items)
            if (Problem(array.Items, item) is { } problem)
                return problem;
        return null;
    }

    private string? OfMap(AvroMap map, SchemaJson value)
    {
        if (value.Kind != SchemaJsonKind.Object)
            return "the default of a map is an object";
        foreach (var member in value.Members)
            if (Problem(map.Values, member.Value) is { } problem)
                return problem;
        return null;
    }

    private static bool IsBytes(string text)
    {
        foreach (var c in text)
            if (c > '\u00FF')
                return false;
        return true;
    }
}
