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
}
