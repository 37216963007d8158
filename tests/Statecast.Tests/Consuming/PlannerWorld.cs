using Statecast.Consuming;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Replicas.InMemory;
using Statecast.Serialization;
using Statecast.Transport;

namespace Statecast.Tests.Consuming;

/// <summary>A planner over a memory store, with states that are a single text: 'bad…' cannot be read.</summary>
internal sealed class PlannerWorld
{
    public static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    public const string Destination = "shop.order.v1";
    public static readonly LaneId Lane = new(Destination, 0);

    public PlannerWorld(long replay = 0, params string[] handlers)
        : this(null, replay, handlers) { }

    public PlannerWorld(WaitingLimits? waiting, long replay = 0, params string[] handlers)
    {
        Layout = new(Destination, [], handlers, default, Retained: true);
        Planner = new(Layout, new TextReader(), ApplyRules.Default, replay, waiting: waiting);
    }

    public PlannerWorld(bool retained)
    {
        Layout = new(Destination, [], [], default, retained);
        Planner = new(Layout, new TextReader(), ApplyRules.Default);
    }

    public ReplicaLayout Layout { get; }

    public MemoryReplicaStore Store { get; } = new();

    public ApplyPlanner Planner { get; }

    public bool Live { get; set; } = true;

    public long Floor { get; set; }

    public static StateEvent Event(
        string key,
        long revision,
        string? state,
        StateOperation? operation = null,
        long epoch = 1,
        string? causes = null,
        string schema = "s1"
    ) =>
        new()
        {
            Contract = "shop.order",
            Lane = Lane,
            Key = key,
            Revision = new(epoch, revision),
            Operation = operation ?? (state is null ? StateOperation.Delete : StateOperation.Upsert),
            Causes = causes,
            Codec = "text",
            Schema = Print(schema),
            Content = state is null ? null : Print(schema + state),
            Body = state is null ? default : System.Text.Encoding.UTF8.GetBytes(state),
            CapturedAt = Now,
            Source = "orders",
        };

    /// <summary>A patch that adds a text behind the state of its base.</summary>
    public static StateEvent Patch(
        string key,
        long revision,
        string added,
        string state,
        long? from = null,
        long epoch = 1,
        string? causes = null
    ) =>
        Event(key, revision, state, StateOperation.Patch, epoch, causes) with
        {
            Base = from ?? revision - 1,
            Body = System.Text.Encoding.UTF8.GetBytes(added),
        };

    public async Task<ReplicaPlan> Apply(params StateEvent[] events)
    {
        await Store.OpenAsync(Layout, default);
        var delivery = new Delivery
        {
            Batches = [new(Lane, [.. events.Select((e, i) => new ReceivedEvent(e, i))], events.Length, AtTail: true)],
        };
        return await Apply(delivery);
    }

    public async Task<ReplicaPlan> Apply(Delivery delivery)
    {
        await using var unit = await Store.BeginAsync(ApplyPlanner.KeysOf(delivery), default);
        var plan = Planner.Plan(delivery, unit, Live, Floor, Now);
        await unit.CommitAsync(plan, default);
        return plan;
    }

    public async Task<string?> StateOf(string key) =>
        await Store.FindAsync(key, default) is { Deleted: false } row ? System.Text.Encoding.UTF8.GetString(row.Body.Span) : null;

    public async Task<(ReplicaCounters Counters, long Parked)> Sums()
    {
        var contents = await Store.OpenAsync(Layout, default);
        return (contents.Counters, contents.Parked);
    }

    /// <summary>The revisions of a key that wait.</summary>
    public async Task<IReadOnlyList<long>> Waiting(string key)
    {
        await using var unit = await Store.BeginAsync([key], default);
        return [.. unit.FindWaiting(key).Select(p => p.Revision.Number)];
    }

    public async Task<IReadOnlyList<PendingChange>> Pending() => await Store.Inbox.PendingAsync(null, 100, default);

    private static Fingerprint Print(string text) => Fingerprint.Of(System.Text.Encoding.UTF8.GetBytes(text));

    private sealed class TextReader : IStateReader
    {
        public StateInspection Inspect(StateEvent stateEvent)
        {
            var text = System.Text.Encoding.UTF8.GetString(stateEvent.Body.Span);
            return text.StartsWith("bad", StringComparison.Ordinal) ? StateInspection.Unreadable(text) : StateInspection.Readable([]);
        }

        // A patch is what comes behind.
        public PatchedState Patch(StoredBody before, StateEvent patch)
        {
            var text = System.Text.Encoding.UTF8.GetString(before.Body.Span) + System.Text.Encoding.UTF8.GetString(patch.Body.Span);
            return patch.Schema == Print("s1") && before.Schema == patch.Schema && patch.Content == Print("s1" + text)
                ? new(patch with { Operation = StateOperation.Upsert, Base = 0, Body = System.Text.Encoding.UTF8.GetBytes(text) }, null)
                : new(null, $"'{text}' is not what the source has");
        }

        public Fingerprint? OwnFingerprint(StoredBody body) => Fingerprint.Of(body.Body.Span);
    }
}
