using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.Hosting;

namespace Statecast.Serialization.Avro.Registry;

/// <summary>Tries what was parked for an unknown schema again, by itself, once the registry has it.</summary>
internal sealed class SchemaRecovery(
    RegisteredSchemas schemas,
    StatecastRegistration registration,
    IStatecast statecast,
    ILogger<RegisteredSchemas> logger
) : IHostedLifecycleService
{
    private readonly CancellationTokenSource _stopping = new();

    // Before any loop reads a row: its contracts' own schemas are told from others by then.
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (var replica in registration.Replicas)
            schemas.Add(replica.Reads);
        schemas.Recovered += Retry;
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        schemas.Recovered -= Retry;
        return _stopping.CancelAsync();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Retry()
    {
        foreach (var replica in registration.Replicas)
            _ = RetryAsync(replica.Reads.Destination);
    }

    private async Task RetryAsync(string replica)
    {
        try
        {
            var applied = await statecast.Parked.RetryAsync(replica, null, _stopping.Token).ConfigureAwait(false);
            if (applied > 0)
                RegistryLog.Recovered(logger, replica, applied);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The service stops; it tries again at its start.
        }
        catch (Exception e)
        {
            RegistryLog.RetryFailing(logger, e, replica);
        }
    }
}
