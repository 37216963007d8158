using Microsoft.Extensions.Time.Testing;

namespace Statecast.Tests.Hosting.Faults;

/// <summary>A clock that runs ten times as fast as the machine's: leases, deadlines and backoffs take their course without anyone waiting for them.</summary>
internal sealed class RunningClock : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    public RunningClock() => _running = Task.Run(RunAsync);

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Delay(1);
        }
    }
}
