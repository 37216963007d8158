using Statecast.Conformance.Transport;
using Statecast.Events;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Tests.Transport;

public sealed class CalmConditionalLogTests : ConditionalTransportConformance
{
    private readonly FaultyTransport _transport = new(FaultyOptions.Calm(true, true), 1);

    protected override ITransport Create() => _transport;
}

public sealed class CalmLogTests : RetainedTransportConformance
{
    private readonly FaultyTransport _transport = new(FaultyOptions.Calm(true, false), 1);

    protected override ITransport Create() => _transport;
}

public sealed class CalmQueueTests : TransportConformance
{
    private readonly FaultyTransport _transport = new(FaultyOptions.Calm(false, false), 1);

    protected override ITransport Create() => _transport;
}

/// <summary>The carrier that tests others must itself be lawful: whatever it does, a guard at the target makes it converge.</summary>
public sealed class FaultyTransportTests
{
    public static TheoryData<bool, bool, int> Seeds =>
        [
            .. from seed in Enumerable.Range(1, 15)
            from kind in new[] { (true, true), (true, false), (false, false) }
            select (kind.Item1, kind.Item2, seed),
        ];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Guarded_target_converges_after_all_faults(bool retained, bool conditional, int seed)
    {
        var transport = new FaultyTransport(FaultyOptions.Worst(retained, conditional), seed);
        var trace = await Run(transport, seed);
        Assert.Equal(trace, await Run(new(FaultyOptions.Worst(retained, conditional), seed), seed));
        Assert.NotEmpty(transport.Faults);
    }

    [Fact]
    public async Task Every_fault_happens_in_some_seed()
    {
        var faults = new HashSet<string>();
        foreach (var (retained, conditional) in new[] { (true, true), (true, false), (false, false) })
            for (var seed = 1; seed <= 5; seed++)
            {
                var transport = new FaultyTransport(FaultyOptions.Worst(retained, conditional), seed);
                await Run(transport, seed);
                faults.UnionWith(transport.Faults.Keys);
            }
        Assert.Equal(
            [
                "compaction",
                "delivered twice",
                "duplicate",
                "failed send",
                "heartbeat again",
                "lane kept away",
                "lane revoked under way",
                "late heartbeat",
                "lost acknowledgement",
                "overtaken",
                "revoked lane",
                "short read",
                "unknown send",
            ],
            faults.Order(StringComparer.Ordinal)
        );
    }

    // One thread: sends and receives take turns by the seed, so that the run is a function of it.
    private static async Task<string> Run(FaultyTransport transport, int seed)
    {
        var ct = TestContext.Current.CancellationToken;
        var random = new Random(seed);
        await using var sender = await transport.OpenSenderAsync(new(Source, [new(ProbeContracts.Item, 4, "json")]), ct);
        var receiver = await transport.OpenReceiverAsync(new("target", null, ProbeContracts.Item), ct);
        await using var target = new GuardedTarget(receiver);
        var newest = new Dictionary<string, StateEvent>();
        var unsent = new List<StateEvent>();
        for (var i = 1; i <= 200; i++)
        {
            var key = $"k{random.Next(10)}";
            var e = random.Next(5) == 0 ? Delete(key, i) : Upsert(key, i, $"{i}");
            newest[key] = e;
            unsent.Add(e);
            await Send(sender, unsent, ct);
            if (i % 10 == 0)
                await sender.SendHeartbeatAsync(Word(await sender.ReadEndsAsync(Lanes(), ct), Time.AddSeconds(i)), ct);
            if (random.Next(2) == 0)
                await target.Step(5, ct);
        }
        transport.Heal();
        // What landed late on a log without condition may stand above newer records, and compaction may have kept only that: a relay reads back and mends.
        if (transport.Abilities is { Retained: true, ConditionalAppend: false })
            unsent.AddRange(newest.Values);
        while (unsent.Count > 0)
            await Send(sender, unsent, ct);
        await sender.SendHeartbeatAsync(Word(await sender.ReadEndsAsync(Lanes(), ct), Time.AddSeconds(1000)), ct);
        for (
            var step = 0;
            step < 10_000
                && !(target.Heard && target.Rows.Count == newest.Count && newest.All(n => target.Rows[n.Key].Revision == n.Value.Revision));
            step++
        )
            await target.Step(50, ct);
        Assert.Equal(
            newest.OrderBy(n => n.Key).Select(n => (n.Key, n.Value.Revision, n.Value.IsDelete)),
            target.Rows.OrderBy(n => n.Key).Select(n => (n.Key, n.Value.Revision, n.Value.IsDelete))
        );
        return target.Trace;
    }

    private static async Task Send(ITransportSender sender, List<StateEvent> unsent, CancellationToken ct)
    {
        var outcomes = await sender.SendAsync(unsent, ct);
        for (var i = unsent.Count - 1; i >= 0; i--)
            if (outcomes[i].Result is SendResult.Confirmed or SendResult.Refused)
                unsent.RemoveAt(i);
    }

    /// <summary>Applies by the guard and keeps positions, as a replica does.</summary>
    private sealed class GuardedTarget(ITransportReceiver receiver) : IAsyncDisposable
    {
        private readonly Dictionary<LaneId, (long Incarnation, long Next)> _positions = [];
        private readonly Dictionary<LaneId, long> _open = [];
        private readonly System.Text.StringBuilder _trace = new();

        public Dictionary<string, StateEvent> Rows { get; } = [];

        public bool Heard { get; private set; }

        public string Trace => _trace.ToString();

        public async Task Step(int maxEvents, CancellationToken ct)
        {
            var delivery = await receiver.ReceiveAsync(maxEvents, ct).AsTask().WaitAsync(TimeSpan.FromSeconds(20), ct);
            foreach (var lane in delivery.Closed)
            {
                Assert.True(_open.Remove(lane));
                _trace.Append($"-{lane.Number}");
            }
            foreach (var opened in delivery.Opened)
            {
                Assert.True(_open.TryAdd(opened.Lane, opened.Incarnation));
                var known = _positions.GetValueOrDefault(opened.Lane);
                await receiver.SeekAsync(opened.Lane, known.Incarnation == opened.Incarnation ? known.Next : 0, ct);
                _trace.Append($"+{opened.Lane.Number}");
            }
            foreach (var batch in delivery.Batches)
            {
                Assert.True(_open.ContainsKey(batch.Lane));
                foreach (var received in batch.Events)
                    Apply(received.Event!);
                _positions[batch.Lane] = (_open[batch.Lane], batch.Next);
                _trace.Append(
                    $"|{batch.Lane.Number}:{string.Join(',', batch.Events.Select(e => e.Event!.Revision.Number))}>{batch.Next}{(batch.AtTail ? "!" : "")}"
                );
            }
            foreach (var word in delivery.Heartbeats)
            {
                Heard |= word.Clock == Time.AddSeconds(1000);
                _trace.Append($"*{word.Clock.Second}");
            }
            await receiver.AcknowledgeAsync(delivery, ct);
        }

        public ValueTask DisposeAsync() => receiver.DisposeAsync();

        private void Apply(StateEvent e)
        {
            KeyNewest? newest = Rows.TryGetValue(e.Key, out var row) ? new(row.Revision, row.IsDelete, row.Content) : null;
            if (Guard.Instance.Judge(newest, e, 0) != GuardVerdict.Supersede)
                Rows[e.Key] = e;
        }
    }
}
