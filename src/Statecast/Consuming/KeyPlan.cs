using Statecast.Contracts;
using Statecast.Events;
using Statecast.Replicas;

namespace Statecast.Consuming;

/// <summary>What a batch makes of one key; used again for the next.</summary>
internal sealed class KeyPlan
{
    public string Key { get; private set; } = "";

    /// <summary>The newest of the batch's events: the one that most likely wins. Null where there is no batch.</summary>
    public StateEvent? Likely { get; private set; }

    /// <summary>What reading <see cref="Likely"/> showed; null before it was read.</summary>
    public StateInspection? Inspected { get; set; }

    public ReplicaRow? Row { get; private set; }
    public bool WasParked { get; private set; }
    public KeyNewest? Newest { get; set; }
    public ParkedEvent? Parked { get; set; }
    public bool ParkedNow { get; set; }
    public bool ParkedAfterWinner { get; set; }
    public StateEvent? Winner { get; set; }
    public IReadOnlyList<IndexEntry> Entries { get; set; } = [];

    /// <summary>The winner's state, if reading it showed the object.</summary>
    public object? State { get; set; }
    public long Superseded { get; set; }

    /// <summary>On a queue: the highest numbers among the row's and all that came.</summary>
    public NamedBy NamedBy { get; private set; }

    /// <summary>Events that the contract does not fit.</summary>
    public int Rejected { get; set; }

    /// <summary>Its patches that are not applied; null where none came and none waits.</summary>
    public KeyPatches? Patches { get; set; }

    /// <summary>Where its rows were loaded; null where there are no patches.</summary>
    public IReplicaUnit? Unit { get; set; }

    /// <summary>The state that is newest now, for a patch to be applied to.</summary>
    public StoredBody? Body =>
        Winner is { } winner
            ? new(winner.Codec, winner.Schema, winner.Body) { State = State, Major = StateContract.MajorOf(winner.Lane.Destination) }
            : Unit?.FindBody(Key);

    /// <summary>The newest accepted change, or null if only Snapshots came.</summary>
    public StateEvent? Change { get; private set; }

    /// <summary>A change that says again what a silent Snapshot wrote.</summary>
    public StateEvent? Confirms { get; private set; }

    public string? Causes { get; private set; }
    public string? SnapshotCauses { get; set; }

    /// <summary>Begins with a key, and what is known of its newest event.</summary>
    public KeyPlan Begin(string key, StateEvent? likely = null, StateInspection? inspected = null)
    {
        Key = key;
        Likely = likely;
        Inspected = inspected;
        Load(null, null);
        return this;
    }

    /// <summary>Begins the plan with what the store holds.</summary>
    public KeyPlan Load(ReplicaRow? row, ParkedEvent? parked)
    {
        Row = row;
        WasParked = parked is not null;
        Newest = row is null ? null : new(row.Revision, row.Deleted, row.Content);
        Parked = parked;
        ParkedNow = false;
        ParkedAfterWinner = false;
        Winner = null;
        Entries = [];
        State = null;
        Superseded = 0;
        NamedBy = new(0, row?.LiveNumber ?? 0, row?.OwnNumber ?? 0);
        Rejected = 0;
        Patches = null;
        Unit = null;
        Change = null;
        Confirms = null;
        Causes = null;
        SnapshotCauses = null;
        return this;
    }

    /// <summary>Notes an event's number, whatever becomes of it: it names the key (protocol section 7).</summary>
    public void Number(StateEvent said) => NamedBy = NamedBy.And(said);

    public void Announce(StateEvent change, bool confirmsSnapshot)
    {
        Change = change;
        if (confirmsSnapshot)
            Confirms = change;
        Causes = Events.Causes.Join(Causes, change.Causes);
    }

    /// <summary>Whether the winner differs from the row: a decoded state equal to the row's is no change.</summary>
    public bool Changed(IStateReader reader)
    {
        if (Winner is not { } winner)
            return false;
        if (Row is not { } row || row.Deleted != winner.IsDelete)
            return Row is not null || !winner.IsDelete;
        if (winner.IsDelete || row.Content == winner.Content)
            return false;
        return row.Schema == winner.Schema
            || reader.OwnFingerprint(StoredBody.Of(row))
                != reader.OwnFingerprint(
                    new(winner.Codec, winner.Schema, winner.Body) { State = State, Major = StateContract.MajorOf(winner.Lane.Destination) }
                );
    }
}
