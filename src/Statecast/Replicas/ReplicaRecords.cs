using Statecast.Events;
using Statecast.Serialization;

namespace Statecast.Replicas;

/// <summary>What a replica is made of. A change is found at the next start by its hash.</summary>
/// <param name="Name">The replica's name: the destination, for example <c>shop.order.v1</c>.</param>
/// <param name="Indexes">The declared indexes' names.</param>
/// <param name="Handlers">The handlers' names, in the order of registration.</param>
/// <param name="Hash">Over contract, schema, indexes and their code's version.</param>
/// <param name="Retained">Whether the carrier keeps events: a file may then sync less.</param>
public sealed record ReplicaLayout(
    string Name,
    IReadOnlyList<string> Indexes,
    IReadOnlyList<string> Handlers,
    Fingerprint Hash,
    bool Retained
)
{
    /// <summary>The service whose replica it is: what its handlers have seen is nobody else's. Null where the store outlives no service.</summary>
    public string? Target { get; init; }

    /// <summary>
    /// Names of replicas that this one takes over where it is not there yet, the first that is found: those of older majors, which the service has no more.
    /// Rows, parked events and handlers' work stay, positions are forgotten.
    /// </summary>
    public IReadOnlyList<string> Predecessors { get; init; } = [];

    /// <summary>
    /// Of a destination, why its states cannot be read here, if it is an older major's that the service has no more; else it returns null. A store that outlives the
    /// process refuses to open where it would leave such a replica behind, or keeps such states. Null where there is no older major.
    /// </summary>
    public Func<string, string?>? Gap { get; init; }
}

/// <summary>What an opened store holds.</summary>
/// <param name="LayoutHash">The hash of the layout it was last written under; null for a new replica.</param>
/// <param name="WasLive">Whether the replica was Live once.</param>
/// <param name="Positions">How far each lane was applied.</param>
/// <param name="Counters">Promise 6's sums so far.</param>
/// <param name="Keys">Rows that are no tombstones.</param>
/// <param name="Parked">Parked events.</param>
/// <param name="FloorEpoch">The highest floor seen; 0 for none.</param>
public sealed record ReplicaContents(
    Fingerprint? LayoutHash,
    bool WasLive,
    IReadOnlyList<LanePosition> Positions,
    ReplicaCounters Counters,
    long Keys,
    long Parked,
    long FloorEpoch
)
{
    /// <summary>The service whose states these are, known once the replica was Live: another that publishes the same contract is an intruder. Null if not known.</summary>
    public string? Source { get; init; }

    /// <summary>
    /// Which store these rows are in: of all who open the same rows the same, of every other another. Null where nobody else can open them. A carrier whose queue
    /// is shared by a target's instances refuses one that has another store than the rest.
    /// </summary>
    public Guid? Store { get; init; }

    /// <summary>Keys whose patches wait for their base.</summary>
    public IReadOnlyList<WaitingKey> WaitingKeys { get; init; } = [];

    /// <summary>All that waits.</summary>
    public WaitingPatches Waiting => WaitingKeys.Aggregate(default(WaitingPatches), (sum, key) => sum + key.Patches);
}

/// <summary>How far a replica has applied a lane.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="Incarnation">The lane's incarnation.</param>
/// <param name="Next">The next position to read.</param>
/// <param name="Floor">The epoch below which the lane's rows were dropped: nothing older is left of it; 0 for none.</param>
public readonly record struct LanePosition(LaneId Lane, long Incarnation, long Next, long Floor = 0)
{
    /// <summary>On a queue: what was counted of the lane, as bytes that a store keeps and does not look into. Empty on a log.</summary>
    public ReadOnlyMemory<byte> Counted { get; init; }
}

/// <summary>One value of a row in one index.</summary>
/// <param name="Index">The index's name.</param>
/// <param name="Value">The value's text form.</param>
public readonly record struct IndexEntry(string Index, string Value);

/// <summary>An event that cannot be applied, kept until applied, superseded or dropped.</summary>
public sealed record ParkedEvent
{
    /// <summary>The key; for an event whose key cannot be read, <c>?</c> and its lane and position.</summary>
    public required string Key { get; init; }

    /// <summary>Why, for people.</summary>
    public required string Reason { get; init; }

    /// <summary>The envelope, if it could be read.</summary>
    public StateEvent? Event { get; init; }

    /// <summary>The bytes as received, if the envelope could not be read.</summary>
    public ReadOnlyMemory<byte> Raw { get; init; }

    /// <summary>When it was parked.</summary>
    public required DateTimeOffset ParkedAt { get; init; }
}

/// <summary>A state that a handler has not finished with: at most one per handler and key.</summary>
public sealed record PendingChange
{
    /// <summary>The handler's name.</summary>
    public required string Handler { get; init; }

    /// <summary>The text form of the key.</summary>
    public required string Key { get; init; }

    /// <summary>The state's revision.</summary>
    public required StateRevision Revision { get; init; }

    /// <summary>The newest operation.</summary>
    public required StateOperation Operation { get; init; }

    /// <summary>All causes since the handler last finished, joined.</summary>
    public string? Causes { get; init; }

    /// <summary>The newest state's body, codec and schema; null for a delete.</summary>
    public StoredBody? Current { get; init; }

    /// <summary>What the handler last finished with; null if it has never seen the key, or saw it deleted.</summary>
    public StoredBody? Previous { get; init; }

    /// <summary>When the source captured the newest state.</summary>
    public required DateTimeOffset CapturedAt { get; init; }

    /// <summary>W3C trace context of the newest state's capture.</summary>
    public string? TraceParent { get; init; }

    /// <summary>Tries so far that threw.</summary>
    public int Attempts { get; init; }

    /// <summary>The next try; null for a stalled change.</summary>
    public DateTimeOffset? NextTry { get; init; }

    /// <summary>Why the last try failed.</summary>
    public string? Reason { get; init; }
}

/// <summary>A body and what is needed to read it.</summary>
/// <param name="Codec">The codec's name.</param>
/// <param name="Schema">The schema it was written in.</param>
/// <param name="Body">The bytes.</param>
public sealed record StoredBody(string Codec, Fingerprint Schema, ReadOnlyMemory<byte> Body)
{
    /// <summary>The state itself, where it is at hand: nothing is decoded then, and the bytes may be missing.</summary>
    public object? State { get; init; }

    /// <summary>The major of the contract that it is a state of; 0 for the one that the replica reads.</summary>
    public int Major { get; init; }

    /// <summary>A row's body.</summary>
    internal static StoredBody Of(ReplicaRow row) => new(row.Codec, row.Schema, row.Body) { State = row.State, Major = row.Major };
}

/// <summary>Promise 6 at a target: received = applied + superseded + parked + waiting + dropped.</summary>
/// <param name="Received">Events that came.</param>
/// <param name="Applied">Events whose state a row took, patches too.</param>
/// <param name="Superseded">Events that a newer state made void, one of the same batch too; and patches for which there was no room to wait.</param>
/// <param name="Dropped">Parked events that an operator dropped.</param>
public readonly record struct ReplicaCounters(long Received, long Applied, long Superseded, long Dropped)
{
    /// <summary>The sums of both.</summary>
    public static ReplicaCounters operator +(ReplicaCounters left, ReplicaCounters right) =>
        new(left.Received + right.Received, left.Applied + right.Applied, left.Superseded + right.Superseded, left.Dropped + right.Dropped);
}

/// <summary>Everything that one batch writes, in one local transaction.</summary>
public sealed class ReplicaPlan
{
    /// <summary>A plan that writes nothing yet.</summary>
    public ReplicaPlan()
        : this([]) { }

    internal ReplicaPlan(List<ReplicaRow> rows) => Rows = rows;

    /// <summary>Rows to insert or replace, by key; their index entries replace the old ones.</summary>
    public List<ReplicaRow> Rows { get; }

    /// <summary>How many of <see cref="Rows"/>, the first ones, the unit has written already (<see cref="IReplicaUnit.Follow"/>); the commit writes the others.</summary>
    public int Written { get; set; }

    /// <summary>Events to park; one per key, a newer one replaces.</summary>
    public List<ParkedEvent> Park { get; } = [];

    /// <summary>Keys whose parked event is applied, superseded or dropped.</summary>
    public List<string> Unpark { get; } = [];

    /// <summary>Keys whose waiting patches are others now.</summary>
    public List<WaitingChange> Waiting { get; } = [];

    /// <summary>Patches that came and did not fit the row, each with the reason: the row was left alone.</summary>
    internal List<(StateEvent Patch, string Reason)> Misfits { get; } = [];

    /// <summary>
    /// Changes for handlers, written before the rows. Where a handler has one for the key already, the newest state replaces, causes are joined,
    /// the previous state stays, attempts start anew; else the previous state is the one given here.
    /// </summary>
    public List<PendingChange> Pending { get; } = [];

    /// <summary>
    /// Set by a store that keeps none of the rows' objects after the commit, only what they say: the rows' objects, not their bodies, are then used again for
    /// another batch. False unless set.
    /// </summary>
    public bool RowsAreCopied { get; set; }

    /// <summary>How many of the events to park the replica's contract cannot read.</summary>
    internal int Rejected { get; set; }

    /// <summary>Keys whose source lost what the replica had: under this epoch they went back to an older state, or were dropped.</summary>
    internal List<(string Key, long Epoch)> WentBack { get; } = [];

    /// <summary>New positions.</summary>
    public List<LanePosition> Positions { get; } = [];

    /// <summary>Keys that came less keys that went: a reader's running count.</summary>
    public long KeysDelta { get; set; }

    /// <summary>Forgets all positions first: a new bootstrap.</summary>
    public bool ResetPositions { get; set; }

    /// <summary>Added to the stored sums.</summary>
    public ReplicaCounters Counters { get; set; }

    /// <summary>Marks the replica as having been Live, for good.</summary>
    public bool BecameLive { get; set; }

    /// <summary>Stores whose states these are, unless that is known; null for no change.</summary>
    public string? Source { get; set; }

    /// <summary>Stores a new layout hash.</summary>
    public Fingerprint? LayoutHash { get; set; }

    /// <summary>Stores a higher floor; null for no change.</summary>
    public long? FloorEpoch { get; set; }
}

/// <summary>A replica store failed. The message says what, where and which setting or step mends it.</summary>
public class ReplicaStoreException : Exception
{
    /// <summary>A failure with its explanation.</summary>
    public ReplicaStoreException(string message)
        : base(message) { }

    /// <summary>A failure with its explanation and what caused it.</summary>
    public ReplicaStoreException(string message, Exception inner)
        : base(message, inner) { }
}
