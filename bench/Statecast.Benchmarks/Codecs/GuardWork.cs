using Statecast.Events;
using Statecast.Serialization;

namespace Statecast.Benchmarks.Codecs;

/// <summary>The guard's verdict over events as headers or an outbox row give them: no body is looked at.</summary>
internal sealed class GuardWork
{
    private readonly StateEvent[] _events =
    [
        Event(3, StateOperation.Upsert),
        Event(4, StateOperation.Upsert),
        Event(5, StateOperation.Snapshot),
        Event(6, StateOperation.Delete),
    ];

    private readonly KeyNewest?[] _newest =
    [
        null,
        new KeyNewest(new(1, 4), false, new Fingerprint(7)),
        new KeyNewest(new(1, 9), true, null),
    ];
    private int _turn;

    public int Judge()
    {
        var turn = ++_turn;
        return (int)Guard.Instance.Judge(_newest[turn % 3], _events[turn & 3], 1);
    }

    public int Nothing()
    {
        var turn = ++_turn;
        return (_newest[turn % 3] is null ? 1 : 0) + _events[turn & 3].Body.Length;
    }

    private static StateEvent Event(long number, StateOperation operation) =>
        new()
        {
            Contract = "bench.order",
            Lane = default,
            Key = "k",
            Revision = new(1, number),
            Operation = operation,
            Codec = "avro",
            Schema = new Fingerprint(1),
            Content = operation == StateOperation.Delete ? null : new Fingerprint(7),
            CapturedAt = DateTimeOffset.UnixEpoch,
            Source = "bench",
        };
}
