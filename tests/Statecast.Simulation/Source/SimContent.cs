using Statecast.Contracts;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Serialization;

namespace Statecast.Simulation.Source;

/// <summary>The one contract of a simulated source: few keys and few contents, so that equal contents come again.</summary>
internal static class SimContent
{
    public const string Contract = "sim.item";
    public const string Destination = "sim.item.v1";
    public const string Carrier = "sim";

    /// <summary>A content that an old target cannot read.</summary>
    public const int Unreadable = 4;

    public const int Contents = 5;

    public static Fingerprint Schema { get; } = Fingerprint.Of("schema"u8);

    private static readonly byte[][] Bodies = [.. Enumerable.Range(0, Contents).Select(c => new[] { (byte)c })];
    private static readonly Fingerprint[] Prints = [.. Bodies.Select(b => Fingerprint.Of(b))];

    public static ReadOnlyMemory<byte> Body(int? content) => content is { } c ? Bodies[c] : default;

    public static Fingerprint? Print(int? content) => content is { } c ? Prints[c] : null;

    public static int? Read(ReadOnlyMemory<byte> body) => body.IsEmpty ? null : body.Span[0];

    /// <summary>The content of a row, kept as bytes or as the object itself.</summary>
    public static int? Read(ReplicaRow row) => row.State is SimState state ? state.Content : Read(row.Body);

    /// <summary>The content of an event, carried as bytes, as the object itself, or as the fingerprint of what a patch makes.</summary>
    public static int? Read(StateEvent stateEvent) =>
        stateEvent.Operation == StateOperation.Patch ? Array.IndexOf(Prints, stateEvent.Content)
        : stateEvent.State is SimState state ? state.Content
        : Read(stateEvent.Body);

    /// <summary>What makes one content of another: a step, which makes a wrong one of any other.</summary>
    public static ReadOnlyMemory<byte> Patch(int before, int after) => Bodies[(after - before + Contents) % Contents];

    /// <summary>What a patch makes of a content.</summary>
    public static int Apply(int before, ReadOnlyMemory<byte> patch) => (before + patch.Span[0]) % Contents;

    public static LaneId LaneOf(string key, int lanes) => new(Destination, KeyText.Lane(key, lanes));
}
