using Statecast.Codecs.Tests.Resolution;

namespace Statecast.Codecs.Tests;

/// <summary>
/// What the peers do wrong, or do not do, and how often with the schemas that are made up by default. <c>docs/internals/avro.md</c> says what each is.
/// </summary>
internal static class KnownFaults
{
    public const string None = "none";

    /// <summary>What Apache.Avro makes of another writer's values that we read.</summary>
    public static SortedDictionary<string, int> ApacheResolves { get; } =
        new(StringComparer.Ordinal)
        {
            [OracleRun.Same] = 6_582,
            [OracleRun.Another] = 175,
            ["resolve: AvroException: Schema mismatch"] = 4_670,
            ["resolve: AvroException: No matching schema for"] = 402,
            ["resolve: ArgumentOutOfRangeException: size must be greater"] = 207,
            ["resolve: AvroException: End of stream reached"] = 79,
        };

    /// <summary>Faults of python-avro's that its script mends.</summary>
    public static SortedDictionary<string, int> Python { get; } =
        new(StringComparer.Ordinal)
        {
            ["canonical form keeps an annotated primitive an object"] = 3_955,
            // Not met with this seed.
            ["decimal written longer than needed"] = 0,
            ["null beside a uuid raises"] = 58,
        };

    /// <summary>What python-avro makes of another writer's values that we read.</summary>
    public static SortedDictionary<string, int> PythonResolves { get; } =
        new(StringComparer.Ordinal) { [None] = 11_287, ["SchemaResolutionException"] = 828 };

    /// <summary>
    /// "Logical Types", "Decimal": "For the purposes of schema resolution, two schemas that are decimal logical types match if their scales and precisions match." A writer's
    /// with more digits than the reader's does not, since such a value may not fit; both peers look at no precision.
    /// </summary>
    public const string Digits = "digits of a decimal not looked at";

    /// <summary>What Apache.Avro resolves though we refuse it. A rule of ours that is too strict would show here, by its name.</summary>
    public static SortedDictionary<string, int> ApacheReadsRefused { get; } = new(StringComparer.Ordinal) { [Digits] = 47 };

    /// <summary>What python-avro resolves though we refuse it.</summary>
    public static SortedDictionary<string, int> PythonReadsRefused { get; } = new(StringComparer.Ordinal) { [Digits] = 55 };

    /// <summary>What to call it that a peer resolves a body that we refuse: known only if it comes out as what we would make of the same bytes.</summary>
    public static string OfRefused(Refusal refusal, byte[] answer) =>
        refusal.Unmeant is null || refusal.Unmeant.AsSpan().SequenceEqual(answer) ? refusal.Rule : refusal.Rule + ", as another value";
}
