namespace Statecast.Serialization.Avro.Schemas;

/// <summary>What an Avro schema is of (Avro 1.12, "Schema Declaration").</summary>
public enum AvroType
{
    /// <summary><c>null</c>.</summary>
    Null,

    /// <summary><c>boolean</c>.</summary>
    Boolean,

    /// <summary><c>int</c>: 32 bits.</summary>
    Int,

    /// <summary><c>long</c>: 64 bits.</summary>
    Long,

    /// <summary><c>float</c>.</summary>
    Float,

    /// <summary><c>double</c>.</summary>
    Double,

    /// <summary><c>bytes</c>.</summary>
    Bytes,

    /// <summary><c>string</c>.</summary>
    String,

    /// <summary><c>record</c> or <c>error</c>.</summary>
    Record,

    /// <summary><c>enum</c>.</summary>
    Enum,

    /// <summary><c>fixed</c>.</summary>
    Fixed,

    /// <summary><c>array</c>.</summary>
    Array,

    /// <summary><c>map</c>.</summary>
    Map,

    /// <summary>A union.</summary>
    Union,
}
