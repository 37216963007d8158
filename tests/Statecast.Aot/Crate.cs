using System.Collections.Immutable;
using Statecast.Consuming;
using Statecast.Contracts;
using Statecast.Replicas;

namespace Statecast.Aot;

/// <summary>What the host proof publishes. Its key is a generated struct: generic code over it must be compiled ahead for just this type.</summary>
[StateContract("aot.crate")]
internal sealed partial record Crate(
    [StateKey] string Site,
    [StateKey] int Number,
    string Content,
    [Decimal(9, 3)] decimal Weight,
    ImmutableArray<string> Labels
)
{
    public static readonly StateIndex<Crate, string> ByLabel = StateIndex.OnMany<Crate, string>("label", c => c.Labels);
}

/// <summary>What the handler saw, for the proof to look at.</summary>
internal sealed class SeenChanges
{
    private readonly Lock _gate = new();
    private readonly List<string> _seen = [];

    public void Add(string change)
    {
        lock (_gate)
            _seen.Add(change);
    }

    public string InOrder()
    {
        lock (_gate)
            return string.Join("; ", _seen.Order(StringComparer.Ordinal));
    }
}

/// <summary>Made by the container for every change, with what its constructor asks for.</summary>
internal sealed class CrateHandler(SeenChanges seen) : IStateHandler<Crate>
{
    public Task HandleAsync(StateChange<Crate> change, CancellationToken ct)
    {
        seen.Add($"{change.Key} {change.Operation} {change.Current?.Content ?? "-"} ({string.Join('+', change.Causes)})");
        return Task.CompletedTask;
    }
}
