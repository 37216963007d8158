using System;
using System.Collections.Generic;
using Statecast.Serialization.Avro.Resolving;
using Statecast.Serialization.Avro.Schemas;
using Statecast.Serialization.Json.Schema;

namespace Statecast.Serialization.Compatibility;

/// <summary>
/// Whether a schema may follow others. For Avro by the specification's resolution, which our codec reads with; for JSON by what our JSON codec does.
/// Also linked into the analyzers: a build and a running service cannot disagree.
/// </summary>
public static class SchemaCompatibility
{
    /// <summary>Compares an Avro schema with those before it.</summary>
    /// <param name="mode">Who must read what.</param>
    /// <param name="next">The new schema.</param>
    /// <param name="history">The earlier ones, oldest first.</param>
    public static CompatibilityReport Check(CompatibilityMode mode, AvroSchema next, IReadOnlyList<AvroSchema> history) =>
        Check(mode, next, history, "avro", Avro);

    /// <summary>Compares a contract's JSON Schema with those before it.</summary>
    /// <param name="mode">Who must read what.</param>
    /// <param name="next">The new schema.</param>
    /// <param name="history">The earlier ones, oldest first.</param>
    public static CompatibilityReport Check(CompatibilityMode mode, JsonStateSchema next, IReadOnlyList<JsonStateSchema> history) =>
        Check(mode, next, history, "json", JsonMatch.Mismatches);

    private static CompatibilityReport Check<TSchema>(
        CompatibilityMode mode,
        TSchema next,
        IReadOnlyList<TSchema> history,
        string codec,
        Func<TSchema, TSchema, IReadOnlyList<CompatibilityMismatch>> mismatches
    )
    {
        var problems = new List<CompatibilityProblem>();
        for (var i = mode.IsTransitive() ? 0 : Math.Max(0, history.Count - 1); i < history.Count; i++)
        {
            if (mode.IsBackward())
                Add(CompatibilityDirection.Backward, i, mismatches(history[i], next));
            if (mode.IsForward())
                Add(CompatibilityDirection.Forward, i, mismatches(next, history[i]));
        }
        return new(problems);

        void Add(CompatibilityDirection direction, int against, IReadOnlyList<CompatibilityMismatch> found)
        {
            foreach (var mismatch in found)
                problems.Add(new(direction, against, codec, mismatch));
        }
    }

    private static List<CompatibilityMismatch> Avro(AvroSchema writer, AvroSchema reader)
    {
        var mismatches = new List<CompatibilityMismatch>();
        foreach (var mismatch in AvroResolution.Of(writer, reader).Mismatches)
            mismatches.Add(new(mismatch.Path, RuleOf(mismatch.Rule), mismatch.Reason, mismatch.Advice));
        return mismatches;
    }

    private static CompatibilityRule RuleOf(AvroMismatchRule rule) =>
        rule switch
        {
            AvroMismatchRule.Type => CompatibilityRule.Type,
            AvroMismatchRule.Name => CompatibilityRule.Name,
            AvroMismatchRule.MissingDefault => CompatibilityRule.MissingDefault,
            AvroMismatchRule.EnumSymbol => CompatibilityRule.EnumSymbol,
            AvroMismatchRule.UnionBranch => CompatibilityRule.UnionBranch,
            AvroMismatchRule.FixedSize => CompatibilityRule.FixedSize,
            AvroMismatchRule.LogicalType => CompatibilityRule.LogicalType,
            _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, "This rule of Avro's has no counterpart here."),
        };
}
