using System;
using System.Collections.Generic;
using System.Globalization;

namespace Statecast.Serialization.Avro.Schemas;

/// <summary>A schema as minified JSON. Parsed again it is the same schema.</summary>
internal sealed class AvroSchemaPrinter : AvroSchemaText
{
    private AvroSchemaPrinter() { }

    public static string Print(AvroSchema schema)
    {
        var printer = new AvroSchemaPrinter();
        printer.Write(schema);
        return printer.Json.ToString();
    }

    protected override void WritePrimitive(AvroSchema schema)
    {
        if (schema.Logical is not { } logical)
        {
            base.WritePrimitive(schema);
            return;
        }
        Json.Append("{\"type\":");
        Text(NameOf(schema.Type));
        WriteLogical(logical);
        Json.Append('}');
    }

    protected override void WriteNamed(AvroNamedSchema named)
    {
        Json.Append("{\"type\":");
        Text(NameOf(named.Type));
        Json.Append(",\"name\":");
        Text(named.Name.Simple);
        // Also where it is empty: what is declared inside another namespace would inherit that.
        Json.Append(",\"namespace\":");
        Text(named.Name.Namespace);
        Aliases(named.Aliases, alias => alias.Namespace.Length == 0 && named.Name.Namespace.Length > 0 ? "." + alias.Simple : alias.Full);
        switch (named)
        {
            case AvroRecord record:
                Json.Append(",\"fields\":");
                Items(record.Fields, WriteField);
                break;
            case AvroEnum symbols:
                Json.Append(",\"symbols\":");
                Items(symbols.Symbols, Text);
                if (symbols.Default is { } value)
                {
                    Json.Append(",\"default\":");
                    Text(value);
                }
                break;
            case AvroFixed bytes:
                Json.Append(",\"size\":").Append(bytes.Size.ToString(CultureInfo.InvariantCulture));
                break;
        }
        if (named.Logical is { } logical)
            WriteLogical(logical);
        Json.Append('}');
    }

    private void WriteField(AvroField field)
    {
        Json.Append("{\"name\":");
        Text(field.Name);
        Json.Append(",\"type\":");
        Write(field.Schema);
        if (field.Default is { } value)
        {
            Json.Append(",\"default\":");
            value.Write(Json);
        }
        Aliases(field.Aliases, alias => alias);
        Json.Append('}');
    }

    private void Aliases<T>(IReadOnlyList<T> aliases, Func<T, string> name)
    {
        if (aliases.Count == 0)
            return;
        Json.Append(",\"aliases\":");
        Items(aliases, alias => Text(name(alias)));
    }

    private void WriteLogical(AvroLogicalType logical)
    {
        Json.Append(",\"logicalType\":");
        Text(logical.Name);
        if (logical.Precision > 0)
            Json.Append(",\"precision\":")
                .Append(logical.Precision.ToString(CultureInfo.InvariantCulture))
                .Append(",\"scale\":")
                .Append(logical.Scale.ToString(CultureInfo.InvariantCulture));
    }
}
