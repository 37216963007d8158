using System.Text;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Serialization.Avro.Registry;

/// <summary>A schema as a registry has it.</summary>
public sealed class RegisteredSchema
{
    private RegisteredSchema(SchemaId id, string text, AvroSchema schema)
    {
        Id = id;
        Text = text;
        Schema = schema;
        Fingerprint = Fingerprint.Of(Encoding.UTF8.GetBytes(text));
        Normal = schema.ToJson();
    }

    /// <summary>What names it there.</summary>
    public SchemaId Id { get; }

    /// <summary>Its text, as the registry answered it.</summary>
    public string Text { get; }

    /// <summary>What it says.</summary>
    public AvroSchema Schema { get; }

    /// <summary>SHA-256 over the text, cut to 128 bits: for a contract's schema that the registry left as it was, the contract's own fingerprint.</summary>
    public Fingerprint Fingerprint { get; }

    /// <summary>The same for texts that differ only in blanks, order, or what does not bear on the bytes.</summary>
    internal string Normal { get; }

    /// <summary>Takes a text that a registry gave.</summary>
    /// <param name="id">What names it.</param>
    /// <param name="text">The schema's JSON.</param>
    /// <param name="limits">How large it may be.</param>
    /// <exception cref="AvroSchemaException">It is no Avro schema, or larger.</exception>
    public static RegisteredSchema Of(SchemaId id, string text, AvroSchemaLimits? limits = null) =>
        new(id, text, AvroSchema.Parse(text, limits));

    /// <summary>The same schema under another id.</summary>
    internal RegisteredSchema As(SchemaId id) => id == Id ? this : new(id, Text, Schema);

    /// <inheritdoc/>
    public override string ToString() => $"{Schema} ({Id})";
}
