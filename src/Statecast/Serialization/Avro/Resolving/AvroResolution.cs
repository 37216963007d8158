using System.Collections.Generic;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Serialization.Avro.Resolving;

/// <summary>What a reader's schema makes of a writer's.</summary>
public sealed class AvroResolution
{
    internal AvroResolution(AvroPlan? plan, IReadOnlyList<AvroMismatch> mismatches)
    {
        Plan = plan;
        Mismatches = mismatches;
    }

    /// <summary>How values are read; null if none can be.</summary>
    public AvroPlan? Plan { get; }

    /// <summary>What cannot be read; empty if every value can.</summary>
    public IReadOnlyList<AvroMismatch> Mismatches { get; }

    /// <summary>Whether every value of the writer's schema can be read.</summary>
    public bool ReadsAll => Mismatches.Count == 0;

    /// <summary>Works it out by the specification's rules (Avro 1.12, "Schema Resolution").</summary>
    public static AvroResolution Of(AvroSchema writer, AvroSchema reader)
    {
        var resolver = new AvroResolver();
        var plan = resolver.Resolve(writer, reader);
        return new(plan, resolver.Mismatches);
    }
}

/// <summary>The rule by which data of one schema cannot be read by another.</summary>
public enum AvroMismatchRule
{
    /// <summary>The types are neither the same, nor is the writer's promoted to the reader's.</summary>
    Type,

    /// <summary>Named types have other names, and the reader's no such alias.</summary>
    Name,

    /// <summary>A field that the writer does not have has no default.</summary>
    MissingDefault,

    /// <summary>A symbol is unknown to the reader, which has no default.</summary>
    EnumSymbol,

    /// <summary>The reader's union has no branch for it.</summary>
    UnionBranch,

    /// <summary>Fixed types differ in size.</summary>
    FixedSize,

    /// <summary>Logical types, or the digits of decimals, differ: the same bytes would mean another value.</summary>
    LogicalType,
}

/// <summary>One thing in a writer's schema that a reader's cannot read.</summary>
public sealed class AvroMismatch
{
    internal AvroMismatch(string path, AvroMismatchRule rule, string reason, string advice)
    {
        Path = path;
        Rule = rule;
        Reason = reason;
        Advice = advice;
    }

    /// <summary>Where, for example <c>lines[].price</c>; <c>$</c> for the whole.</summary>
    public string Path { get; }

    /// <summary>By which rule.</summary>
    public AvroMismatchRule Rule { get; }

    /// <summary>What differs.</summary>
    public string Reason { get; }

    /// <summary>What mends it.</summary>
    public string Advice { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Path}: {Reason}; {Advice}.";
}
