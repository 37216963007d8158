namespace Statecast.Serialization.Compatibility;

/// <summary>The rule by which one schema does not read another's data.</summary>
public enum CompatibilityRule
{
    /// <summary>The types differ, and none is widened into the other.</summary>
    Type,

    /// <summary>What is written would be read, without an error, as something else or as less.</summary>
    Loss,

    /// <summary>Named types have other names, and the reader's no such alias.</summary>
    Name,

    /// <summary>A field that the writer does not have has no default and is not nullable.</summary>
    MissingDefault,

    /// <summary>The writer may write null where the reader takes none.</summary>
    Null,

    /// <summary>The writer's numbers can be larger, or have more digits after the point, than the reader's.</summary>
    Range,

    /// <summary>A symbol is unknown to the reader, which has no default for such.</summary>
    EnumSymbol,

    /// <summary>A case or a branch is unknown to the reader.</summary>
    UnionBranch,

    /// <summary>Fixed types differ in size.</summary>
    FixedSize,

    /// <summary>The same bytes would mean another value.</summary>
    LogicalType,

    /// <summary>The writer has both a field and another by the name of the reader's alias for it.</summary>
    AliasTaken,

    /// <summary>The parts of the key differ.</summary>
    Key,
}
