namespace Statecast.Generators.Rules;

/// <summary>What a diagnostic carries for its code fix, beside its place.</summary>
internal static class MendKeys
{
    /// <summary>The type that is in the way, as it is written at the place.</summary>
    public const string Type = "type";

    /// <summary>The full name, without type arguments, of what to write instead.</summary>
    public const string Instead = "instead";

    /// <summary>The property that is most likely the key.</summary>
    public const string Key = "key";

    /// <summary>A case's name on the wire.</summary>
    public const string Case = "case";

    /// <summary>An earlier name.</summary>
    public const string Alias = "alias";

    /// <summary>The next major.</summary>
    public const string Version = "version";

    /// <summary>The contract's name.</summary>
    public const string Contract = "contract";

    /// <summary>The lock to be written: its path without an extension.</summary>
    public const string Lock = "lock";

    /// <summary>The text of its Avro schema.</summary>
    public const string AvroSchema = "avro";

    /// <summary>The text of its JSON Schema.</summary>
    public const string JsonSchema = "json";
}
