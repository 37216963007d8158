using System.Text.Json.Serialization;

namespace Statecast.Benchmarks.Harness;

/// <summary>One measured figure beside what it is held against. Peer and limit were measured in the same run, interleaved with ours.</summary>
/// <param name="Suite">The suite.</param>
/// <param name="Case">What was done.</param>
/// <param name="Unit">The unit of all values of the row.</param>
/// <param name="Better">Whether lower or higher values are better.</param>
/// <param name="Ours">Statecast's figure.</param>
/// <param name="Peer">What a user would write or take instead; null where there is none.</param>
/// <param name="Limit">What the machine allows; null where it was not measured.</param>
internal sealed record Row(string Suite, string Case, string Unit, Better Better, double Ours, Reference? Peer, Reference? Limit)
{
    /// <summary>The aim, for the table that people read: at most (or at least) so many times the peer, or an absolute bound. Null for an informative row.</summary>
    [JsonIgnore]
    public Aim? Aim { get; init; }
}

/// <summary>A named figure in the row's unit.</summary>
internal sealed record Reference(string Name, double Value);

/// <summary>Which way is better.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Better>))]
internal enum Better
{
    [JsonStringEnumMemberName("lower")]
    Lower,

    [JsonStringEnumMemberName("higher")]
    Higher,
}

/// <summary>What a row should reach.</summary>
/// <param name="Text">For people, for example <c>≤ 1.8 ×</c>.</param>
/// <param name="Bound">The bound in the row's unit, computed from the references of the same run.</param>
internal sealed record Aim(string Text, double Bound)
{
    public bool IsMetBy(Row row) => row.Better == Better.Lower ? row.Ours <= Bound : row.Ours >= Bound;
}

/// <summary>The rows' JSON, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Row))]
internal sealed partial class RowJson : JsonSerializerContext;
