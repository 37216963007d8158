using Statecast.Contracts;
using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Outbox;

/// <summary>
/// What the relay and the carrier say to each other for a heartbeat: where the lanes end, what lies there, then the word. When each may be asked is decided by
/// <see cref="HeartbeatCycle"/>; what the answers reveal becomes wishes to the republisher.
/// </summary>
internal sealed class HeartbeatConversation(
    RelayShard shard,
    RelayOptions options,
    RelayRules rules,
    OutboxCommits commits,
    RelaySums sums,
    RelayOutput output
)
{
    private readonly HeartbeatCycle _cycle = new(shard, options, rules);
    private readonly IReadOnlyList<LaneId> _lanes = [.. shard.Lanes];
    private bool _failing;

    /// <summary>Whether the outbox must be looked at for the next heartbeat.</summary>
    public bool WantsSnapshot(TimeSpan now) => _cycle.WantsSnapshot(now);

    /// <summary>Whether a commit must go through before the word is said.</summary>
    public bool WantsCommit => _cycle.WantsCommit;

    /// <summary>When it wants to be looked at for the passing of time.</summary>
    public TimeSpan WakeAt => _cycle.WakeAt;

    /// <summary>Whether an answer or failure belongs to what was asked last.</summary>
    public bool IsWaitingFor(long command) => _cycle.IsWaitingFor(command);

    /// <summary>Begins anew under a lease; the first word is due at once.</summary>
    public void Restart(TimeSpan now) => _cycle.Begin(now);

    /// <summary>Nothing more is said under this lease.</summary>
    public void Leave() => _cycle.Restart(TimeSpan.MaxValue);

    /// <summary>The outbox was read, for whatever reason.</summary>
    public void Observe(OutboxSnapshot snapshot, TimeSpan now) => _cycle.Observe(snapshot, now);

    /// <summary>A commit took effect.</summary>
    public void Committed(PendingCommit commit, TimeSpan now)
    {
        if (commit.Plan is not null)
            _cycle.Claimed(commit.Plan);
        _cycle.Deleted(commit.Done, now);
        if (commit.ForHeartbeat)
            _cycle.Committed();
    }

    /// <summary>A send ended: where its events stand is known, or will have to be read.</summary>
    public void SendEnded(long command) => _cycle.SendEnded(command);

    /// <summary>Says what is to be said now.</summary>
    public void Go(RelayTenure tenure, TimeSpan now)
    {
        var lanes = tenure.Hand.Lanes;
        if (_cycle.NextReadBack(lanes, now) is var (lane, end))
            _cycle.Asked(output.Give(id => new RelayCommand.ReadBack(id, lane.Id, lane.Verifier.Accounted, end)));
        if (_cycle.WantsEnds(lanes))
            _cycle.AskedEnds(output.Give(id => new RelayCommand.ReadEnds(id, _lanes)), lanes);
        if (!_cycle.WantsToSay)
            return;
        if (lanes.Values.Any(l => l.Verifier.LostFrom is not null))
        {
            // The ends were read before it went back.
            _cycle.Abandon(now);
            return;
        }
        foreach (var word in _cycle.Words(tenure.Lease, lanes))
            _cycle.Said(output.Give(id => new RelayCommand.SendHeartbeat(id, word)));
        if (_cycle.WantsToSay)
            // The carrier knew the ends of no destination as a whole.
            _cycle.Abandon(now);
    }

    /// <summary>The lanes' ends are there.</summary>
    public void EndsRead(IReadOnlyList<LaneEnd> ends, RelayHand hand, TimeSpan now)
    {
        _cycle.EndsRead(ends, hand.Lanes, hand.Window.Open, now);
        foreach (var (destination, reason) in _cycle.TakeLost())
        {
            commits.Wish(RepublishRequest.All(ContractOf(destination), reason) with { Destination = destination });
            output.Notice(RelayNotice.LogMadeAnew, destination, $"{reason}; everything is sent again");
        }
    }

    /// <summary>The records that were asked for are there.</summary>
    public void ReadBackEnded(IReadOnlyList<LogRecord> records)
    {
        const string reason = "a record of another sender lies above the key's newest";
        var (lane, end) = _cycle.ReadBackEnded();
        foreach (var key in lane.Verifier.Account(records, end, rules.NeedsMending))
        {
            commits.Wish(RepublishRequest.Of(ContractOf(lane.Id.Destination), key, lane.Id.Destination, reason));
            output.Notice(RelayNotice.ForeignRecord, lane.Id.ToString(), $"{reason}; the key is sent again");
        }
    }

    /// <summary>The word on one destination is out.</summary>
    public void HeartbeatSent(long command, TimeSpan now)
    {
        sums.HeartbeatSaid();
        if (!_cycle.HeartbeatSent(command, now) || !_failing)
            return;
        _failing = false;
        output.Notice(RelayNotice.HeartbeatRecovered, shard.Name, "heartbeats are said again");
    }

    /// <summary>What was asked last failed: tried again with the next heartbeat.</summary>
    public void Failed(string reason, TimeSpan now)
    {
        _cycle.Abandon(now);
        if (!_failing)
            output.Notice(RelayNotice.HeartbeatFailing, shard.Name, reason);
        _failing = true;
    }

    private string ContractOf(string destination) => shard.Destinations.First(d => d.Name == destination).Contract;
}
