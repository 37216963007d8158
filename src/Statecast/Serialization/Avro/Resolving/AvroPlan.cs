using System.Collections.Generic;
using System.ComponentModel;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Serialization.Avro.Resolving;

/// <summary>
/// How values of a writer's schema are read as a reader's (Avro 1.12, "Schema Resolution"), or passed over: worked out once per pair of schemas, so that
/// no record needs a look at a schema. Read by generated code.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class AvroPlan
{
    private static readonly AvroStep[] NoSteps = [];

    internal AvroPlan(AvroType source, int branch = -1)
    {
        Source = source;
        Branch = branch;
    }

    /// <summary>What the writer wrote.</summary>
    public AvroType Source { get; }

    /// <summary>Which branch of the reader's union the value is; -1 where the reader has none.</summary>
    public int Branch { get; }

    /// <summary>Whether the value is null.</summary>
    public bool IsNull => Source == AvroType.Null;

    /// <summary>The writer's fields, in the order in which they come.</summary>
    public AvroStep[] Steps { get; internal set; } = NoSteps;

    /// <summary>Whether the writer's record begins with the bytes that the reader's own schema would have written, all of them; what it has more comes behind.</summary>
    public bool BeginsAlike { get; internal set; }

    /// <summary>How each item of an array, or value of a map, is read.</summary>
    public AvroPlan Item { get; internal set; } = null!;

    /// <summary>A plan for each branch of the writer's union; null where it is no value of the reader's schema. Null as a whole where the writer has none.</summary>
    internal AvroPlan?[]? Branches { get; set; }

    /// <summary>Why a branch has no plan.</summary>
    internal string?[]? Problems { get; set; }

    /// <summary>The reader's index of each of the writer's symbols; -1 for one that it does not know.</summary>
    internal int[]? Symbols { get; set; }

    /// <summary>The writer's symbols, for messages.</summary>
    internal IReadOnlyList<string>? Names { get; set; }

    /// <summary>The bytes of a fixed.</summary>
    internal int Size { get; set; }

    /// <summary>Whether an item of an array is no bytes at all: then only the limit bounds how many a body holds.</summary>
    public bool MayItemBeEmpty => Source == AvroType.Array && Item.IsEmpty;

    /// <summary>Whether a value is no bytes at all. Known once the whole plan stands, and asked for while it is read.</summary>
    internal bool IsEmpty { get; set; }
}

/// <summary>One of the writer's fields.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct AvroStep
{
    internal AvroStep(int field, AvroPlan plan, string name)
    {
        Field = field;
        Plan = plan;
        Name = name;
    }

    /// <summary>The reader's field; -1 for one that it does not know.</summary>
    public int Field { get; }

    /// <summary>How it is read, or passed over.</summary>
    public AvroPlan Plan { get; }

    /// <summary>The writer's name of it, for paths.</summary>
    public string Name { get; }
}
