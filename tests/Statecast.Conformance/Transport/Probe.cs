using System.Text;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Serialization;

namespace Statecast.Conformance.Transport;

/// <summary>What the suites send.</summary>
[StateContract("probe.item")]
public sealed partial record Probe([StateKey] string Id, string Value);

/// <summary>A second contract on the same carrier.</summary>
[StateContract("probe.other")]
public sealed partial record OtherProbe([StateKey] string Id, string Value);

/// <summary>The generated descriptions of both.</summary>
public static class ProbeContracts
{
    public static StateContract<Probe> Item { get; } = Of<Probe>();

    public static StateContract<OtherProbe> Other { get; } = Of<OtherProbe>();

    private static StateContract<T> Of<T>()
        where T : class, IStateContract<T> => T.Contract;
}

/// <summary>Events for the suites; times have the stored precision of microseconds.</summary>
public static class ProbeEvents
{
    public const string Source = "probes";
    public static readonly DateTimeOffset Time = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero).AddMicroseconds(123_456);

    public static StateEvent Upsert(
        string key,
        long revision,
        string value = "x",
        int lanes = 4,
        long epoch = 7,
        StateOperation operation = StateOperation.Upsert,
        StateContract? contract = null
    ) =>
        new()
        {
            Contract = (contract ?? ProbeContracts.Item).Name,
            Lane = LaneOf(key, lanes, contract),
            Key = key,
            Revision = new(epoch, revision),
            Operation = operation,
            Causes = "Created,Renamed",
            Codec = "json",
            Schema = (contract ?? ProbeContracts.Item).SchemaFingerprint,
            Content = Fingerprint.Of(Encoding.UTF8.GetBytes(value)),
            Body = Encoding.UTF8.GetBytes(value),
            CapturedAt = Time,
            Source = Source,
            LeaseId = new("11111111-2222-3333-4444-555555555555"),
            LaneNumber = revision,
            TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            TraceState = "vendor=1",
        };

    public static StateEvent Patch(string key, long revision, string value) =>
        Upsert(key, revision, value, operation: StateOperation.Patch) with
        {
            Base = revision - 1,
        };

    public static StateEvent Delete(string key, long revision, int lanes = 4, long epoch = 7) =>
        Upsert(key, revision, "", lanes, epoch, StateOperation.Delete) with
        {
            Content = null,
            Body = default,
            Causes = null,
            TraceParent = null,
            TraceState = null,
        };

    public static LaneId LaneOf(string key, int lanes = 4, StateContract? contract = null) =>
        new((contract ?? ProbeContracts.Item).Destination, KeyText.Lane(key, lanes));

    public static IReadOnlyList<LaneId> Lanes(int lanes = 4) =>
        [.. Enumerable.Range(0, lanes).Select(n => new LaneId(ProbeContracts.Item.Destination, n))];

    public static Heartbeat Word(IReadOnlyList<LaneEnd> ends, DateTimeOffset clock, bool ended = true) =>
        new()
        {
            Source = Source,
            Destination = ProbeContracts.Item.Destination,
            Epoch = 7,
            LeaseId = new("11111111-2222-3333-4444-555555555555"),
            Clock = clock,
            Interval = TimeSpan.FromSeconds(1),
            Ends = ends,
            FirstRepublishEnded = ended,
        };
}
