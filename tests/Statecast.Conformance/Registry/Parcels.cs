#pragma warning disable STC1007 // one contract at three times
using Statecast.Contracts;

namespace Statecast.Conformance.Registry;

/// <summary>One contract as it was at first.</summary>
public static partial class First
{
    [StateContract("tests.parcel")]
    public sealed partial record Parcel([property: StateKey] int Id, string Label);
}

/// <summary>With one thing more, which who reads does not need.</summary>
public static partial class Second
{
    [StateContract("tests.parcel")]
    public sealed partial record Parcel([property: StateKey] int Id, string Label, string? Note);
}

/// <summary>With one thing more that earlier states do not have.</summary>
public static partial class Unlike
{
    [StateContract("tests.parcel")]
    public sealed partial record Parcel([property: StateKey] int Id, string Label, long Weight);
}
