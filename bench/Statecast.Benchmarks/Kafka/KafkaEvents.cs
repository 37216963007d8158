using System.Runtime.InteropServices;
using Statecast.Benchmarks.Orders;
using Statecast.Benchmarks.Replicas;
using Statecast.Contracts;
using Statecast.Events;

namespace Statecast.Benchmarks.Kafka;

/// <summary>The events of the suite, each in the lane of its key, made before the clock starts.</summary>
internal sealed class KafkaEvents
{
    public const int Lanes = 8;

    public KafkaEvents(int keys, int count)
    {
        Prepared = new(keys, count);
        Events = new StateEvent[count];
        for (var i = 0; i < count; i++)
        {
            var e = Prepared.Events[i].Event!;
            Events[i] = e with { Lane = new(e.Lane.Destination, KeyText.Lane(e.Key, Lanes)), LaneNumber = i + 1 };
        }
    }

    /// <summary>The same events for a carrier that costs nothing.</summary>
    public ReplicaEvents Prepared { get; }

    public StateEvent[] Events { get; }

    /// <summary>An event's body as the client wants it; it is a whole array.</summary>
    public static byte[] BodyOf(StateEvent e) =>
        MemoryMarshal.TryGetArray(e.Body, out var body) && body.Array is { } bytes && bytes.Length == e.Body.Length
            ? bytes
            : e.Body.ToArray();

    public static string Topic { get; } = ContractOf<OrderState>().Destination;

    public static string Control { get; } = $"{Topic}.control";

    public static StateContract<TState> ContractOf<TState>()
        where TState : class, IStateContract<TState> => TState.Contract;
}
