using System.Text;
using Statecast.Conformance.Replicas;
using Statecast.Consuming;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Replicas.InMemory;
using Statecast.Serialization;
using Statecast.Sqlite.Replicas;
using Statecast.Transport;
using Xunit;

namespace Statecast.Integration.Tests.Sqlite;

/// <summary>What is written without a look at the rows is what a look at each of them would have had written.</summary>
public sealed class ReplicaFollowTests : IDisposable
{
    private const string Destination = "probe.item.v1";
    private static readonly LaneId Live = new(Destination, 0);
    private static readonly DateTimeOffset Now = ReplicaSamples.Time;
    private readonly TempDirectory _directory = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Following_writes_what_a_look_at_every_row_writes(bool retained, bool inFile)
    {
        var random = new Random(20_261_129);
        var (followed, rows) = (0, 0);
        for (var round = 0; round < 40; round++)
        {
            await using var quick = await Open(inFile ? $"quick-{round}.db" : null, retained);
            await using var careful = await Open(inFile ? $"careful-{round}.db" : null, retained);
            for (var number = 0; number < 12; number++)
            {
                var delivery = Some(random, number, retained);
                var (live, floor) = (random.Next(2) == 0, random.Next(4) == 0 ? 2 : 0);
                var ours = await Apply(quick, delivery, retained, live, floor, follows: true);
                var theirs = await Apply(careful, delivery, retained, live, floor, follows: false);
                Assert.Equal(0, theirs.Written);
                followed += ours.Written;
                rows += ours.Rows.Count;
                Assert.Equal(theirs.Counters, ours.Counters);
                Assert.Equal(theirs.KeysDelta, ours.KeysDelta);
                Assert.Equal(theirs.WentBack.Order(), ours.WentBack.Order());
                Assert.Equal(theirs.Park.Select(p => (p.Key, p.Reason)).Order(), ours.Park.Select(p => (p.Key, p.Reason)).Order());
                Assert.Equal(await All(careful, retained), await All(quick, retained));
            }
        }
        // Neither way is the only one that was gone.
        Assert.InRange(followed, rows / 10, rows * 9 / 10);
    }

    [Theory]
    [InlineData("parked.db")]
    [InlineData(null)]
    public async Task Nothing_follows_where_something_is_parked(string? file)
    {
        await using var store = await Open(file, retained: true);
        var first = await Apply(store, Of(Event("a", 1, 1, "bad"), Event("b", 1, 1, "x")), true, true, 0, follows: true);
        Assert.Equal((1, 1), (first.Written, first.Park.Count));
        var second = await Apply(store, Of(Event("a", 1, 2, "y"), Event("c", 1, 1, "z")), true, true, 0, follows: true);
        Assert.Equal((0, 2), (second.Written, second.Rows.Count));
        Assert.Equal(["a"], second.Unpark);
        var third = await Apply(store, Of(Event("a", 1, 3, "y"), Event("c", 1, 2, "z")), true, true, 0, follows: true);
        Assert.Equal(2, third.Written);
    }

    [Theory]
    [InlineData("undone.db")]
    [InlineData(null)]
    public async Task What_followed_is_undone_with_the_rest_of_its_unit(string? file)
    {
        await using var store = await Open(file, retained: true);
        await Apply(store, Of(Event("a", 1, 1, "x")), true, true, 0, follows: true);
        await using (var unit = await store.BeginAsync(["a", "b", "c"], Ct))
        {
            Assert.Empty(unit.Follow([ReplicaSamples.Row("b", 1, "new"), ReplicaSamples.Row("c", 1, "new")], out var added));
            Assert.Equal(2, added);
        }
        Assert.Equal(["a"], (await store.EnumerateAsync(Ct).ToListAsync(Ct)).Select(r => r.Key));
        Assert.Equal(1, (await store.OpenAsync(ReplicaSamples.Layout(), Ct)).Keys);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_handlers_or_indexes_ask_for_what_was_every_row_is_looked_at(bool handlers)
    {
        var layout = handlers ? ReplicaSamples.Layout(handlers: ["h"]) : ReplicaSamples.Layout(indexes: ["i"]);
        await using var store = new SqliteReplicaStore(_directory.File("asked.db"));
        await store.OpenAsync(layout, Ct);
        var planner = new ApplyPlanner(layout, new TextReader(), ApplyRules.Default);
        var batch = new ApplyBatch(Of(Event("a", 1, 1, "x")));
        planner.Read(batch);
        await using var unit = await store.BeginAsync(batch.Keys, Ct);
        Assert.Equal(0, planner.Plan(batch, unit, live: true, floorEpoch: 0, Now).Written);
    }

    // In memory without a file.
    private async Task<IReplicaStore> Open(string? file, bool retained)
    {
        IReplicaStore store = file is null ? new MemoryReplicaStore() : new SqliteReplicaStore(_directory.File(file));
        await store.OpenAsync(ReplicaSamples.Layout(retained: retained), Ct);
        return store;
    }

    private static async Task<ReplicaPlan> Apply(IReplicaStore store, Delivery delivery, bool retained, bool live, long floor, bool follows)
    {
        var planner = new ApplyPlanner(ReplicaSamples.Layout(retained: retained), new TextReader(), ApplyRules.Default);
        var batch = new ApplyBatch(delivery);
        planner.Read(batch);
        await using var unit = await store.BeginAsync(batch.Keys, Ct);
        var plan = planner.Plan(batch, follows ? unit : new CarefulUnit(unit), live, floor, Now);
        await unit.CommitAsync(plan, Ct);
        return plan;
    }

    private static async Task<List<string>> All(IReplicaStore store, bool retained)
    {
        var contents = await store.OpenAsync(ReplicaSamples.Layout(retained: retained), Ct);
        var found = new List<string> { $"{contents.Keys} keys, {contents.Parked} parked, {contents.Counters}" };
        for (var key = 'a'; key <= 'h'; key++)
            if (await store.FindAsync($"{key}", Ct) is { } row)
                found.Add(
                    $"{row.Key} {row.Revision} {row.Deleted} {row.Operation} {row.Codec} {row.Schema} {row.Content} {Encoding.UTF8.GetString(row.Body.Span)} "
                        + $"{row.CapturedAt:O} {row.Seen} {row.Writes} {row.Major} {row.LiveNumber} {row.OwnNumber}"
                );
        return found;
    }

    // Mostly news, as in life; and now and then all else.
    private static Delivery Some(Random random, int round, bool retained)
    {
        var received = new List<ReceivedEvent>();
        for (var at = random.Next(1, 12); at > 0; at--)
        {
            var key = $"{(char)('a' + random.Next(8))}";
            var epoch = random.Next(12) == 0 ? 2 : 1;
            var revision = Math.Max(1, round * 2 + random.Next(-3, 4));
            var said = Event(key, epoch, revision, random.Next(60) == 0 ? "bad" : $"{random.Next(3)}");
            said = random.Next(12) switch
            {
                0 => said with { Operation = StateOperation.Delete, Content = null, Body = default },
                1 => said with { Operation = StateOperation.Snapshot },
                _ => said,
            };
            if (!retained)
                said = said with
                {
                    Lane = random.Next(3) == 0 ? SnapshotLane.Of(Live, "probe") : Live,
                    LaneNumber = 100 * round + received.Count,
                };
            received.Add(
                random.Next(80) == 0 ? new(null, received.Count, key, "no envelope", new byte[] { 1 }) : new(said, received.Count)
            );
        }
        return Of(received);
    }

    private static Delivery Of(params StateEvent[] events) => Of([.. events.Select((e, i) => new ReceivedEvent(e, i))]);

    private static Delivery Of(List<ReceivedEvent> received) => new() { Batches = [new(Live, received, received.Count, AtTail: true)] };

    private static StateEvent Event(string key, long epoch, long revision, string state) =>
        new()
        {
            Contract = "probe.item",
            Lane = Live,
            Key = key,
            Revision = new(epoch, revision),
            Operation = StateOperation.Upsert,
            Codec = "json",
            Schema = ReplicaSamples.Schema,
            Content = Fingerprint.Of(Encoding.UTF8.GetBytes(state)),
            Body = Encoding.UTF8.GetBytes(state),
            CapturedAt = Now,
            Source = "orders",
        };

    private sealed class TextReader : IStateReader
    {
        public StateInspection Inspect(StateEvent stateEvent) =>
            Encoding.UTF8.GetString(stateEvent.Body.Span) == "bad" ? StateInspection.Unreadable("bad") : StateInspection.Readable([]);

        public PatchedState Patch(StoredBody before, StateEvent patch) => throw new NotSupportedException();

        public Fingerprint? OwnFingerprint(StoredBody body) => Fingerprint.Of(body.Body.Span);
    }

    /// <summary>Looks at every row.</summary>
    private sealed class CarefulUnit(IReplicaUnit inner) : IReplicaUnit
    {
        public ReplicaRow? Find(string key) => inner.Find(key);

        public ParkedEvent? FindParked(string key) => inner.FindParked(key);

        public WaitingPatches Waiting => inner.Waiting;

        public IReadOnlyList<StateEvent> FindWaiting(string key) => inner.FindWaiting(key);

        public StoredBody? FindBody(string key) => inner.FindBody(key);

        public ValueTask CommitAsync(ReplicaPlan plan, CancellationToken ct) => inner.CommitAsync(plan, ct);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
