using System.Text;
using Microsoft.Extensions.Logging;
using Statecast.Consuming;
using Statecast.Contracts;
using Statecast.Replicas;
using Statecast.Replicas.InMemory;
using Statecast.Replicas.Objects;
using Statecast.Serialization;

namespace Statecast.Hosting;

/// <summary>One declared replica, with its types.</summary>
/// <param name="contract">The contract.</param>
/// <param name="store">Makes the store; null for memory, whose kind the carrier decides.</param>
/// <param name="indexes">Its indexes.</param>
/// <param name="handlers">Make its handlers' registrations.</param>
/// <param name="inMemory">Whether it is kept in memory.</param>
internal sealed class ReplicaRegistration<TKey, TState>(
    StateContract<TKey, TState> contract,
    Func<IServiceProvider, IReplicaStore>? store,
    IReadOnlyList<StateIndex<TState>> indexes,
    IReadOnlyList<Func<Func<StoredBody, TState>, ILogger, HandlerRegistration>> handlers,
    bool inMemory
) : ReplicaRegistration
    where TKey : notnull
    where TState : class
{
    public override ReplicaRuntime Create(ReplicaContext context)
    {
        if (Shared && !context.Transport.Abilities.SharesLanes)
            throw new InvalidOperationException(
                $"The replica of {contract.Destination} is shared, and the carrier '{context.Transport.Carrier}' gives every instance all lanes: leave out .Shared(), or use a carrier that shares lanes, such as Kafka."
            );
        var reader = new StateReader<TState>(contract, context.Codecs, indexes, Reads);
        var registered = handlers.Select(h => h(reader.Decode, context.Logger)).ToList();
        if (inMemory && context.Transport.Objects is null && registered.Find(h => !h.BestEffort) is { } forgetful)
            throw new InvalidOperationException(
                $"The replica of {contract.Destination} is in memory and has the handler '{forgetful.Name}', which would miss whatever it has not handled when this process ends, while the carrier '{context.Transport.Carrier}' goes on. Keep the replica in a file, such as .InSqlite(\"{context.Service}.db\"), or say that the handler may miss changes: .On<…>(bestEffort: true)."
            );
        var layout = LayoutOf(context, registered);
        var rules = ApplyRules.Default;
        // A handler, and an index that is no field's, need the state at once; without them a body is decoded by whoever reads it first.
        var onFirstUse = inMemory && !TakesObjects(context) && indexes.All(i => i.ReadsField) && handlers.Count == 0;
        long replay = 0;
        for (var i = 0; i < registered.Count; i++)
            replay |= registered[i].Replay ? 1L << i : 0;
        var subscription = new Subscription
        {
            Target = context.Service,
            Instance = Instance,
            Contract = contract,
            Reads = Reads,
            Transport = context.Transport,
            Store = StoreOf(context),
            TakesObjects = TakesObjects(context),
            Shared = Shared,
            InMemory = inMemory,
            Layout = layout,
            Reader = reader,
            Planner = new(
                layout,
                reader,
                rules,
                replay,
                onFirstUse ? reader.Peek : null,
                context.Options.Target.Waiting,
                keepsStates: TakesObjects(context) || handlers.Count > 0
            ),
            Rules = rules,
            Status = new(layout.Name, context.Clock),
            Limits = context.Options.Target.LimitsOf(inMemory),
            Beat = context.Options.LoopTimeout / 4,
        };
        var apply = new ApplyLoop(subscription, context.Logger, context.Clock, context.Entropy);
        var replica = new Replica<TKey, TState>(
            contract,
            subscription,
            new(contract, reader, subscription.Layout.Name, onFirstUse ? apply.Requests.Unreadable : null),
            indexes,
            context.Options.Target.ReadTimeout,
            context.Clock
        );
        var handling =
            registered.Count == 0
                ? null
                : new HandlerLoop(
                    subscription,
                    registered,
                    context.Options.Handlers,
                    context.Services,
                    context.Logger,
                    context.Clock,
                    context.Entropy
                );
        return new(replica, subscription, apply, handling);
    }

    private bool TakesObjects(ReplicaContext context) => store is null && context.Transport.Objects is not null;

    private IReplicaStore StoreOf(ReplicaContext context) =>
        store is not null ? store(context.Services)
        : TakesObjects(context) ? new ObjectReplicaStore()
        : new MemoryReplicaStore();

    private ReplicaLayout LayoutOf(ReplicaContext context, List<HandlerRegistration> registered)
    {
        var names = indexes.Select(i => i.Name).ToList();
        var chain = UpcastChain<TState>.Of(contract);
        // Handlers are no part of the hash: another handler changes no row. An upcaster less may leave rows that nothing reads, and entries whose texts have
        // another form are found by nobody.
        var form = names.Count == 0 ? "" : $"\n#{StateIndex.TextVersion}";
        var text =
            $"{contract.Destination}\n{contract.SchemaFingerprint}\n{string.Join('\n', names)}{form}{string.Concat(chain.Majors.Select(m => $"\n<{m}"))}";
        return new(
            Reads.Destination,
            names,
            [.. registered.Select(h => h.Name)],
            Fingerprint.Of(Encoding.UTF8.GetBytes(text)),
            context.Transport.Abilities.Retained
        )
        {
            Target = context.Service,
            Predecessors =
            [
                .. chain
                    .Majors.Where(m => m < Reads.Major)
                    .Select(m => $"{contract.Name}.v{m}")
                    .Where(name => !context.Declared.Contains(name)),
            ],
            Gap = contract.Major == 1 ? null : name => context.Declared.Contains(name) ? null : GapTo(chain, name),
        };
    }

    private string? GapTo(UpcastChain<TState> chain, string destination)
    {
        var major = StateContract.MajorOf(destination);
        return major > 0 && major < Reads.Major && destination == $"{contract.Name}.v{major}" && !chain.Reads(major)
            ? chain.Gap(major)
            : null;
    }
}
