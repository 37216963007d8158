using Microsoft.Extensions.Logging.Abstractions;
using Statecast.Consuming;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Publishing.Explicit;
using Statecast.Replicas;
using Statecast.Serialization.Json;
using Statecast.Simulation.Carriers;
using Statecast.Simulation.Checks;
using Statecast.Simulation.Engine;
using Statecast.Transport;
using Statecast.Transport.InProcess;

namespace Statecast.Simulation.Source;

/// <summary>
/// The real source without a database: heads and states in memory, an epoch of its own at every start. It restarts over a log and replicas that live on, which
/// must then forget what it no longer has, and it dies with all of them (<see cref="SimInProcess.Die"/>).
/// </summary>
internal sealed class SimMemorySource : ISimSource, ISimOutbox
{
    private readonly SimWorld _world;
    private readonly SimInProcess _carrier;
    private readonly Publication<SimState> _publication = new(StateContractOf(), new());
    private readonly Action _nothing;
    private InProcessSource? _source;

    public SimMemorySource(SimWorld world, SimInProcess carrier)
    {
        (_world, _carrier, _nothing) = (world, carrier, world.Truth.Copy());
        _publication.Bind([new(SimContent.Carrier, SimContent.Destination, world.Lanes, "json")], [new JsonStateCodec()]);
    }

    public long Epoch => _source?.Epoch ?? 0;

    public ISimOutbox Outbox => this;

    public void Begin()
    {
        Start();
        PlanRepublish();
    }

    public void Write()
    {
        if (_source is null)
            return;
        for (var i = _world.Random.Between(1, 3); i > 0; i--)
            Publish(_world.PickKey(), _world.Random.Chance(0.3) ? null : _world.Random.Next(_world.ContentsInUse));
    }

    /// <summary>The component dies and comes back, and knows nothing any more; log and replicas live on. Its relay is restarted by whoever calls this.</summary>
    public void Crash()
    {
        _world.Coverage.Note(Event.MemorySourceRestarted);
        _world.Trace.Add("memory source dies", "", Epoch);
        _source = null;
        // As if it had been restored from an empty copy.
        _nothing();
    }

    /// <summary>Starts again under an epoch of its own, unless it runs.</summary>
    public void Start()
    {
        if (_source is not null)
            return;
        var source = new InProcessSource(
            "sim",
            [_publication],
            () => _carrier.Transport,
            new NoReplicas(),
            new TruthClock(_world.Truth),
            NullLogger.Instance
        )
        {
            NewEpoch = _world.Rules.NewEpoch,
        };
        source.PrepareAsync(default).AsTask().Wait();
        _source = source;
        _world.Truth.TookEpoch(source.Epoch);
        _world.Trace.Add("memory source starts", "", source.Epoch);
    }

    public void AskForRepublish() =>
        _source?.RequestRepublishAsync([RepublishRequest.All(SimContent.Contract, "asked")], default).AsTask().Wait();

    public LeaseGrant? Acquire(LeaseRequest request) => Store.AcquireAsync(request, default).AsTask().Result;

    public OutboxSnapshot Read(OutboxQuery query) => Store.ReadAsync(query, default).AsTask().Result;

    public bool Commit(OutboxCommit commit)
    {
        if (commit.GoBackFrom is { } found)
            _world.Restores.Found(found);
        return Store.CommitAsync(commit, default).AsTask().Result;
    }

    public void Release(Guid leaseId) => Store.ReleaseAsync(SimContent.Carrier, leaseId, default).AsTask().Wait();

    // It sends no event, and its words are judged by what they say.
    public bool Holds(Guid leaseId) => true;

    private IOutboxStore Store =>
        _source?.OpenOutbox() ?? throw new InvalidOperationException("The relay outlived the source that it works for.");

    private void Publish(string key, int? content)
    {
        var write = content is { } c ? StateWrite.Upsert(new SimState(key, c)) : StateWrite.Delete<SimState>(key);
        try
        {
            var (token, published) = _source!.Publish(_source.Accept(write));
            _world.Trace.Add("published", key, token?.Revision.Number ?? 0, published ? 1 : 0);
            if (published)
                Said(token!, content);
        }
        catch (TransportException refused)
        {
            throw new Violation(Checker.NothingSkipped, $"{key} was published, and the log has nothing of it: {refused.Message}");
        }
    }

    private void Said(StateToken token, int? content)
    {
        _world.Truth.Committed(token.Key, token.Revision.Number, content);
        _carrier.Published(token.Key, token.Revision);
    }

    private void PlanRepublish() =>
        _world.Scheduler.After(
            _world.Random.Seconds(0.05, 0.5),
            () =>
            {
                if (_source is { } source && source.RepublishChunkAsync(2, default).AsTask().Result.Worked)
                {
                    _world.Coverage.Note(Event.MemorySourceRepublished);
                    _carrier.NudgeTargets();
                }
                PlanRepublish();
            }
        );

    private static Contracts.StateContract<SimState> StateContractOf() =>
        (Contracts.StateContract<SimState>)Contracts.StateContract.Of<SimState>();

    private sealed class TruthClock(SourceTruth truth) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => truth.Clock;
    }

    /// <summary>The targets of a run are driven by hand.</summary>
    private sealed class NoReplicas : IReplicaDirectory
    {
        public bool IsRunning => true;

        public Subscription? SubscriptionOf(string destination) => null;

        public IReplica<TKey, TState> ReplicaOf<TKey, TState>(string destination)
            where TKey : notnull
            where TState : class => throw new NotSupportedException();
    }
}
