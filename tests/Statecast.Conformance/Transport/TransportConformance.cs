using Statecast.Contracts;
using Statecast.Events;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Conformance.Transport;

/// <summary>What every carrier must do. What only some can do is asked for by the declared abilities. An implementation runs it by a factory and an empty subclass.</summary>
public abstract class TransportConformance
{
    private const int Lanes = 4;

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A carrier on the test's one place: several of them stand for several processes.</summary>
    protected abstract ITransport Create();

    /// <summary>Whether a delivery holds all that is there, up to its bounds. False where events come from a server: it holds what has arrived.</summary>
    protected virtual bool DeliversWhatIsThere => true;

    [Fact]
    public async Task Source_hears_what_targets_ask_for_where_there_is_a_request_channel()
    {
        var transport = Create();
        Assert.Equal(transport.Abilities.RequestChannel, transport.Requests is not null);
        if (transport.Requests is not { } requests)
            return;
        var heard = new HashSet<string>();
        var first = requests.ReceiveAsync("probe.item.v1", Ct).AsTask();
        await requests.AskAsync(new("probe.other.v1", ["x"]), Ct);
        await requests.AskAsync(new("probe.item.v1", ["a"]), Ct);
        heard.UnionWith((await first.WaitAsync(TimeSpan.FromSeconds(30), Ct)).Keys);
        Assert.Equal(["a"], heard);
        await requests.AskAsync(new("probe.item.v1", ["b", "c"]), Ct);
        await requests.AskAsync(new("probe.item.v1", ["d"]), Ct);
        while (heard.Count < 4)
            heard.UnionWith((await requests.ReceiveAsync("probe.item.v1", Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Ct)).Keys);
        Assert.Equal(["a", "b", "c", "d"], heard.Order());
    }

    [Fact]
    public async Task Event_arrives_as_it_was_sent()
    {
        await using var target = await Target();
        await using var sender = await Sender();
        await target.UntilTailOrOpen(Lanes, Create().Abilities, Ct);
        StateEvent[] sent =
        [
            Upsert("a%2Fb/c", 3, "value"),
            Delete("gone", 9),
            Upsert("again", 2, "value", operation: StateOperation.Snapshot) with
            {
                Causes = null,
            },
        ];
        AssertConfirmed(await sender.SendAsync(sent, Ct));
        await target.Until(t => t.Received.Count >= 3, Ct);

        foreach (var expected in sent)
        {
            var got = target.Events.Single(e => e.Key == expected.Key);
            Assert.Equal(expected with { Body = default }, got with { Body = default });
            Assert.Equal(expected.Body.ToArray(), got.Body.ToArray());
        }
        Assert.All(target.Deliveries.SelectMany(d => d.Batches), b => Assert.All(b.Events, e => Assert.Equal(b.Lane, e.Event!.Lane)));
    }

    [Fact]
    public async Task Target_that_opened_first_gets_what_comes_later()
    {
        await using var target = await Target();
        using var early = new CancellationTokenSource();
        var waiting = target.Receiver.ReceiveAsync(10, early.Token).AsTask();
        await early.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        await using var sender = await Sender();
        await target.UntilTailOrOpen(Lanes, Create().Abilities, Ct);
        AssertConfirmed(await sender.SendAsync([Upsert("a", 1), Upsert("b", 1)], Ct));
        await target.Until(t => t.Newest().Count == 2, Ct);
    }

    [Fact]
    public async Task Cancelled_receive_loses_nothing()
    {
        await using var target = await Target();
        await using var sender = await Sender();
        await target.UntilTailOrOpen(Lanes, Create().Abilities, Ct);
        for (var i = 1; i <= 20; i++)
        {
            using var cancelled = new CancellationTokenSource();
            var receiving = target.Step(100, cancelled.Token);
            var sending = sender.SendAsync([Upsert($"k{i}", 1)], Ct).AsTask();
            await cancelled.CancelAsync();
            try
            {
                await receiving;
            }
            catch (OperationCanceledException) { }
            await sending;
        }
        await target.Until(t => t.Newest().Count == 20, Ct);
    }

    [Fact]
    public async Task Outcomes_come_in_the_order_of_the_events()
    {
        await using var sender = await Sender();
        var outcomes = await sender.SendAsync([.. Enumerable.Range(0, 50).Select(i => Upsert($"k{i}", 1))], Ct);
        Assert.Equal(50, outcomes.Count);
        AssertConfirmed(outcomes);
        if (!Create().Abilities.Retained)
            return;
        var perLane = outcomes.Select((o, i) => (Lane: LaneOf($"k{i}"), o.Position)).GroupBy(p => p.Lane);
        Assert.All(perLane, lane => Assert.Equal(lane.Select(p => p.Position).Order().Distinct(), lane.Select(p => p.Position)));
        Assert.Empty(await sender.SendAsync([], Ct));
    }

    [Fact]
    public async Task Overlapping_sends_keep_their_order_per_key()
    {
        await using var target = await Target();
        await using var sender = await Sender();
        await target.UntilTailOrOpen(Lanes, Create().Abilities, Ct);
        var sends = Enumerable.Range(1, 30).Select(r => sender.SendAsync([Upsert("a", r, $"v{r}")], Ct).AsTask()).ToList();
        foreach (var send in sends)
            AssertConfirmed(await send);
        await target.Until(t => t.Events.Any(e => e.Revision.Number == 30), Ct);
        var revisions = target.Events.Select(e => e.Revision.Number).ToList();
        Assert.Equal(revisions.Order(), revisions);
    }

    [Fact]
    public async Task Delivery_holds_no_more_events_than_asked_for()
    {
        await using var target = await Target();
        await using var sender = await Sender();
        await target.UntilTailOrOpen(Lanes, Create().Abilities, Ct);
        AssertConfirmed(await sender.SendAsync([.. Enumerable.Range(0, 100).Select(i => Upsert($"k{i}", 1))], Ct));
        await target.Until(t => t.Newest().Count == 100, Ct, maxEvents: 7);
        Assert.All(target.Deliveries, d => Assert.InRange(d.Batches.Sum(b => b.Events.Count), 0, 7));
        Assert.Equal(100, target.Events.DistinctBy(e => e.Key).Count());
    }

    [Fact]
    public async Task Large_event_arrives_whole()
    {
        await using var target = await Target();
        await using var sender = await Sender();
        await target.UntilTailOrOpen(Lanes, Create().Abilities, Ct);
        var value = string.Create(
            900_000,
            0,
            static (span, _) =>
            {
                for (var i = 0; i < span.Length; i++)
                    span[i] = (char)('a' + i % 26);
            }
        );
        AssertConfirmed(await sender.SendAsync([Upsert("a", 1, value), Upsert("b", 1)], Ct));
        await target.Until(t => t.Newest().Count == 2, Ct);
        Assert.Equal(value, target.Newest()["a"]);
    }

    [Fact]
    public async Task Two_targets_each_get_everything()
    {
        await using var first = await Target("first");
        await using var second = await Target("second");
        await using var sender = await Sender();
        await first.UntilTailOrOpen(Lanes, Create().Abilities, Ct);
        await second.UntilTailOrOpen(Lanes, Create().Abilities, Ct);
        AssertConfirmed(await sender.SendAsync([Upsert("a", 1), Upsert("b", 1), Delete("c", 2)], Ct));
        await first.Until(t => t.Newest().Count == 3, Ct);
        await second.Until(t => t.Newest().Count == 3, Ct);
        Assert.Equal(first.Newest().OrderBy(p => p.Key), second.Newest().OrderBy(p => p.Key));
    }

    [Fact]
    public async Task Two_contracts_do_not_mix()
    {
        await using var target = await Target();
        await using var other = await Target(contract: ProbeContracts.Other);
        await using var sender = await Sender(contracts: [ProbeContracts.Item, ProbeContracts.Other]);
        await target.UntilTailOrOpen(Lanes, Create().Abilities, Ct);
        await other.UntilTailOrOpen(Lanes, Create().Abilities, Ct);
        AssertConfirmed(
            await sender.SendAsync([Upsert("a", 5, "probe"), Upsert("a", 2, "other", contract: ProbeContracts.Other), Upsert("b", 1)], Ct)
        );
        await target.Until(t => t.Newest().Count == 2, Ct);
        await other.Until(t => t.Newest().Count == 1, Ct);
        Assert.Equal("other", other.Newest()["a"]);
        Assert.Equal("probe", target.Newest()["a"]);
        Assert.All(other.Events, e => Assert.Equal(ProbeContracts.Other.Name, e.Contract));
    }

    [Fact]
    public async Task Heartbeat_comes_after_what_was_confirmed_before_it()
    {
        await using var target = await Target();
        await using var sender = await Sender();
        await target.UntilTailOrOpen(Lanes, Create().Abilities, Ct);
        AssertConfirmed(await sender.SendAsync([.. Enumerable.Range(0, 40).Select(i => Upsert($"k{i}", 1))], Ct));
        var ends = await sender.ReadEndsAsync(ProbeEvents.Lanes(), Ct);
        var word = Word(ends, Time);
        await sender.SendHeartbeatAsync(word, Ct);
        await target.Until(t => t.Words.Count > 0 && t.Newest().Count == 40, Ct);

        var (heard, _) = target.Words[0];
        Assert.Equal(word with { Ends = [] }, heard with { Ends = [] });
        Assert.Equal(ends, heard.Ends.OrderBy(e => e.Lane.Number));
        if (Create().Abilities.Retained)
            Assert.All(ends, e => Assert.Equal(e.Position, target.Next[e.Lane]));
        else
            Assert.All(ends, e => Assert.Equal(0, e.Position));
    }

    [Fact]
    public async Task Delivery_ends_with_the_event_that_reaches_MaxBytes()
    {
        const int events = 40;
        const int bodyBytes = 100;
        await using var sender = await Sender();
        await using var target = await Target(maxBytes: (2 * bodyBytes) + 50);
        await target.UntilTailOrOpen(Lanes, Create().Abilities, Ct);
        AssertConfirmed(
            await sender.SendAsync([.. Enumerable.Range(0, events).Select(i => Upsert($"k{i}", 1, new string('x', bodyBytes)))], Ct)
        );
        await target.Until(t => t.Newest().Count == events, Ct);
        // Over all lanes together; the last delivery takes what is left.
        var sizes = target.Deliveries.Select(d => d.Batches.Sum(b => b.Events.Count)).Where(n => n > 0).ToList();
        if (DeliversWhatIsThere)
            Assert.All(sizes.SkipLast(1), size => Assert.Equal(3, size));
        Assert.Equal(3, sizes.Max());
        Assert.Equal(events, target.Received.Count);
    }

    [Fact]
    public async Task Event_of_an_undeclared_lane_fails_alone_or_with_its_batch()
    {
        await using var sender = await Sender();
        var stray = Upsert("a", 1) with { Lane = new("probe.unknown.v1", 0) };
        var outcome = Assert.Single(await sender.SendAsync([stray], Ct));
        Assert.Equal(SendResult.Failed, outcome.Result);
        Assert.False(string.IsNullOrEmpty(outcome.Reason));
        AssertConfirmed(await sender.SendAsync([Upsert("a", 1)], Ct));
    }

    [Fact]
    public async Task Carrier_remembers_the_highest_number_of_every_sender()
    {
        var other = Guid.Parse("99999999-2222-3333-4444-555555555555");
        await using (var sender = await Sender())
        {
            Assert.Empty(await sender.ReadMarksAsync(Lanes(), Ct));
            AssertConfirmed(await sender.SendAsync([Upsert("a", 3), Upsert("a", 4)], Ct));
            AssertConfirmed(await sender.SendAsync([Upsert("a", 9, epoch: 8) with { LeaseId = other }], Ct));
            // Whether it is taken or not: it was sent.
            await sender.SendAsync([Upsert("a", 2, "older") with { LeaseId = other }], Ct);
        }
        await using var next = await Sender();
        var lease = Upsert("a", 1).LeaseId;
        var lane = LaneOf("a");
        Assert.Equal(
            new[] { new SentMark(lane, 7, lease, 4), new(lane, 7, other, 2), new(lane, 8, other, 9) }.OrderBy(m => m.Number),
            (await next.ReadMarksAsync([lane], Ct)).OrderBy(m => m.Number)
        );
        Assert.Empty(await next.ReadMarksAsync([Lanes().First(l => l != lane)], Ct));
    }

    [Fact]
    public async Task Carrier_remembers_what_a_heartbeat_said()
    {
        await using var sender = await Sender();
        var ends = (await sender.ReadEndsAsync(Lanes(), Ct)).Select((e, i) => e with { Number = 10 + i }).ToList();
        await sender.SendHeartbeatAsync(Word(ends, Time), Ct);
        var marks = await sender.ReadMarksAsync(Lanes(), Ct);
        Assert.Equal(ends.Select(e => (e.Lane, e.Number, 7L)), marks.OrderBy(m => m.Number).Select(m => (m.Lane, m.Number, m.Epoch)));
    }

    [Fact]
    public async Task Reading_back_is_refused_where_nothing_foreign_can_be()
    {
        var abilities = Create().Abilities;
        await using var sender = await Sender();
        if (abilities is { Retained: true, ConditionalAppend: false })
        {
            AssertConfirmed(await sender.SendAsync([Upsert("a", 1), Upsert("a", 2)], Ct));
            var end = (await sender.ReadEndsAsync([LaneOf("a")], Ct)).Single();
            var records = await sender.ReadBackAsync(LaneOf("a"), 0, end.Position, Ct);
            Assert.Equal(2, records[^1].Revision.Number);
            return;
        }
        await Assert.ThrowsAsync<NotSupportedException>(async () => await sender.ReadBackAsync(LaneOf("a"), 0, 1, Ct));
    }

    protected static void AssertConfirmed(IReadOnlyList<SendOutcome> outcomes) =>
        Assert.All(outcomes, o => Assert.Equal((SendResult.Confirmed, null), (o.Result, o.Reason)));

    protected async Task<ITransportSender> Sender(int lanes = Lanes, string source = Source, StateContract[]? contracts = null) =>
        await Create()
            .OpenSenderAsync(
                new(source, [.. (contracts ?? [ProbeContracts.Item]).Select(c => new SenderDestination(c, lanes, "json"))]),
                Ct
            );

    protected async Task<ProbeTarget> Target(
        string name = "target",
        StateContract? contract = null,
        IReadOnlyDictionary<LaneId, long>? positions = null,
        long maxBytes = long.MaxValue
    ) => new(await Create().OpenReceiverAsync(new(name, null, contract ?? ProbeContracts.Item) { MaxBytes = maxBytes }, Ct), positions);
}

/// <summary>Waits that hold for every carrier.</summary>
public static class ProbeTargetExtensions
{
    /// <summary>Until every lane is open and, on a log, its tail was found.</summary>
    public static Task UntilTailOrOpen(this ProbeTarget target, int lanes, TransportAbilities abilities, CancellationToken ct) =>
        abilities.Retained ? target.UntilTail(lanes, ct) : target.Until(t => t.Open.Count == lanes, ct);
}
