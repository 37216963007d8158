namespace Statecast.Benchmarks.Log;

/// <summary>A target service: applies what the log brings, and tells <see cref="AppliedOrders"/> after each commit.</summary>
internal interface ITargetSide : IAsyncDisposable
{
    Task StartAsync();
}
