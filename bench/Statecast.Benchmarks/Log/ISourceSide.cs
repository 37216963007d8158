using Statecast.Benchmarks.Orders;

namespace Statecast.Benchmarks.Log;

/// <summary>A source service: saves orders, and relays what was saved while its relay runs.</summary>
internal interface ISourceSide : IAsyncDisposable
{
    /// <summary>Starts the relay. It was stopped, or never ran.</summary>
    Task StartRelayAsync();

    /// <summary>Stops the relay: what is saved from now on piles up.</summary>
    Task StopRelayAsync();

    /// <summary>Saves new orders in one transaction, synced when it returns.</summary>
    Task SaveAsync(IEnumerable<Order> orders);
}
