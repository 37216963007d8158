using System.Collections.Immutable;
using Statecast.Contracts;

namespace Statecast.Tests.Serialization;

// Contracts with one value each, of every kind: what is written as one is read as each other.

[StateContract("cell.boolean")]
internal sealed partial record BooleanCell([StateKey] int Id, bool V);

[StateContract("cell.byte")]
internal sealed partial record ByteCell([StateKey] int Id, byte V);

[StateContract("cell.int")]
internal sealed partial record IntCell([StateKey] int Id, int V);

[StateContract("cell.uint")]
internal sealed partial record UIntCell([StateKey] int Id, uint V);

[StateContract("cell.long")]
internal sealed partial record LongCell([StateKey] int Id, long V);

[StateContract("cell.ulong")]
internal sealed partial record ULongCell([StateKey] int Id, ulong V);

[StateContract("cell.float")]
internal sealed partial record FloatCell([StateKey] int Id, float V);

[StateContract("cell.double")]
internal sealed partial record DoubleCell([StateKey] int Id, double V);

[StateContract("cell.whole")]
internal sealed partial record WholeCell([StateKey] int Id, [Decimal(10, 0)] decimal V);

[StateContract("cell.cents")]
internal sealed partial record CentsCell([StateKey] int Id, [Decimal(9, 2)] decimal V);

[StateContract("cell.mills")]
internal sealed partial record MillsCell([StateKey] int Id, [Decimal(14, 3)] decimal V);

[StateContract("cell.text")]
internal sealed partial record TextCell([StateKey] int Id, string V);

[StateContract("cell.guid")]
internal sealed partial record GuidCell([StateKey] int Id, Guid V);

[StateContract("cell.instant")]
internal sealed partial record InstantCell([StateKey] int Id, DateTimeOffset V);

[StateContract("cell.day")]
internal sealed partial record DayCell([StateKey] int Id, DateOnly V);

[StateContract("cell.time")]
internal sealed partial record TimeCell([StateKey] int Id, TimeOnly V);

[StateContract("cell.duration")]
internal sealed partial record DurationCell([StateKey] int Id, TimeSpan V);

[StateContract("cell.bytes")]
internal sealed partial record BytesCell([StateKey] int Id, ImmutableArray<byte> V);

[StateContract("cell.enum")]
internal sealed partial record EnumCell([StateKey] int Id, Small V);

[StateContract("cell.wide-enum")]
internal sealed partial record WideEnumCell([StateKey] int Id, Wide V);

[StateContract("cell.lenient-enum")]
internal sealed partial record LenientEnumCell([StateKey] int Id, Lenient V);

[StateContract("cell.maybe-int")]
internal sealed partial record MaybeIntCell([StateKey] int Id, int? V);

[StateContract("cell.list")]
internal sealed partial record ListCell([StateKey] int Id, ImmutableArray<int> V);

[StateContract("cell.set")]
internal sealed partial record SetCell([StateKey] int Id, ImmutableHashSet<int> V);

[StateContract("cell.long-list")]
internal sealed partial record LongListCell([StateKey] int Id, ImmutableArray<long> V);

[StateContract("cell.map")]
internal sealed partial record MapCell([StateKey] int Id, ImmutableDictionary<string, int> V);

/// <summary>Items that can be of no bytes, where their writer has none of the fields.</summary>
[StateContract("cell.defaults")]
internal sealed partial record DefaultsCell([StateKey] int Id, ImmutableArray<Defaults> V);

internal sealed record Defaults([property: Default(1)] long A, [property: Default(2)] long B, string? C);

[StateContract("cell.record")]
internal sealed partial record RecordCell([StateKey] int Id, Narrow V);

[StateContract("cell.wide-record")]
internal sealed partial record WideRecordCell([StateKey] int Id, Broad V);

[StateContract("cell.cases")]
internal sealed partial record CasesCell([StateKey] int Id, Few V);

[StateContract("cell.more-cases")]
internal sealed partial record MoreCasesCell([StateKey] int Id, Many V);

/// <summary>What was another name, field and field more.</summary>
[StateContract("cell.renamed")]
internal sealed partial record RenamedCell([StateKey] int Id, Renamed V);

internal enum Small
{
    A,
    B,
}

internal enum Wide
{
    A,
    B,
    C,
}

internal enum Lenient
{
    [EnumDefault]
    A,
    Z,
}

internal sealed record Narrow(int A, string? B);

internal sealed record Broad(int A, string? B, bool C);

[StateCase<FirstCase>("one")]
internal abstract record Few;

internal sealed record FirstCase(int A) : Few;

[StateCase<OneCase>("one")]
[StateCase<OtherCase>("other")]
internal abstract record Many;

internal sealed record OneCase(int A) : Many;

internal sealed record OtherCase(string B) : Many;

[Alias("Former")]
internal sealed record Renamed([Alias("old")] int A, int B = 5);
