namespace Statecast.Serialization.Avro.Schemas;

/// <summary>How large a schema may be: it comes from a registry or a file, so from somebody else.</summary>
public sealed class AvroSchemaLimits
{
    /// <summary>The limits that apply where none are given.</summary>
    public static AvroSchemaLimits Default { get; } = new();

    /// <summary>The most characters of its text; 1,000,000 by default.</summary>
    public int MaxCharacters { get; init; } = 1_000_000;

    /// <summary>How deep its JSON may be nested; 64 by default.</summary>
    public int MaxDepth { get; init; } = 64;

    /// <summary>The most JSON values in it; 100,000 by default.</summary>
    public int MaxValues { get; init; } = 100_000;
}
