using Statecast.Benchmarks.Orders;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Serialization;
using Statecast.Transport;

namespace Statecast.Benchmarks.Replicas;

/// <summary>
/// One stream of events as a receiver hands them over, made before the clock starts: every key once in mixed order, then keys at random; one in twenty says
/// again what was said. Bodies are orders of two lines in JSON, about 1 KB, one for each key.
/// </summary>
internal sealed class ReplicaEvents
{
    private const int Lines = 2;
    private readonly int[] _keyOf;

    public ReplicaEvents(int keys, int events)
    {
        var contract = ContractOf<OrderState>();
        Lane = new(contract.Destination, 0);
        Keys = new string[keys];
        Bodies = new byte[keys][];
        var content = new Fingerprint[keys];
        for (var i = 0; i < keys; i++)
        {
            var state = OrderMaker.Make(i, Lines).ToState();
            Keys[i] = contract.KeyTextOf(state);
            Bodies[i] = OrderJson.Serialize(state);
            content[i] = ContentFingerprint.Of(contract, state);
        }
        var random = new Random(42);
        _keyOf = new int[events];
        for (var i = 0; i < events; i++)
            _keyOf[i] = i < keys ? i : random.Next(keys);
        random.Shuffle(_keyOf.AsSpan(0, Math.Min(keys, events)));
        var revisions = new long[keys];
        Events = new ReceivedEvent[events];
        var captured = new DateTimeOffset(2026, 3, 14, 9, 26, 53, TimeSpan.Zero);
        for (var i = 0; i < events; i++)
        {
            var key = _keyOf[i];
            if (revisions[key] == 0 || random.Next(20) > 0)
                revisions[key]++;
            Events[i] = new(
                new()
                {
                    Contract = contract.Name,
                    Lane = Lane,
                    // A text of its own, as it comes from the carrier: no cache of its hash, no equal reference.
                    Key = new string(Keys[key]),
                    Revision = new(1, revisions[key]),
                    Operation = StateOperation.Upsert,
                    Codec = "json",
                    Schema = contract.SchemaFingerprint,
                    Content = content[key],
                    Body = Bodies[key],
                    CapturedAt = captured,
                    Source = "orders",
                },
                i
            );
        }
    }

    public LaneId Lane { get; }

    /// <summary>The keys' text.</summary>
    public string[] Keys { get; }

    /// <summary>The body of each key.</summary>
    public byte[][] Bodies { get; }

    /// <summary>The bytes of the longest body.</summary>
    public long LongestBody => Bodies.Max(b => b.Length);

    public ReceivedEvent[] Events { get; }

    private static StateContract<TState> ContractOf<TState>()
        where TState : class, IStateContract<TState> => TState.Contract;
}
