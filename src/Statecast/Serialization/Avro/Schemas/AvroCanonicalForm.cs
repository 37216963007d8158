using System.Globalization;

namespace Statecast.Serialization.Avro.Schemas;

/// <summary>
/// The Parsing Canonical Form (Avro 1.12): primitives by name, full names, only the attributes that matter to a parser, in a fixed order, without blanks.
/// Schemas that read the same data the same way have the same form.
/// </summary>
internal sealed class AvroCanonicalForm : AvroSchemaText
{
    private AvroCanonicalForm() { }

    public static string Of(AvroSchema schema)
    {
        var form = new AvroCanonicalForm();
        form.Write(schema);
        return form.Json.ToString();
    }

    protected override void WriteNamed(AvroNamedSchema named)
    {
        Json.Append("{\"name\":");
        Text(named.Name.Full);
        Json.Append(",\"type\":");
        Text(NameOf(named.Type));
        switch (named)
        {
            case AvroRecord record:
                Json.Append(",\"fields\":");
                Items(record.Fields, WriteField);
                break;
            case AvroEnum symbols:
                Json.Append(",\"symbols\":");
                Items(symbols.Symbols, Text);
                break;
            case AvroFixed bytes:
                Json.Append(",\"size\":").Append(bytes.Size.ToString(CultureInfo.InvariantCulture));
                break;
        }
        Json.Append('}');
    }

    private void WriteField(AvroField field)
    {
        Json.Append("{\"name\":");
        Text(field.Name);
        Json.Append(",\"type\":");
        Write(field.Schema);
        Json.Append('}');
    }
}
