namespace Statecast.Serialization.Avro.Reading;

/// <summary>What is read of one body at most. All of it is checked before memory is taken for it.</summary>
public sealed class AvroReadLimits
{
    /// <summary>The limits that apply where none are given.</summary>
    public static AvroReadLimits Default { get; } = new();

    /// <summary>The most bytes of a body; 900 KB by default, the default limit of an event.</summary>
    public int MaxBodyBytes { get; init; } = 900 * 1024;

    /// <summary>The most items of all arrays and maps of a body together; 1,000,000 by default.</summary>
    public int MaxItems { get; init; } = 1_000_000;

    /// <summary>How deep what a contract does not know may be nested; 64 by default. What it knows is as deep as its types are.</summary>
    public int MaxDepth { get; init; } = 64;
}
